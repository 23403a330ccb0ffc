// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/layers/layer.h"

#include <array>
#include <optional>

namespace gradwright {

/// A window that moves over rows and columns: what a convolution or a pooling reads. Of a sequence
/// the only row; of a volume one slice.
struct WindowGeometry {
    /// Along rows and along columns.
    struct Axis {
        std::int64_t input = 1;
        std::int64_t kernel = 1, stride = 1, dilation = 1;
        std::int64_t before = 0, after = 0; ///< padding
        std::int64_t output = 1;

        [[nodiscard]] std::int64_t padded() const { return before + input + after; }
        [[nodiscard]] std::int64_t span() const { return (kernel - 1) * dilation + 1; }
    };
    std::array<Axis, 2> axes;
    std::size_t dimensions = 2; ///< of the layer: 1, 2 or 3

    /// Whether the window of an output position reads a position of the padded input.
    [[nodiscard]] bool reads(std::size_t axis, std::int64_t output, std::int64_t position) const;
};

/// The geometry of a layer that slides a window over its input; nothing for other layers and where
/// the window does not fit. Without an input's shape a small one is taken.
std::optional<WindowGeometry> windowGeometry(const LayerDef& layer, const ParamValues& values,
                                             const std::optional<Shape>& input);

} // namespace gradwright
