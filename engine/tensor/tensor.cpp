// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/tensor.h"

#include <algorithm>
#include <utility>

namespace gradwright {
namespace {

template <class From, class To>
void convert(const Tensor& from, Tensor& to) {
    std::ranges::transform(from.span<From>(), to.span<To>().begin(),
                           [](From value) { return static_cast<To>(value); });
}

template <class From>
void convertFrom(const Tensor& from, Tensor& to) {
    switch (to.dtype()) {
    case DType::F32:
        return convert<From, float>(from, to);
    case DType::F64:
        return convert<From, double>(from, to);
    case DType::I32:
        return convert<From, std::int32_t>(from, to);
    case DType::I64:
        return convert<From, std::int64_t>(from, to);
    case DType::U8:
        return convert<From, std::uint8_t>(from, to);
    default:
        throw Error("tensors are not converted to {}", nameOf(to.dtype()));
    }
}

std::size_t bytesOf(DType dtype, std::int64_t elements) {
    return static_cast<std::size_t>(elements) * sizeOf(dtype);
}

} // namespace

Tensor::Tensor(DType dtype, Shape shape)
    : dtype_(dtype)
    , shape_(std::move(shape))
    , elements_(shape_.elements())
    , buffer_(bytesOf(dtype_, elements_)) {}

Tensor Tensor::to(DType dtype) const {
    if (dtype == dtype_)
        return *this;
    Tensor result(dtype, shape_);
    switch (dtype_) {
    case DType::F32:
        convertFrom<float>(*this, result);
        break;
    case DType::F64:
        convertFrom<double>(*this, result);
        break;
    case DType::I32:
        convertFrom<std::int32_t>(*this, result);
        break;
    case DType::I64:
        convertFrom<std::int64_t>(*this, result);
        break;
    case DType::U8:
        convertFrom<std::uint8_t>(*this, result);
        break;
    default:
        throw Error("tensors are not converted from {}", nameOf(dtype_));
    }
    return result;
}

Tensor Tensor::reshaped(Shape shape) const {
    if (shape.elements() != elements_)
        throw Error("a tensor of shape {} cannot become {}", toString(shape_), toString(shape));
    Tensor result = *this;
    result.shape_ = std::move(shape);
    return result;
}

bool Tensor::operator==(const Tensor& other) const {
    return dtype_ == other.dtype_ && shape_ == other.shape_ &&
           std::ranges::equal(bytes(), other.bytes());
}

void Tensor::requireType(DType wanted) const {
    if (dtype_ != wanted)
        throw Error("a tensor of {} is read as {}", nameOf(dtype_), nameOf(wanted));
}

} // namespace gradwright
