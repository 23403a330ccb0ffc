// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace gradwright {

/// The dimensions of a tensor. In networks and op graphs the batch is left out; images are C×H×W,
/// sequences T×F.
class Shape {
public:
    Shape() = default;
    Shape(std::initializer_list<std::int64_t> dims)
        : dims_(dims) {}
    explicit Shape(std::vector<std::int64_t> dims)
        : dims_(std::move(dims)) {}

    [[nodiscard]] std::size_t rank() const { return dims_.size(); }
    [[nodiscard]] std::int64_t operator[](std::size_t axis) const { return dims_[axis]; }
    [[nodiscard]] std::int64_t& operator[](std::size_t axis) { return dims_[axis]; }
    [[nodiscard]] const std::vector<std::int64_t>& dims() const { return dims_; }
    [[nodiscard]] auto begin() const { return dims_.begin(); }
    [[nodiscard]] auto end() const { return dims_.end(); }

    /// The product of all dimensions, 1 for rank 0. Throws Error for a negative dimension and
    /// above 2^45, which is more than a process can address as F32.
    [[nodiscard]] std::int64_t elements() const;
    /// This shape with a batch dimension in front.
    [[nodiscard]] Shape withBatch(std::int64_t batch) const;

    bool operator==(const Shape&) const = default;

private:
    std::vector<std::int64_t> dims_;
};

/// "6×28×28"; "scalar" for rank 0.
std::string toString(const Shape& shape);

} // namespace gradwright
