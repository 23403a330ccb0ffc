// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/onnx_model.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace gradwright {

/// A value that no sample changes: a weight, a constant, or lengths of axes.
struct FoldedValue {
    std::shared_ptr<const Tensor> tensor;
    /// Elements (of I64) that count per sample: the value is theirs times the batch. Empty: none.
    std::vector<bool> perSample{};
    /// One of its axes is the batch, along which it is the same; the tensor has it once.
    bool isPerBatch = false;

    [[nodiscard]] bool isPerSample(std::size_t element) const {
        return element < perSample.size() && perSample[element];
    }
    [[nodiscard]] bool dependsOnBatch() const;
    [[nodiscard]] const Shape& shape() const { return tensor->shape(); }
    /// Its elements as numbers, a single one as the shortest that it can be. Throws Error where
    /// they depend on the batch.
    [[nodiscard]] std::vector<double> numbers() const;
    [[nodiscard]] std::vector<std::int64_t> integers() const;
};

/// How much memory constants may take that a file computes instead of holding.
struct FoldBudget {
    std::int64_t elements = std::int64_t{1} << 28; ///< in all
    /// Takes so many. Throws Error when there are not so many left.
    void take(std::int64_t wanted);
};

/// Lengths of which one may be the batch, which is then 1. Throws Error where an axis would be the
/// batch several times over.
Shape shapeOnce(const FoldedValue& lengths);

FoldedValue foldedIntegers(std::vector<std::int64_t> values, Shape shape);

/// What a node makes of constants alone, in the order of its outputs; nothing for an operator that
/// is not folded. Inputs that are left out are null. Throws Error for values that do not fit, for
/// what depends on the batch in another way than as a factor, and beyond the budget.
std::optional<std::vector<FoldedValue>> foldNode(const OnnxNode& node, std::int64_t opset,
                                                 std::span<const FoldedValue* const> inputs,
                                                 FoldBudget& budget);

/// The axes that a node names, from an attribute or, since some operator set, an input; counted
/// from 0 and in the order given. Nothing where it names none.
std::optional<std::vector<std::int64_t>> axesOfNode(const OnnxNode& node, const FoldedValue* input,
                                                    std::size_t rank);
/// `axis`, which may count from the back. Throws Error when there is none.
std::size_t axisOf(std::int64_t axis, std::size_t rank);

/// One axis of a Slice, within its length.
struct SliceRange {
    std::size_t axis = 0;
    std::int64_t begin = 0, step = 1, length = 0; ///< length: of what is taken
};
std::vector<SliceRange> slicesOf(const OnnxNode& node, std::int64_t opset,
                                 std::span<const FoldedValue* const> inputs,
                                 std::span<const std::int64_t> dims);

using FoldedOutputs = std::vector<FoldedValue>;

/// The same by the ops that compute values, for constants of up to 65,536 elements. Nothing where
/// no ops compute the node, where what it makes depends on the batch, and where whole numbers are
/// not exact in FP32.
std::optional<FoldedOutputs> foldByEngine(const OnnxNode& node, std::int64_t opset,
                                          std::span<const FoldedValue* const> inputs);

// By family: nothing for another operator.
std::optional<std::vector<FoldedValue>> foldArithmetic(const OnnxNode& node,
                                                       std::span<const FoldedValue* const> inputs,
                                                       FoldBudget& budget);
std::optional<std::vector<FoldedValue>>
foldFunction(const OnnxNode& node, std::span<const FoldedValue* const> inputs, FoldBudget& budget);
std::optional<FoldedOutputs> foldDequantization(const OnnxNode& node,
                                                std::span<const FoldedValue* const> inputs,
                                                FoldBudget& budget);
std::optional<std::vector<FoldedValue>> foldMovement(const OnnxNode& node, std::int64_t opset,
                                                     std::span<const FoldedValue* const> inputs,
                                                     FoldBudget& budget);

} // namespace gradwright
