// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/kernels/loss.h"
#include "engine/backend/cuda/lower.h"

namespace gradwright::cuda {
namespace {

/// A block for each sample.
Launch forSamples(const Lowering& lowering) {
    return {{static_cast<unsigned>(lowering.batch())}, {kBlockThreads}};
}

std::uint32_t elementsOf(const Lowering& lowering) {
    return static_cast<std::uint32_t>(lowering.inputShape(0).elements() / lowering.batch());
}

LossRows rowsOf(const Lowering& lowering) {
    const auto shape = lowering.inputShape(0);
    const auto length = static_cast<std::uint32_t>(shape[shape.rank() - 1]);
    return {elementsOf(lowering) / length, length};
}

SoftmaxTarget targetOf(Lowering& lowering, const SoftmaxCrossEntropyOp& op) {
    SoftmaxTarget target;
    if (lowering.graph().type(lowering.op().inputs[1]).element == DType::I32)
        target.classes = lowering.indices(1);
    else
        target.probabilities = lowering.input(1);
    target.smoothing = static_cast<float>(op.labelSmoothing);
    target.focusing = static_cast<float>(op.focusing);
    if (!op.classWeights.empty())
        target.classWeights =
            lowering.table(std::vector<float>(op.classWeights.begin(), op.classWeights.end()));
    return target;
}

ElementLossFunction functionOf(const Lowering& lowering, const ElementLossOp& op) {
    const bool isSum = op.kind == ElementLossKind::KullbackLeibler ||
                       op.kind == ElementLossKind::PerceptronCriterion;
    return {static_cast<std::int32_t>(op.kind), static_cast<float>(op.parameter),
            isSum ? 1.0F : static_cast<float>(elementsOf(lowering))};
}

} // namespace

void lower(Lowering& lowering, const SoftmaxCrossEntropyOp& op) {
    const auto rows = rowsOf(lowering);
    float* logSums = nullptr;
    if (lowering.isTraining())
        logSums = lowering.makeState<float>(static_cast<std::size_t>(lowering.batch()) * rows.rows);
    lowering.launch(kernel::softmaxCrossEntropy, forSamples(lowering), lowering.input(0),
                    targetOf(lowering, op), logSums, lowering.output(), rows);
}

void lowerGradient(GradientLowering& lowering, const SoftmaxCrossEntropyOp& op) {
    if (auto* gradient = lowering.inputGradient(0))
        lowering.launch(kernel::softmaxCrossEntropyBack, forSamples(lowering), lowering.input(0),
                        targetOf(lowering, op), lowering.state<float>(), lowering.outputGradient(),
                        gradient, rowsOf(lowering));
}

void lower(Lowering& lowering, const MeanSquaredErrorOp& /*op*/) {
    lowering.launch(kernel::squaredError, forSamples(lowering), lowering.input(0),
                    lowering.input(1), lowering.output(), elementsOf(lowering));
}

void lowerGradient(GradientLowering& lowering, const MeanSquaredErrorOp& /*op*/) {
    lowering.launch(kernel::squaredErrorBack, forSamples(lowering), lowering.input(0),
                    lowering.input(1), lowering.outputGradient(), lowering.inputGradient(0),
                    lowering.inputGradient(1), elementsOf(lowering));
}

void lower(Lowering& lowering, const ElementLossOp& op) {
    lowering.launch(kernel::elementLoss, forSamples(lowering), lowering.input(0), lowering.input(1),
                    lowering.output(), elementsOf(lowering), functionOf(lowering, op));
}

void lowerGradient(GradientLowering& lowering, const ElementLossOp& op) {
    if (auto* gradient = lowering.inputGradient(0))
        lowering.launch(kernel::elementLossBack, forSamples(lowering), lowering.input(0),
                        lowering.input(1), lowering.outputGradient(), gradient,
                        elementsOf(lowering), functionOf(lowering, op));
}

void lower(Lowering& lowering, const HingeLossOp& op) {
    lowering.launch(kernel::hinge, forSamples(lowering), lowering.input(0), lowering.indices(1),
                    lowering.output(), elementsOf(lowering), static_cast<float>(op.margin),
                    op.squared ? 1 : 0);
}

void lowerGradient(GradientLowering& lowering, const HingeLossOp& op) {
    if (auto* gradient = lowering.inputGradient(0))
        lowering.launch(kernel::hingeBack, forSamples(lowering), lowering.input(0),
                        lowering.indices(1), lowering.outputGradient(), gradient,
                        elementsOf(lowering), static_cast<float>(op.margin), op.squared ? 1 : 0);
}

void lower(Lowering& lowering, const CosineLossOp& /*op*/) {
    lowering.launch(kernel::cosine, forSamples(lowering), lowering.input(0), lowering.input(1),
                    lowering.output(), elementsOf(lowering));
}

void lowerGradient(GradientLowering& lowering, const CosineLossOp& /*op*/) {
    if (auto* gradient = lowering.inputGradient(0))
        lowering.launch(kernel::cosineBack, forSamples(lowering), lowering.input(0),
                        lowering.input(1), lowering.outputGradient(), gradient,
                        elementsOf(lowering));
}

void lower(Lowering& lowering, const OneHotOp& op) {
    const auto size = static_cast<std::uint64_t>(lowering.outputShape().elements());
    lowering.launch(kernel::oneHot, Lowering::forElements(size), lowering.indices(0),
                    lowering.output(), size, static_cast<std::uint32_t>(op.classes));
}

} // namespace gradwright::cuda
