// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"
#include "engine/backend/cuda/driver.h"
#include "engine/backend/cuda/kernels/loss.h"
#include "engine/backend/cuda/kernels/params.h"
#include "engine/backend/cuda/kernels/window.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <type_traits>
#include <vector>

namespace gradwright::cuda {

/// What a launch moves and computes. Bytes of `read` and `written`: those of each array that it is
/// handed, once, from the address that it is handed to the array's end.
struct LaunchCost {
    std::size_t read = 0, written = 0;
    /// Of a product: what its tiles load, from caches or memory, each the rows and columns that it
    /// covers; and what they compute, with what lies outside of the product or is zero.
    std::size_t tileBytes = 0;
    std::int64_t tileOperations = 0;
    /// Floating-point, that it takes: two a MAC; of what is no product, one for each element of its
    /// largest array, or for each step of a fused op on it.
    std::int64_t operations = 0;
    Precision format = Precision::F32; ///< what a product's operands are rounded to
};

/// How many bytes the arrays of a program have, by where they begin.
class ArrayExtents {
public:
    /// An array begins here; whatever lay there is gone.
    void set(Address begin, std::size_t bytes);
    /// Bytes from the address to the end of the array that it lies in; 0 where it lies in none.
    [[nodiscard]] std::size_t bytesFrom(Address address) const;

private:
    std::map<Address, std::size_t> bytes_;
};

/// Adds up what a launch costs by its arguments: what they point to, and the shapes of products.
class CostCount {
public:
    explicit CostCount(const ArrayExtents& extents)
        : extents_(extents) {}

    /// Pointers to constants are read, others are written; other types cost nothing.
    template <class T>
    void add(const T& argument) {
        if constexpr (std::is_pointer_v<T>)
            touch(reinterpret_cast<Address>(argument), !std::is_const_v<std::remove_pointer_t<T>>);
    }
    void add(const Operand& operand) { add(operand.data); }
    void add(const FusedProgram& program);
    void add(const SoftmaxTarget& target);
    void add(const AxisTable& axis);
    void add(const ProductShape& shape);
    void add(const ConvShape& shape);

    [[nodiscard]] LaunchCost cost() const;

private:
    void touch(Address address, bool isWritten);

    const ArrayExtents& extents_;
    std::vector<Address> seen_[2]; ///< read, written
    std::size_t bytes_[2] = {};
    std::size_t largest_ = 0;
    std::int64_t macs_ = 0, stepsOfElement_ = 1;
};

} // namespace gradwright::cuda
