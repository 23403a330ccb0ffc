// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/tensor.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <new>
#include <type_traits>
#include <utility>

namespace gradwright {
namespace {

/// Out of range is the nearest value that fits, and not a number is 0: a plain cast would be
/// undefined or wrap.
template <class To, class From>
To converted(From value) {
    if constexpr (std::is_floating_point_v<To>) {
        return static_cast<To>(value);
    } else if constexpr (std::is_floating_point_v<From>) {
        constexpr auto low = static_cast<double>(std::numeric_limits<To>::min());
        constexpr auto high = static_cast<double>(std::numeric_limits<To>::max());
        const auto wide = static_cast<double>(value);
        if (std::isnan(wide))
            return 0;
        if (wide >= high) // which for 64 bits is rounded up to 2^63
            return std::numeric_limits<To>::max();
        return wide <= low ? std::numeric_limits<To>::min() : static_cast<To>(wide);
    } else {
        if (std::in_range<To>(value))
            return static_cast<To>(value);
        return std::cmp_less(value, 0) ? std::numeric_limits<To>::min()
                                       : std::numeric_limits<To>::max();
    }
}

/// The elements as they are stored: truth values are bytes of 0 or 1.
template <class T>
std::span<const T> numbersOf(const Tensor& tensor) {
    return {reinterpret_cast<const T*>(tensor.bytes().data()),
            static_cast<std::size_t>(tensor.elements())};
}

template <class From, class To>
void convert(const Tensor& from, Tensor& to) {
    std::ranges::transform(numbersOf<From>(from), to.span<To>().begin(), converted<To, From>);
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
    case DType::I8:
        return convert<From, std::int8_t>(from, to);
    case DType::U8:
        return convert<From, std::uint8_t>(from, to);
    case DType::Bool:
        std::ranges::transform(numbersOf<From>(from), to.bytes().begin(),
                               [](From value) { return std::byte{value != From{0}}; });
        return;
    default:
        throw Error("tensors are not converted to {}", nameOf(to.dtype()));
    }
}

/// A number of 16 bits is kept as these, and is one of FP32 with more zeros behind it.
float fromBfloat16(std::uint16_t bits) {
    return std::bit_cast<float>(std::uint32_t{bits} << 16);
}

/// IEEE 754 binary16: 5 bits of exponent with bias 15, 10 of fraction.
float fromFloat16(std::uint16_t bits) {
    constexpr int kFractionBits = 10;
    constexpr int kBias = 15;
    constexpr int kTopExponent = 31;
    const int exponent = (bits >> kFractionBits) & kTopExponent;
    const int fraction = bits & ((1 << kFractionBits) - 1);
    float value = 0;
    if (exponent == kTopExponent)
        value = fraction == 0 ? std::numeric_limits<float>::infinity()
                              : std::numeric_limits<float>::quiet_NaN();
    else if (exponent == 0)
        value = std::ldexp(static_cast<float>(fraction), 1 - kBias - kFractionBits);
    else
        value = std::ldexp(static_cast<float>(fraction + (1 << kFractionBits)),
                           exponent - kBias - kFractionBits);
    return (bits & 0x8000U) != 0 ? -value : value;
}

/// The elements of 16 bits as FP32.
Tensor widened(const Tensor& tensor, float (*wide)(std::uint16_t)) {
    Tensor result(DType::F32, tensor.shape());
    std::ranges::transform(numbersOf<std::uint16_t>(tensor), result.span<float>().begin(), wide);
    return result;
}

AlignedBuffer allocate(DType dtype, const Shape& shape) {
    const auto bytes = static_cast<std::size_t>(shape.elements()) * sizeOf(dtype);
    try {
        return AlignedBuffer(bytes);
    } catch (const std::bad_alloc&) {
        throw Error("there is not enough memory for a tensor of shape {} ({} bytes)",
                    toString(shape), bytes);
    }
}

} // namespace

Tensor::Tensor(DType dtype, Shape shape)
    : dtype_(dtype)
    , shape_(std::move(shape))
    , elements_(shape_.elements())
    , buffer_(allocate(dtype_, shape_)) {}

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
    case DType::I8:
        convertFrom<std::int8_t>(*this, result);
        break;
    case DType::U8:
    case DType::Bool:
        convertFrom<std::uint8_t>(*this, result);
        break;
    case DType::BF16:
        return widened(*this, fromBfloat16).to(dtype);
    case DType::F16:
        return widened(*this, fromFloat16).to(dtype);
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
