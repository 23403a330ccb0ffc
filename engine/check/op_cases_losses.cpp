// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/check/case_builder.h"

namespace gradwright::check {
namespace {

enum class Against { Class, Shares, Values };

/// One per sample, or per step of a sequence.
ValueId classesFor(CaseBuilder& builder, const Shape& shape) {
    return builder.classIndex(shape.dims().back(), shape.rank() == 2 ? shape[0] : 1);
}

void addComparison(std::vector<OpCase>& cases, std::string name, std::int64_t batch,
                   const Shape& shape, const OpAttributes& op, Against against,
                   double scale = 1.0) {
    CaseBuilder builder(std::move(name), batch);
    const auto prediction = builder.source(shape, scale);
    const auto target = against == Against::Class    ? classesFor(builder, shape)
                        : against == Against::Shares ? builder.shares(shape)
                                                     : builder.values(shape);
    builder.objective(builder.apply(op, {prediction, target}), 1.5);
    cases.push_back(builder.output(prediction).finish());
}

} // namespace

void addComparisonCases(std::vector<OpCase>& cases) {
    const std::vector<double> weights{1, 0.5, 2, 0, 3};
    using CrossEntropy = SoftmaxCrossEntropyOp;
    addComparison(cases, "cross-entropy/smoothed", 3, {5}, CrossEntropy{.labelSmoothing = 0.1},
                  Against::Class);
    addComparison(cases, "cross-entropy/weighted", 4, {5}, CrossEntropy{.classWeights = weights},
                  Against::Class);
    addComparison(cases, "cross-entropy/shares", 3, {7}, CrossEntropy{}, Against::Shares);
    addComparison(cases, "cross-entropy/shares, smoothed, weighted", 1, {5},
                  CrossEntropy{.labelSmoothing = 0.3, .classWeights = weights}, Against::Shares);
    addComparison(cases, "cross-entropy/sequence", 3, {7, 5}, CrossEntropy{}, Against::Class);
    addComparison(cases, "cross-entropy/sequence of one", 1, {1, 5}, CrossEntropy{},
                  Against::Class);
    addComparison(cases, "cross-entropy/sequence, smoothed, weighted", 2, {3, 5},
                  CrossEntropy{.labelSmoothing = 0.2, .classWeights = weights}, Against::Class);
    addComparison(cases, "cross-entropy/sequence, shares", 2, {5, 7}, CrossEntropy{},
                  Against::Shares);
    addComparison(cases, "focal/two", 3, {5}, CrossEntropy{.focusing = 2}, Against::Class);
    addComparison(cases, "focal/a half, weighted", 3, {5},
                  CrossEntropy{.focusing = 0.5, .classWeights = weights}, Against::Class);
    addComparison(cases, "focal/sure of itself", 1, {11}, CrossEntropy{.focusing = 3},
                  Against::Class, 4.0);

    const auto elements = [&](std::string name, ElementLossKind kind, double parameter,
                              Against against) {
        const ElementLossOp op{kind, parameter};
        addComparison(cases, name + "/vector", 3, {11}, op, against);
        addComparison(cases, name + "/image", 1, {5, 7, 3}, op, against);
        addComparison(cases, name + "/one number", 1, {1}, op, against);
    };
    elements("absolute error", ElementLossKind::AbsoluteError, 1, Against::Values);
    elements("huber", ElementLossKind::Huber, 0.7, Against::Values);
    elements("binary cross-entropy", ElementLossKind::BinaryCrossEntropy, 1, Against::Shares);
    elements("binary cross-entropy, weighted", ElementLossKind::BinaryCrossEntropy, 2.5,
             Against::Shares);
    elements("kl divergence", ElementLossKind::KullbackLeibler, 1, Against::Shares);
    elements("perceptron criterion", ElementLossKind::PerceptronCriterion, 1, Against::Shares);
    addComparison(cases, "binary cross-entropy/far out", 3, {5},
                  ElementLossOp{ElementLossKind::BinaryCrossEntropy}, Against::Shares, 30.0);

    addComparison(cases, "hinge/one", 3, {10}, HingeLossOp{}, Against::Class);
    addComparison(cases, "hinge/two classes", 3, {2}, HingeLossOp{.margin = 1.7}, Against::Class);
    addComparison(cases, "hinge/squared", 3, {10}, HingeLossOp{.margin = 0.5, .squared = true},
                  Against::Class);

    addComparison(cases, "cosine/vector", 3, {11}, CosineLossOp{}, Against::Values);
    addComparison(cases, "cosine/image", 1, {3, 5, 7}, CosineLossOp{}, Against::Values);
}

} // namespace gradwright::check
