// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/inference/optimized_network.h"

#include "engine/support/error.h"

#include <algorithm>
#include <utility>

namespace gradwright {
namespace {

/// Whether programs of the one can run the other with its weights.
bool areAlike(const OpGraph& a, const OpGraph& b) {
    const auto sameOp = [](const Op& first, const Op& second) {
        return first.inputs == second.inputs && first.outputs == second.outputs &&
               first.weights == second.weights && first.attributes == second.attributes;
    };
    const auto sameWeight = [](const WeightSpec& first, const WeightSpec& second) {
        return first.key == second.key && first.shape == second.shape;
    };
    return std::ranges::equal(a.ops(), b.ops(), sameOp) &&
           std::ranges::equal(a.weights(), b.weights(), sameWeight);
}

} // namespace

InferenceModel inferenceModel(OpGraph graph, const Weights& weights, DType dtype) {
    InferenceModel model{std::move(graph), {}};
    for (const auto& spec : model.graph.weights()) {
        const auto* values = weights.find(spec.key);
        if (!values)
            throw Error("the weights hold no \"{}\"; they belong to another network", spec.key);
        if (values->shape() != spec.shape)
            throw Error("the weight \"{}\" has shape {}, the network wants {}", spec.key,
                        toString(values->shape()), toString(spec.shape));
        model.weights.push_back(values->to(dtype));
    }
    return model;
}

InferenceModel firstModel(OpGraph graph, std::uint64_t seed) {
    InferenceModel model{std::move(graph), {}};
    for (const auto& spec : model.graph.weights())
        model.weights.push_back(
            initialize(spec.initializer, spec.shape, spec.fans, seed, spec.key, DType::F32));
    return model;
}

Weights weightsOf(const InferenceModel& model) {
    Weights weights;
    for (std::size_t i = 0; i < model.weights.size(); ++i)
        weights.values.emplace_back(model.graph.weights()[i].key, model.weights[i]);
    return weights;
}

OptimizedNetwork::OptimizedNetwork(OpGraph graph, const Weights& weights,
                                   const ComputeTarget& target, std::int64_t usualBatch)
    : graph_(std::move(graph))
    , target_(target)
    , usualBatch_(usualBatch) {
    setWeights(weights);
}

OptimizedNetwork::OptimizedNetwork(InferenceModel optimized, const ComputeTarget& target,
                                   std::int64_t usualBatch)
    : graph_(optimized.graph)
    , isGiven_(true)
    , target_(target)
    , usualBatch_(usualBatch) {
    run(std::move(optimized));
}

void OptimizedNetwork::setWeights(const Weights& weights) {
    if (isGiven_)
        throw Error("an optimized model keeps its weights");
    const auto dtype = target_.precision == Precision::F64 ? DType::F64 : DType::F32;
    auto model = inferenceModel(graph_, weights, dtype);
    report_ = optimize(model);
    run(std::move(model));
}

void OptimizedNetwork::run(InferenceModel model) {
    const auto left = weightsOf(model);
    if (!programs_ || !areAlike(programs_->graph(), model.graph))
        programs_.emplace(backendFor(target_), std::move(model.graph),
                          CompileOptions{.precision = target_.precision});
    program(usualBatch_);
    writeWeights(*programs_->weights(), left);
}

} // namespace gradwright
