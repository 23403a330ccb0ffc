// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/keras/keras_import.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <algorithm>
#include <utility>

namespace gradwright {
namespace {

/// The axis of ours that is this one there, without the batch.
std::int64_t ourAxis(std::int64_t axis, std::size_t rank) {
    const auto last = static_cast<std::int64_t>(rank) - 1;
    return rank <= 2 ? axis : axis == last ? 0 : axis + 1;
}

/// Whether the elements of an image lie in another order there.
bool isReordered(const Shape& image) {
    return image.rank() > 2 && image[0] > 1 && image.elements() > image[0];
}

/// Channels to the end, or to the front.
IntTuple turned(std::size_t rank, bool toEnd) {
    IntTuple axes;
    for (std::size_t axis = 0; axis < rank; ++axis)
        axes.push_back(static_cast<std::int64_t>((toEnd ? axis + 1 : axis + rank - 1) % rank));
    return axes;
}

/// The elements in Keras's order under another shape, which is Keras's, too.
KerasValue reshaped(KerasLayers& layers, const KerasUse& use, const KerasValue& value,
                    IntTuple shape) {
    auto x = layers.inOrder(use, value);
    if (isReordered(x.shape))
        x = layers.add(use, "permute", {{"axes", turned(x.shape.rank(), true)}}, x);
    auto ours = shape;
    if (ours.size() > 2)
        std::rotate(ours.begin(), ours.end() - 1, ours.end());
    if (!isReordered(Shape(ours)))
        return layers.add(use, "reshape", {{"shape", ours}}, x);
    return layers.add(use, "permute", {{"axes", turned(shape.size(), false)}},
                      layers.add(use, "reshape", {{"shape", shape}}, x));
}

KerasValue makeFlatten(KerasLayers& layers, const KerasUse& use) {
    const auto& x = use.input();
    if (x.shape.rank() < 2)
        return x;
    if (use.settings().text("data_format", "channels_last") != "channels_last")
        throw Error("its images have the channels first");
    auto made = layers.add(use, "flatten", {}, x);
    if (isReordered(x.shape))
        made.laidOut = x.shape;
    return made;
}

KerasValue makeReshape(KerasLayers& layers, const KerasUse& use) {
    auto shape = use.settings().integers("target_shape");
    const auto elements = use.input().shape.elements();
    const auto open = std::ranges::find(shape, -1);
    if (open != shape.end()) {
        *open = 1;
        const auto rest = Shape(shape).elements();
        *open = rest > 0 ? elements / rest : 0;
    }
    if (std::ranges::any_of(shape, [](std::int64_t length) { return length < 1; }) ||
        Shape(shape).elements() != elements)
        throw Error("its shape is {}, and its input has {} elements",
                    dumpExcerpt(use.settings().at("target_shape")), elements);
    return reshaped(layers, use, use.input(), shape);
}

KerasValue makePermute(KerasLayers& layers, const KerasUse& use) {
    const auto x = layers.inOrder(use, use.input());
    const auto dims = use.settings().integers("dims");
    const auto rank = x.shape.rank();
    if (dims.size() != rank || std::ranges::any_of(dims, [&](std::int64_t axis) {
            return axis < 1 || std::cmp_greater(axis, rank);
        }))
        throw Error("its axes are {}", dumpExcerpt(use.settings().at("dims")));
    IntTuple axes(rank);
    for (std::size_t axis = 0; axis < rank; ++axis)
        axes[static_cast<std::size_t>(ourAxis(static_cast<std::int64_t>(axis), rank))] =
            ourAxis(dims[axis] - 1, rank);
    return layers.add(use, "permute", {{"axes", axes}}, x);
}

/// Before and after along each axis.
IntTuple sidesOf(const KerasUse& use, std::string_view key, std::size_t axes) {
    const auto values = use.settings().reals(key);
    IntTuple sides;
    constexpr double kMostSide = 1 << 20;
    for (const auto value : values) {
        if (!(value >= 0 && value <= kMostSide))
            throw Error("its {} is {}", key, dumpExcerpt(use.settings().at(key)));
        sides.push_back(static_cast<std::int64_t>(value));
    }
    if (sides.size() == 1)
        return IntTuple(2 * axes, sides[0]);
    if (sides.size() == 2 && axes == 2) // the same on both sides
        return {sides[0], sides[0], sides[1], sides[1]};
    if (sides.size() != 2 * axes)
        throw Error("its {} is {}", key, dumpExcerpt(use.settings().at(key)));
    return sides;
}

KerasValue padOrCrop(KerasLayers& layers, const KerasUse& use, const char* layer, const char* key) {
    requireChannelsLast(use);
    const auto& shape = use.input().shape;
    if (shape.rank() == 3)
        return layers.add(use, layer, {{"sides", sidesOf(use, key, 2)}}, use.input());
    if (shape.rank() != 2)
        throw Error("its input is {}", toString(shape));
    // A sequence is an image of one channel.
    auto sides = sidesOf(use, key, 1);
    sides.insert(sides.end(), {0, 0});
    const auto image =
        layers.add(use, "reshape", {{"shape", IntTuple{1, shape[0], shape[1]}}}, use.input());
    const auto made = layers.add(use, layer, {{"sides", sides}}, image);
    return layers.add(use, "reshape", {{"shape", IntTuple{made.shape[1], made.shape[2]}}}, made);
}

KerasValue makePadding(KerasLayers& layers, const KerasUse& use) {
    return padOrCrop(layers, use, "pad", "padding");
}

KerasValue makeCropping(KerasLayers& layers, const KerasUse& use) {
    return padOrCrop(layers, use, "crop", "cropping");
}

KerasValue makeUpsampling(KerasLayers& layers, const KerasUse& use) {
    requireChannelsLast(use);
    auto factor = use.settings().integers("size");
    if (factor.size() == 1)
        factor.resize(2, factor[0]);
    const auto mode = use.settings().text("interpolation", "nearest");
    if (mode != "nearest" && mode != "bilinear")
        throw Error("it fills in by \"{}\"", mode);
    return layers.add(use, "upsample", {{"factor", factor}, {"mode", mode}}, use.input());
}

KerasValue makeUpsampling1d(KerasLayers& layers, const KerasUse& use) {
    const auto& shape = use.input().shape;
    if (shape.rank() != 2)
        throw Error("its input is {}", toString(shape));
    const auto image =
        layers.add(use, "reshape", {{"shape", IntTuple{1, shape[0], shape[1]}}}, use.input());
    const auto made = layers.add(
        use, "upsample", {{"factor", IntTuple{use.settings().integer("size", 2), 1}}}, image);
    return layers.add(use, "reshape", {{"shape", IntTuple{made.shape[1], made.shape[2]}}}, made);
}

// Merges

std::vector<KerasValue> orderedInputs(KerasLayers& layers, const KerasUse& use) {
    std::vector<KerasValue> inputs;
    for (const auto& each : use.inputs)
        inputs.push_back(layers.inOrder(use, each));
    return inputs;
}

KerasValue makeSum(KerasLayers& layers, const KerasUse& use) {
    const auto inputs = orderedInputs(layers, use);
    const bool isAlike = std::ranges::all_of(
        inputs, [&](const KerasValue& each) { return each.shape == inputs[0].shape; });
    if (isAlike || inputs.size() > 4)
        return layers.add(use, "add", {}, inputs);
    constexpr const char* kSums[] = {"x", "x", "x + y", "x + y + z", "x + y + z + w"};
    return layers.add(
        use, "formula",
        {{"formula", std::string(kSums[inputs.size()])}, {"parameters", std::string()}}, inputs);
}

KerasValue makeMerge(KerasLayers& layers, const KerasUse& use) {
    auto layer = use.layer.kind;
    layer[0] = static_cast<char>(layer[0] - 'A' + 'a');
    return layers.add(use, layer, {}, orderedInputs(layers, use));
}

KerasValue makeConcatenation(KerasLayers& layers, const KerasUse& use) {
    const auto inputs = orderedInputs(layers, use);
    if (inputs.empty())
        throw Error("it has no inputs");
    const auto rank = static_cast<std::int64_t>(inputs[0].shape.rank());
    const auto axis = use.settings().integer("axis", -1);
    const auto counted = axis < 0 ? axis + rank : axis - 1;
    if (counted < 0 || counted >= rank)
        throw Error("its axis is {}", axis);
    return layers.add(use, "concatenate", {{"axis", ourAxis(counted, inputs[0].shape.rank())}},
                      inputs);
}

} // namespace

void requireChannelsLast(const KerasUse& use) {
    if (use.settings().text("data_format", "channels_last") != "channels_last")
        throw Error("its images have the channels first (data_format), and should have them last");
}

std::vector<std::int64_t> kerasShape(const Shape& shape) {
    auto dims = shape.dims();
    if (dims.size() > 2)
        std::rotate(dims.begin(), dims.begin() + 1, dims.end());
    return dims;
}

Tensor axesMoved(const Tensor& tensor, const std::vector<std::size_t>& axes) {
    const auto& from = tensor.shape();
    std::vector<std::int64_t> strides(from.rank(), 1);
    for (auto axis = from.rank(); axis-- > 1;)
        strides[axis - 1] = strides[axis] * from[axis];
    std::vector<std::int64_t> dims;
    std::vector<std::int64_t> steps;
    for (const auto axis : axes) {
        dims.push_back(from[axis]);
        steps.push_back(strides[axis]);
    }
    Tensor made(DType::F32, Shape(dims));
    const auto source = tensor.span<float>();
    std::vector<std::int64_t> at(dims.size(), 0);
    std::int64_t offset = 0;
    for (auto& value : made.span<float>()) {
        value = source[static_cast<std::size_t>(offset)];
        for (auto axis = dims.size(); axis-- > 0;) {
            offset += steps[axis];
            if (++at[axis] < dims[axis])
                break;
            offset -= steps[axis] * dims[axis];
            at[axis] = 0;
        }
    }
    return made;
}

const KerasTranslations& kerasShapeTranslations() {
    static const KerasTranslations all = {
        {"Flatten", makeFlatten},        {"Reshape", makeReshape},
        {"Permute", makePermute},        {"ZeroPadding1D", makePadding},
        {"ZeroPadding2D", makePadding},  {"Cropping1D", makeCropping},
        {"Cropping2D", makeCropping},    {"UpSampling1D", makeUpsampling1d},
        {"UpSampling2D", makeUpsampling}};
    return all;
}

const KerasTranslations& kerasMergeTranslations() {
    static const KerasTranslations all = {{"Add", makeSum},
                                          {"Subtract", makeMerge},
                                          {"Multiply", makeMerge},
                                          {"Average", makeMerge},
                                          {"Maximum", makeMerge},
                                          {"Minimum", makeMerge},
                                          {"Concatenate", makeConcatenation}};
    return all;
}

} // namespace gradwright
