// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspector/window_geometry.h"

#include "engine/layers/window.h"

#include <algorithm>

namespace gradwright {

namespace {

constexpr std::int64_t kSampleChannels = 64;
constexpr std::int64_t kSamplePositions = 8;

/// An input that such a layer takes, large enough for two windows.
Shape sampleInput(const Params& params) {
    const auto& kernel = params.tuple("kernel");
    const auto& stride = params.tuple("stride");
    std::int64_t positions = kSamplePositions;
    for (std::size_t axis = 0; axis < kernel.size(); ++axis) {
        const auto dilation = params.has("dilation") ? params.tuple("dilation")[axis] : 1;
        positions = std::max(positions, (kernel[axis] - 1) * dilation + 1 + stride[axis]);
    }
    const auto channels =
        params.has("groups") ? params.integer("groups") * kSampleChannels : kSampleChannels;
    return layers::withPositions(channels,
                                 Shape(std::vector<std::int64_t>(kernel.size(), positions)));
}

} // namespace

bool WindowGeometry::reads(std::size_t axis, std::int64_t output, std::int64_t position) const {
    const Axis& along = axes.at(axis);
    const std::int64_t offset = position - output * along.stride;
    return offset >= 0 && offset < along.span() && offset % along.dilation == 0;
}

std::optional<WindowGeometry> windowGeometry(const LayerDef& layer, const ParamValues& values,
                                             const std::optional<Shape>& input) {
    const Params params(layer.params, values);
    for (const char* const key : {"kernel", "stride", "padding"})
        if (!params.has(key))
            return {};
    const std::size_t dimensions = params.tuple("kernel").size();
    if (dimensions < 1 || dimensions > 3 || !validate(layer.params, values).empty())
        return {};
    const Shape shape = input ? *input : sampleInput(params);
    if (shape.rank() != dimensions + 1)
        return {};
    const Shape positions = layers::positionsOf(shape);
    const Inferred moved = layers::inferWindow(params, positions);
    const std::array inputs = {shape};
    const Inferred whole = layer.infer({params, inputs});
    const auto* const out = std::get_if<Shape>(&moved);
    const auto* const result = std::get_if<Shape>(&whole);
    // A layer that uses the same parameters otherwise, as a transposed convolution does, gives
    // another shape.
    if (out == nullptr || result == nullptr || layers::positionsOf(*result) != *out)
        return {};
    const layers::Window window = layers::windowOf(params, positions);
    WindowGeometry geometry;
    geometry.dimensions = dimensions;
    for (std::size_t drawn = dimensions == 1 ? 1 : 0; drawn < 2; ++drawn) {
        const std::size_t axis = dimensions - 2 + drawn; // the last two; wraps for one dimension
        geometry.axes.at(drawn) = {
            positions[axis],       window.kernel[axis],         window.stride[axis],
            window.dilation[axis], window.padding.before(axis), window.padding.after(axis),
            (*out)[axis]};
    }
    return geometry;
}

} // namespace gradwright
