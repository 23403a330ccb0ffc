// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/layers/layer.h"

// What several layers declare in the same way.

namespace gradwright::layers {

/// "activation" and, for leaky ReLU, "slope".
ParamSpecs activationParams();
Activation activationOf(const Params& params);
/// Appends the op of the "activation" parameter, none for identity.
ValueId lowerActivation(LowerContext& context, ValueId value);

/// "initializer" and "initializer_range"; "auto" picks He for the ReLU family, else Xavier.
ParamSpecs initializerParams();
Initializer initializerOf(const Params& params, const Activation& activation);

/// "kernel" and "stride" of a 2-D window.
ParamSpecs windowParams(Extent2d kernel, Extent2d stride);
/// "padding" (valid, same, explicit) and "padding_sides" (top, bottom, left, right).
ParamSpecs paddingParams();

struct Window {
    Extent2d kernel, stride, dilation;
    Padding2d padding;
};

/// Reads kernel, stride, padding and, where declared, dilation. "same" pads so that the output is
/// ceil(input / stride), the odd row below and the odd column to the right (ONNX SAME_UPPER).
Window windowOf(const Params& params, const Shape& image, bool dilated);

/// The output shape of a window over an image with that many channels, or the problem.
Inferred inferWindow(std::string_view title, const InferContext& context, std::int64_t channels,
                     bool dilated);

/// A problem unless the input is an image C×H×W.
std::optional<LayerProblem> requireImage(std::string_view title, const Shape& input);

Extent2d extentOf(const IntTuple& tuple);

ParamSpecs joined(std::initializer_list<ParamSpecs> parts);

} // namespace gradwright::layers
