// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/op.h"
#include "engine/support/error.h"

#include <cmath>

namespace gradwright {
namespace {

/// The place of an index that lies outside 0 … in - 1, or nothing for zeros.
std::optional<std::int64_t> placeOf(std::int64_t index, std::int64_t in, Border border) {
    if (index >= 0 && index < in)
        return index;
    if (border == Border::Zero)
        return {};
    if (border == Border::Replicate)
        return std::clamp<std::int64_t>(index, 0, in - 1);
    return index < 0 ? -index : 2 * (in - 1) - index;
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

Shape broadcastShape(std::span<const Shape> shapes) {
    Shape joint;
    for (const auto& shape : shapes)
        if (shape.rank() > joint.rank())
            joint = Shape(std::vector<std::int64_t>(shape.rank(), 1));
    for (const auto& shape : shapes)
        for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
            if (joint[axis] == 1)
                joint[axis] = shape[axis];
            else if (shape[axis] != 1 && shape[axis] != joint[axis]) {
                std::string received;
                for (const auto& each : shapes)
                    received += (received.empty() ? "" : ", ") + toString(each);
                throw Error("combine: shapes must agree where none of them is 1; received {}",
                            received);
            }
        }
    return joint;
}

std::vector<double> sinusoids(std::int64_t steps, std::int64_t features) {
    std::vector<double> table;
    table.reserve(static_cast<std::size_t>(steps * features));
    for (std::int64_t t = 0; t < steps; ++t)
        for (std::int64_t i = 0; i < features; ++i) {
            const double exponent = static_cast<double>(i / 2 * 2) / static_cast<double>(features);
            const double angle = static_cast<double>(t) / std::pow(10000.0, exponent);
            table.push_back(i % 2 == 0 ? std::sin(angle) : std::cos(angle));
        }
    return table;
}

std::int64_t gatesOf(CellKind cell) {
    return cell == CellKind::Simple ? 1 : cell == CellKind::Lstm ? 4 : 3;
}

} // namespace gradwright
