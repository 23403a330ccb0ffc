// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/value_type.h"

#include "engine/ops/integers.h"
#include "engine/support/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <limits>

namespace gradwright {

Dim Dim::named(std::string_view name) {
    Dim dim(1);
    dim.names_.emplace_back(name);
    return dim;
}

std::int64_t Dim::number() const {
    if (!isNumber())
        throw Error("the length {} is a name; a number is needed", toString(*this));
    return factor_;
}

std::optional<Dim> Dim::dividedBy(const Dim& other) const {
    const bool overflows =
        other.factor_ == -1 && factor_ == std::numeric_limits<std::int64_t>::min();
    if (other.factor_ == 0 || overflows || factor_ % other.factor_ != 0 ||
        !std::ranges::includes(names_, other.names_))
        return {};
    Dim quotient(factor_ / other.factor_);
    std::ranges::set_difference(names_, other.names_, std::back_inserter(quotient.names_));
    return quotient;
}

Dim Dim::bound(const Lengths& lengths) const {
    Dim result(factor_);
    for (const auto& name : names_) {
        const auto found = lengths.find(name);
        result = result * (found == lengths.end() ? named(name) : Dim(found->second));
    }
    return result;
}

std::int64_t Dim::lengthFor(const Lengths& lengths) const {
    const auto result = bound(lengths);
    if (!result.isNumber())
        throw Error("no number is given for the length {}", toString(result));
    return result.factor_;
}

bool Dim::has(std::string_view name) const {
    return std::ranges::find(names_, name) != names_.end();
}

Dim operator*(const Dim& a, const Dim& b) {
    Dim product(Shape{a.factor_, b.factor_}.elements()); // refuses what overflows
    product.names_ = a.names_;
    product.names_.insert(product.names_.end(), b.names_.begin(), b.names_.end());
    std::ranges::sort(product.names_);
    return product;
}

std::string toString(const Dim& dim) {
    if (dim.isNumber())
        return fmt::format("{}", dim.factor_);
    const auto names = fmt::format("{}", fmt::join(dim.names_, "·"));
    return dim.factor_ == 1 ? names : fmt::format("{}·{}", dim.factor_, names);
}

Dims Dims::of(const Shape& shape) {
    return Dims(std::vector<Dim>(shape.begin(), shape.end()));
}

Dims Dims::perSample(const Shape& sample) {
    std::vector<Dim> dims{Dim::batch()};
    dims.insert(dims.end(), sample.begin(), sample.end());
    return Dims(std::move(dims));
}

Dim Dims::product() const {
    Dim product(1);
    for (const auto& dim : dims_)
        product = product * dim;
    return product;
}

Shape Dims::shapeFor(const Lengths& lengths) const {
    std::vector<std::int64_t> numbers;
    for (const auto& dim : dims_)
        numbers.push_back(dim.lengthFor(lengths));
    return Shape(std::move(numbers));
}

Dims Dims::bound(const Lengths& lengths) const {
    Dims result = *this;
    for (auto& dim : result.dims_)
        dim = dim.bound(lengths);
    return result;
}

std::string toString(const Dims& dims) {
    std::string text;
    for (const auto& dim : dims)
        text += (text.empty() ? "" : "×") + toString(dim);
    return text.empty() ? "scalar" : text;
}

ValueType ValueType::of(Dims dims, DType dtype) {
    ValueType type;
    type.dims = std::move(dims);
    type.element = dtype;
    return type;
}

bool ValueType::isReal() const {
    return isRealType(element);
}

bool ValueType::isPerSample() const {
    return dims.rank() > 0 && dims[0] == Dim::batch() &&
           std::ranges::all_of(dims.begin() + 1, dims.end(), &Dim::isNumber);
}

Shape ValueType::sample() const {
    if (!isPerSample())
        throw Error("a value {} has no batch in front of numbers", toString(dims));
    std::vector<std::int64_t> lengths;
    for (std::size_t axis = 1; axis < dims.rank(); ++axis)
        lengths.push_back(dims[axis].number());
    return Shape(std::move(lengths));
}

std::int64_t ValueType::elementsPerSample() const {
    return dims.product().factor();
}

Shape ValueType::shapeFor(std::int64_t batch) const {
    return dims.shapeFor({{std::string(kBatchName), batch}});
}

} // namespace gradwright
