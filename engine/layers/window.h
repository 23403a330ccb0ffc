// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/layers/channels.h"

#include <optional>

// Windows that move over the steps of a sequence (1 axis), the rows and columns of an image (2) or
// the slices, rows and columns of a volume (3).

namespace gradwright::layers {

struct Window {
    std::size_t axes = 2;
    Extents kernel, stride, dilation;
    Padding padding;
    Padding overhang{}; ///< further places that the last window reaches when sizes are rounded up

    /// Padding and overhang.
    [[nodiscard]] Padding reach() const;
    [[nodiscard]] bool isEven() const; ///< pads alike on both sides
};

/// "kernel" and "stride", with a number for each axis.
ParamSpecs windowParams(IntTuple kernel, IntTuple stride);
/// "padding" (valid, same, explicit) and "padding_sides" (before and after each axis).
ParamSpecs paddingParams(std::size_t axes);
ParamSpec dilationParam(std::size_t axes);

/// A problem unless the input has that many axes of positions.
std::optional<LayerProblem> requireAxes(std::string_view title, const Shape& input,
                                        std::size_t axes);
/// Steps, rows and columns, or slices, rows and columns.
Shape positionsOf(const Shape& input);
/// A value with those channels: T×F for one axis, else C×positions.
Shape withPositions(std::int64_t channels, const Shape& positions);

/// Reads kernel, stride, padding and, where declared, dilation and ceil_mode. "same" pads so that
/// the output is ceil(input / stride), the odd one after (ONNX SAME_UPPER).
Window windowOf(const Params& params, const Shape& positions);
/// The positions of the output, or the problem.
Inferred inferWindow(const Params& params, const Shape& positions);

/// "2×3": of the first axes.
std::string pathOf(const Extents& extents, std::size_t axes);
/// What PyTorch takes as padding where both sides are alike.
std::string evenPadding(const Window& window);
/// A sequence with its features where PyTorch wants them, and the result back; else `x` itself.
std::string torchTurned(std::size_t axes, const std::string& x);

} // namespace gradwright::layers
