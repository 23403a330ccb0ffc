// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/aligned_buffer.h"
#include "engine/tensor/dtype.h"
#include "engine/tensor/shape.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>

namespace gradwright {

/// A dense array in row-major order (NCHW for images), owning its memory. A value: copies are deep.
class Tensor {
public:
    Tensor() = default;
    /// All elements zero. Throws Error when there is not enough memory.
    Tensor(DType dtype, Shape shape);

    template <class T>
    static Tensor of(Shape shape, std::span<const T> values) {
        Tensor tensor(dtypeOf<T>(), std::move(shape));
        const auto target = tensor.span<T>();
        if (target.size() != values.size())
            throw Error("{} values do not fill a tensor of shape {}", values.size(),
                        toString(tensor.shape()));
        std::copy(values.begin(), values.end(), target.begin());
        return tensor;
    }

    [[nodiscard]] DType dtype() const { return dtype_; }
    [[nodiscard]] const Shape& shape() const { return shape_; }
    [[nodiscard]] std::int64_t elements() const { return elements_; }
    [[nodiscard]] std::span<std::byte> bytes() { return buffer_.bytes(); }
    [[nodiscard]] std::span<const std::byte> bytes() const { return buffer_.bytes(); }

    /// The elements. Throws Error when the dtype is another.
    template <class T>
    [[nodiscard]] std::span<T> span() {
        requireType(dtypeOf<T>());
        return {reinterpret_cast<T*>(buffer_.data()), static_cast<std::size_t>(elements_)};
    }
    template <class T>
    [[nodiscard]] std::span<const T> span() const {
        requireType(dtypeOf<T>());
        return {reinterpret_cast<const T*>(buffer_.data()), static_cast<std::size_t>(elements_)};
    }

    /// The same values as another type, from any to F32, F64, I32, I64, I8, U8 and Bool. Towards
    /// integers, fractions are cut off, what is out of range becomes the nearest limit and NaN 0. A
    /// truth value is whether the number is not 0, and a number 0 or 1.
    [[nodiscard]] Tensor to(DType dtype) const;
    /// The same elements under another shape with as many of them.
    [[nodiscard]] Tensor reshaped(Shape shape) const;

    /// Equal dtype, shape and bytes.
    bool operator==(const Tensor& other) const;

private:
    void requireType(DType wanted) const;

    DType dtype_ = DType::F32;
    Shape shape_ = {0};
    std::int64_t elements_ = 0;
    AlignedBuffer buffer_;
};

} // namespace gradwright
