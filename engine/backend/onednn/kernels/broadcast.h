// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op.h"

#include <array>

namespace gradwright::onednn {

inline constexpr std::size_t kMostBroadcast = 3; ///< inputs of one op

/// The loops over an output and how far each input moves with each of them: 0 where it is repeated.
class BroadcastLoops {
public:
    BroadcastLoops(const Shape& output, const std::vector<Shape>& inputs);

    [[nodiscard]] std::size_t rows() const { return rows_; }
    [[nodiscard]] std::size_t rowLength() const { return rowLength_; }
    [[nodiscard]] std::size_t inputs() const { return strides_.size(); }
    /// Where the input's elements for a row begin.
    [[nodiscard]] std::size_t offset(std::size_t input, std::size_t row) const;
    /// Whether one element of the input is for a whole row.
    [[nodiscard]] bool isRepeated(std::size_t input) const { return steps_[input] == 0; }

private:
    std::vector<std::size_t> lengths_; ///< without the innermost
    std::vector<std::vector<std::size_t>> strides_;
    std::vector<std::size_t> steps_; ///< how far each input moves in the innermost loop
    std::size_t rows_ = 1, rowLength_ = 1;
};

using BroadcastInputs = std::array<const float*, kMostBroadcast>;

/// The operators of engine/ops/elementwise.h, with truth values and integers as numbers.
void applyUnary(const UnaryOp& op, float* out, const float* in, std::size_t size);
void applyBinary(const BinaryOp& op, const BroadcastLoops& loops, float* out,
                 const BroadcastInputs& in);
void applyCompare(const CompareOp& op, const BroadcastLoops& loops, float* out,
                  const BroadcastInputs& in);
void applyLogic(const LogicOp& op, const BroadcastLoops& loops, float* out,
                const BroadcastInputs& in);
void applyWhere(const BroadcastLoops& loops, float* out, const BroadcastInputs& in);
void applyExpand(const BroadcastLoops& loops, float* out, const BroadcastInputs& in);
void applyCast(DType from, DType to, float* out, const float* in, std::size_t size);
void toNumbers(float* out, const std::int32_t* in, std::size_t size);

} // namespace gradwright::onednn
