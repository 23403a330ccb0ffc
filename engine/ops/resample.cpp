// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/resample.h"

#include "engine/ops/checks.h"
#include "engine/ops/gradient.h"

#include <algorithm>
#include <optional>

namespace gradwright {

using namespace checks;

namespace {

/// The place of an index that lies outside 0 … in - 1, or nothing for the constant.
std::optional<std::int64_t> placeOf(std::int64_t index, std::int64_t in, Border border) {
    if (index >= 0 && index < in)
        return index;
    if (border == Border::Constant)
        return {};
    if (border == Border::Replicate)
        return std::clamp<std::int64_t>(index, 0, in - 1);
    return index < 0 ? -index : 2 * (in - 1) - index;
}

std::int64_t mappedLength(const AxisMap& map, std::int64_t in, InputTypes inputs) {
    requirePositive({map.size}, "resample", "sizes are 1 or more", inputs);
    require(map.step != 0, "resample", "a step leads somewhere", inputs);
    if (map.kind != AxisMap::Kind::Shift || map.border != Border::Reflect)
        return map.size;
    const auto last = map.first + (map.size - 1) * map.step;
    const auto [low, high] = std::minmax(map.first, last);
    require(-low <= in - 1 && high - (in - 1) <= in - 1, "resample",
            "a reflection must be smaller than what it mirrors", inputs);
    return map.size;
}

} // namespace

AxisTerms termsOf(const AxisMap& map, std::int64_t in) {
    AxisTerms terms;
    const auto add = [&](std::int64_t index, double weight) {
        terms.index.push_back(index);
        terms.weight.push_back(weight);
    };
    const auto size = map.kind == AxisMap::Kind::Keep ? in : map.size;
    for (std::int64_t i = 0; i < size; ++i) {
        terms.begin.push_back(terms.index.size());
        switch (map.kind) {
        case AxisMap::Kind::Keep:
            add(i, 1.0);
            break;
        case AxisMap::Kind::Shift:
            if (const auto place = placeOf(map.first + i * map.step, in, map.border))
                add(*place, 1.0);
            break;
        case AxisMap::Kind::Nearest:
            add(i * in / size, 1.0);
            break;
        case AxisMap::Kind::Linear: {
            const auto ratio = static_cast<double>(in) / static_cast<double>(size);
            const double place = std::max((static_cast<double>(i) + 0.5) * ratio - 0.5, 0.0);
            const auto low = std::min(static_cast<std::int64_t>(place), in - 1);
            const auto high = std::min(low + 1, in - 1);
            const double share = place - static_cast<double>(low);
            add(low, high == low ? 1.0 : 1.0 - share);
            if (high != low && share > 0)
                add(high, share);
            break;
        }
        case AxisMap::Kind::Mean: {
            const auto first = i * in / size;
            const auto end = ((i + 1) * in + size - 1) / size;
            for (auto index = first; index < end; ++index)
                add(index, 1.0 / static_cast<double>(end - first));
            break;
        }
        }
    }
    terms.begin.push_back(terms.index.size());
    return terms;
}

ResampleOp ResampleOp::ofSample(std::vector<AxisMap> axes) {
    axes.insert(axes.begin(), AxisMap{});
    return {std::move(axes)};
}
std::string_view ResampleOp::name() const {
    return "resample";
}
Types ResampleOp::outputs(InputTypes inputs) const {
    requireInputs(1, name(), inputs);
    requireReal(name(), inputs);
    auto dims = inputs[0].dims;
    require(axes.size() == dims.rank(), name(), "says what becomes of every axis", inputs);
    for (std::size_t axis = 0; axis < dims.rank(); ++axis)
        if (axes[axis].kind != AxisMap::Kind::Keep)
            dims[axis] = mappedLength(axes[axis], dims[axis].number(), inputs);
    return {ValueType::of(std::move(dims))};
}
std::vector<Shape> ResampleOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t ResampleOp::macs(InputTypes /*inputs*/) const {
    return 0;
}

void ResampleOp::gradient(GradientContext& context) const {
    context.giveFused({});
}

} // namespace gradwright
