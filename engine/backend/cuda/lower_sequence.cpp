// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/axes.h"
#include "engine/backend/cuda/kernels/element.h"
#include "engine/backend/cuda/kernels/product.h"
#include "engine/backend/cuda/kernels/sequence.h"
#include "engine/backend/cuda/launches.h"
#include "engine/backend/cuda/lower.h"

#include <algorithm>

namespace gradwright::cuda {
namespace {

constexpr std::int64_t kMostEntryBlocks = 1 << 16;

EmbeddingShape embeddingShape(const Lowering& lowering, const EmbeddingOp& op) {
    EmbeddingShape shape;
    shape.numbers = count32(lowering.inputShape().elements());
    shape.vocabulary = count32(op.vocabulary);
    shape.dimensions = count32(op.dimensions);
    return shape;
}

} // namespace

void lower(Lowering& lowering, const EmbeddingOp& op) {
    const auto shape = embeddingShape(lowering, op);
    lowering.launch(kernel::lookUp, Lowering::forElements(shape.numbers * shape.dimensions),
                    lowering.input(), lowering.weight(), lowering.output(), shape);
}

void lowerGradient(GradientLowering& lowering, const EmbeddingOp& op) {
    auto* table = lowering.weightGradient();
    if (!table)
        return;
    const auto shape = embeddingShape(lowering, op);
    auto* counts = lowering.scratch<std::uint32_t>(shape.vocabulary);
    auto* firsts = lowering.scratch<std::uint32_t>(shape.vocabulary);
    lowering.launch(kernel::clearEntries, Lowering::forElements(shape.vocabulary), counts, firsts,
                    shape);
    lowering.launch(kernel::countEntries, Lowering::forElements(shape.numbers), lowering.input(),
                    counts, firsts, shape);
    const auto threads = threadsFor(op.dimensions);
    lowering.launch(kernel::sumEntries,
                    {{count32(std::min(op.vocabulary, kMostEntryBlocks)),
                      (shape.dimensions + threads - 1) / threads},
                     {threads}},
                    lowering.input(), lowering.outputGradient(), counts, firsts, table, shape);
}

void lower(Lowering& lowering, const PositionOp& op) {
    const auto out = lowering.outputShape();
    const auto sinusoidsOf = [&] {
        const auto values = sinusoids(out[1], out[2]);
        return lowering.table(std::vector<float>(values.begin(), values.end()));
    };
    const float* table = op.learned ? lowering.weight() : sinusoidsOf();
    const ElementLoop loop(out, {stridesOf(out), broadcastStrides(Shape{out[1], out[2]}, out)});
    lowering.launch(kernel::binary, Lowering::forElements(loop.axes().elements),
                    loop.operand(0, lowering.input()), loop.operand(1, table), lowering.output(),
                    loop.axes(),
                    ScaledFunction{static_cast<std::int32_t>(BinaryKind::Add), 1, 0, 0, 0});
}

void lowerGradient(GradientLowering& lowering, const PositionOp& op) {
    const auto out = lowering.outputShape();
    if (auto* gradient = lowering.inputGradient())
        copyElements(lowering, lowering.outputGradient(), gradient,
                     static_cast<std::size_t>(out.elements()));
    if (auto* table = op.learned ? lowering.weightGradient() : nullptr) {
        const auto size = static_cast<std::uint64_t>(out[1] * out[2]);
        lowering.launch(kernel::addParts, Lowering::forElements(size), lowering.outputGradient(),
                        table, size, count32(out[0]));
    }
}

} // namespace gradwright::cuda
