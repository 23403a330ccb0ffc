// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/reference/kernel.h"

namespace gradwright::reference {

/// Which element of an input belongs to an element of a shape that it is broadcast to.
class Broadcast {
public:
    Broadcast(const Shape& from, const Shape& to)
        : to_(to)
        , strides_(to.rank()) {
        std::int64_t stride = 1;
        for (auto axis = from.rank(); axis-- > 0;) {
            if (from[axis] != 1)
                strides_[axis + to.rank() - from.rank()] = stride;
            stride *= from[axis];
        }
    }

    [[nodiscard]] std::size_t operator()(std::size_t element) const {
        auto rest = static_cast<std::int64_t>(element);
        std::int64_t place = 0;
        for (auto axis = to_.rank(); axis-- > 0;) {
            place += rest % to_[axis] * strides_[axis];
            rest /= to_[axis];
        }
        return static_cast<std::size_t>(place);
    }

private:
    Shape to_;
    std::vector<std::int64_t> strides_;
};

/// An array seen along one axis: [outer, length, inner].
struct Lanes {
    Lanes(const Shape& shape, std::int64_t axis) {
        const auto rank = static_cast<std::int64_t>(shape.rank());
        const auto along = static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
        length = static_cast<std::size_t>(shape[along]);
        for (auto after = along + 1; after < shape.rank(); ++after)
            inner *= static_cast<std::size_t>(shape[after]);
        outer = static_cast<std::size_t>(shape.elements()) / (length * inner);
    }
    [[nodiscard]] std::size_t element(std::size_t o, std::size_t at, std::size_t i) const {
        return (o * length + at) * inner + i;
    }

    std::size_t outer = 1, length = 1, inner = 1;
};

} // namespace gradwright::reference
