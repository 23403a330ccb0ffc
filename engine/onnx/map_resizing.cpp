// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/onnx/node_builder.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace gradwright {
namespace {

using B = NodeBuilder;

constexpr std::int64_t kMostLength = 8192; ///< of a resized axis

/// How an axis is resized.
struct AxisResize {
    std::int64_t in = 1, out = 1;
    double scale = 1;          ///< output / input
    double begin = 0, end = 1; ///< of the region, for tf_crop_and_resize
};

/// Where an element of the output lies in the input, by the standard's formulas.
double placeOf(const std::string& mode, const AxisResize& axis, std::int64_t at) {
    const auto x = static_cast<double>(at);
    const auto in = static_cast<double>(axis.in);
    const auto out = static_cast<double>(axis.out);
    if (mode == "half_pixel")
        return (x + 0.5) / axis.scale - 0.5;
    if (mode == "pytorch_half_pixel")
        return axis.out > 1 ? (x + 0.5) / axis.scale - 0.5 : 0;
    if (mode == "half_pixel_symmetric") {
        // The output's true length is in · scale.
        const auto adjustment = out / (axis.scale * in);
        return in / 2 * (1 - adjustment) + (x + 0.5) / axis.scale - 0.5;
    }
    if (mode == "align_corners")
        return axis.out > 1 ? x * (in - 1) / (out - 1) : 0;
    if (mode == "asymmetric")
        return x / axis.scale;
    if (mode == "tf_crop_and_resize")
        return axis.out > 1
                   ? axis.begin * (in - 1) + x * (axis.end - axis.begin) * (in - 1) / (out - 1)
                   : 0.5 * (axis.begin + axis.end) * (in - 1);
    throw Error("it resizes by \"{}\", which is not computed", mode);
}

std::int64_t nearestTo(const std::string& mode, double place) {
    if (mode == "round_prefer_floor")
        return static_cast<std::int64_t>(std::ceil(place - 0.5));
    if (mode == "round_prefer_ceil")
        return static_cast<std::int64_t>(std::floor(place + 0.5));
    if (mode == "floor")
        return static_cast<std::int64_t>(std::floor(place));
    if (mode == "ceil")
        return static_cast<std::int64_t>(std::ceil(place));
    throw Error("it takes the nearest by \"{}\", which is not computed", mode);
}

double linearKernel(double distance) {
    return std::clamp(1 - std::abs(distance), 0.0, 1.0);
}

/// Keys 1981, with the standard's coefficient.
double cubicKernel(double distance, double a) {
    const auto x = std::abs(distance);
    if (x <= 1)
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

struct Interpolation {
    std::function<double(double)> kernel;
    double reach = 1; ///< of the kernel to each side
    bool isAntialiased = false;
    bool excludesOutside = false;
};

/// [in, out]: how much each element of the input adds to each of the output.
Tensor matrixOf(const AxisResize& axis, const std::string& mode, const Interpolation& by,
                std::vector<bool>& isOutside) {
    Tensor matrix(DType::F32, {axis.in, axis.out});
    const auto stretch = by.isAntialiased ? std::min(axis.scale, 1.0) : 1.0;
    const auto first = static_cast<std::int64_t>(std::floor(-by.reach / stretch)) + 1;
    const auto last =
        static_cast<std::int64_t>(2 * by.reach) - static_cast<std::int64_t>(by.reach) - first;
    for (std::int64_t at = 0; at < axis.out; ++at) {
        const auto place = placeOf(mode, axis, at);
        if (mode == "tf_crop_and_resize")
            isOutside[static_cast<std::size_t>(at)] =
                place < 0 || place > static_cast<double>(axis.in - 1);
        const auto base = static_cast<std::int64_t>(std::ceil(place)) - 1;
        const auto ratio = place - static_cast<double>(base);
        std::vector<std::pair<std::int64_t, double>> terms;
        double sum = 0;
        for (auto i = first; i <= last; ++i) {
            const auto index = base + i;
            const bool isInside = index >= 0 && index < axis.in;
            if (by.excludesOutside && !isInside)
                continue;
            const auto weight = by.kernel((static_cast<double>(i) - ratio) * stretch);
            sum += weight;
            terms.emplace_back(std::clamp<std::int64_t>(index, 0, axis.in - 1), weight);
        }
        for (const auto& [index, weight] : terms)
            matrix.span<float>()[static_cast<std::size_t>(index * axis.out + at)] +=
                static_cast<float>(weight / sum);
    }
    return matrix;
}

ValueId resizedAxis(B& b, ValueId x, std::size_t place, const AxisResize& axis) {
    const auto& node = b.node();
    const auto mode = node.text("mode", "nearest");
    const bool isOld = b.opset() < 11; // Upsample, and the first Resize
    const auto transform =
        isOld ? "asymmetric" : node.text("coordinate_transformation_mode", "half_pixel");
    std::vector<bool> isOutside(static_cast<std::size_t>(axis.out));
    ValueId made;
    if (mode == "nearest") {
        const auto way = isOld ? "floor" : node.text("nearest_mode", "round_prefer_floor");
        Tensor indices(DType::I64, {axis.out});
        for (std::int64_t i = 0; i < axis.out; ++i) {
            const auto from = placeOf(transform, axis, i);
            if (transform == "tf_crop_and_resize")
                isOutside[static_cast<std::size_t>(i)] =
                    from < 0 || from > static_cast<double>(axis.in - 1);
            indices.span<std::int64_t>()[static_cast<std::size_t>(i)] =
                std::clamp<std::int64_t>(nearestTo(way, from), 0, axis.in - 1);
        }
        made =
            b.op(GatherOp{static_cast<std::int64_t>(place)}, {x, b.constant(std::move(indices))});
    } else if (mode == "linear" || mode == "cubic") {
        const auto a = node.real("cubic_coeff_a", -0.75);
        const bool isLinear = mode == "linear";
        const Interpolation by{isLinear ? std::function<double(double)>(linearKernel)
                                        : [a](double distance) { return cubicKernel(distance, a); },
                               isLinear ? 1.0 : 2.0, node.integer("antialias", 0) != 0,
                               node.integer("exclude_outside", 0) != 0};
        made = b.times(x, matrixOf(axis, transform, by, isOutside), place);
    } else {
        throw Error("it resizes by \"{}\", which is not computed", mode);
    }
    if (std::ranges::find(isOutside, true) == isOutside.end())
        return made;
    Tensor mask(DType::Bool, {axis.out});
    for (std::size_t i = 0; i < isOutside.size(); ++i)
        mask.bytes()[i] = static_cast<std::byte>(isOutside[i] ? 1 : 0);
    std::vector<Dim> dims(b.dimsOf(made).rank(), Dim(1));
    dims[place] = axis.out;
    return b.where(b.reshape(b.constant(std::move(mask)), Dims(std::move(dims))),
                   b.scalar(node.real("extrapolation_value", 0)), made);
}

/// Inputs: x, then (region, scales, sizes) or, of older ones, scales.
void resize(B& b) {
    const auto& node = b.node();
    const auto dims = b.dims(0);
    const std::size_t scalesAt = b.opset() >= 11 ? 2 : 1;
    std::vector<std::size_t> axes;
    for (const auto axis : node.integers("axes"))
        axes.push_back(B::axisOf(axis, dims.rank()));
    if (axes.empty()) {
        axes.resize(dims.rank());
        std::iota(axes.begin(), axes.end(), 0);
    }
    std::vector<double> scales = node.reals("scales");
    if (scales.empty() && b.has(scalesAt))
        scales = b.numbers(scalesAt, "scales");
    std::vector<std::int64_t> sizes;
    if (scales.empty() && scalesAt == 2 && b.has(3))
        sizes = b.integers(3, "sizes");
    if (std::max(scales.size(), sizes.size()) != axes.size())
        throw Error("it has {} scales for {} axes", std::max(scales.size(), sizes.size()),
                    axes.size());
    std::vector<double> region;
    if (node.text("coordinate_transformation_mode", "") == "tf_crop_and_resize")
        region = b.numbers(1, "region");
    const auto policy = node.text("keep_aspect_ratio_policy", "stretch");
    std::optional<double> common;
    if (!sizes.empty() && policy != "stretch")
        for (std::size_t i = 0; i < axes.size(); ++i) {
            const auto scale =
                static_cast<double>(sizes[i]) / static_cast<double>(dims[axes[i]].number());
            common = !common                  ? scale
                     : policy == "not_larger" ? std::min(*common, scale)
                                              : std::max(*common, scale);
        }
    const auto type = b.type(0);
    auto x = b.real(0);
    for (std::size_t i = 0; i < axes.size(); ++i) {
        const auto place = axes[i];
        if (!scales.empty() ? scales[i] == 1 && region.empty()
                            : dims[place] == Dim(sizes[i]) && !common && region.empty())
            continue;
        if (!dims[place].isNumber())
            throw Error("it resizes axis {} of {}", place, toString(dims));
        AxisResize axis{dims[place].number()};
        if (!scales.empty()) {
            axis.scale = scales[i];
            axis.out =
                static_cast<std::int64_t>(std::floor(static_cast<double>(axis.in) * axis.scale));
        } else if (common) {
            axis.scale = *common;
            axis.out = static_cast<std::int64_t>(
                std::floor(static_cast<double>(axis.in) * axis.scale + 0.5));
        } else {
            axis.out = sizes[i];
            axis.scale = static_cast<double>(axis.out) / static_cast<double>(axis.in);
        }
        if (axis.out > kMostLength || axis.in > kMostLength)
            throw Error("it makes axis {} {} long of {}; up to {} are computed", place, axis.out,
                        axis.in, kMostLength);
        if (axis.out < 1 || axis.in < 1)
            throw Error("it makes axis {} {} long", place, axis.out);
        if (!region.empty()) {
            axis.begin = region.at(i);
            axis.end = region.at(i + axes.size());
        }
        x = resizedAxis(b, x, place, axis);
    }
    b.give(b.cast(x, type));
}

} // namespace

const OnnxMappings& onnxResizing() {
    static const OnnxMappings all = {{"Resize", resize}, {"Upsample", resize}};
    return all;
}

} // namespace gradwright
