// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/shape.h"

#include "engine/support/error.h"

#include <fmt/ranges.h>

namespace gradwright {

std::int64_t Shape::elements() const {
    constexpr std::int64_t limit = std::int64_t{1} << 45;
    std::int64_t product = 1;
    for (const auto dim : dims_) {
        if (dim < 0 || (dim > 0 && product > limit / dim))
            throw Error("a tensor of shape {} cannot be held in memory", toString(*this));
        product *= dim;
    }
    return product;
}

Shape Shape::withBatch(std::int64_t batch) const {
    std::vector<std::int64_t> dims;
    dims.reserve(dims_.size() + 1);
    dims.push_back(batch);
    dims.insert(dims.end(), dims_.begin(), dims_.end());
    return Shape(std::move(dims));
}

std::string toString(const Shape& shape) {
    if (shape.rank() == 0)
        return "scalar";
    return fmt::format("{}", fmt::join(shape.dims(), "×"));
}

} // namespace gradwright
