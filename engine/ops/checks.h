// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/value_type.h"
#include "engine/support/error.h"

namespace gradwright::checks {

/// Throws Error with the op, the rule and the received shapes.
void require(bool holds, std::string_view op, std::string_view rule, InputTypes inputs);
void requireInputs(std::size_t count, std::string_view op, InputTypes inputs);
void requireReal(std::string_view op, InputTypes inputs);
void requirePositive(std::initializer_list<std::int64_t> sizes, std::string_view op,
                     std::string_view rule, InputTypes inputs);
/// The sizes of one sample of an op that takes one real value of a batch.
Shape requireSample(std::string_view op, InputTypes inputs);
/// The same of a sequence, steps × features.
Shape requireSequence(std::string_view op, InputTypes inputs);
/// The type of the only input, of real numbers.
ValueType sameAsInput(std::string_view op, InputTypes inputs);
/// The axis, counted from the back where it is negative.
std::size_t requireAxis(std::int64_t axis, std::size_t rank, std::string_view op,
                        InputTypes inputs);

/// A product of dimensions: Shape refuses one that overflows.
inline std::int64_t product(std::initializer_list<std::int64_t> factors) {
    return Shape(factors).elements();
}

} // namespace gradwright::checks
