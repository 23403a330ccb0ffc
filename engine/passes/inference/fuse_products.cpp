// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/inference/inference_model.h"

namespace gradwright {
namespace {

/// The op as a fused product, where it can take in what follows it.
std::optional<FusedProductOp> open(const Op& op) {
    if (const auto* conv = std::get_if<ConvOp>(&op.attributes))
        return FusedProductOp{.product = *conv, .parts = {op.path}};
    if (const auto* dense = std::get_if<DenseOp>(&op.attributes))
        return FusedProductOp{.product = *dense, .parts = {op.path}};
    const auto* fused = std::get_if<FusedProductOp>(&op.attributes);
    if (fused && fused->activation.kind == ActivationKind::Identity)
        return *fused;
    return {};
}

class ProductFuser {
public:
    ProductFuser(InferenceModel& model, std::vector<Merge>& merges)
        : graph_(model.graph)
        , merges_(merges) {}

    void run() {
        for (std::size_t i = 0; i < graph_.ops().size(); ++i) {
            const auto op = graph_.ops()[i];
            if (const auto* activation = std::get_if<ActivationOp>(&op.attributes))
                takeActivation(i, op, activation->activation);
            else if (std::holds_alternative<AddOp>(op.attributes))
                takeSum(i, op);
        }
    }

private:
    /// The op that makes the value, where nothing else reads that.
    [[nodiscard]] const Op* soleProducer(ValueId value) const {
        if (graph_.isResult(value) || graph_.usesOf(value).size() != 1)
            return nullptr;
        return graph_.producerOf(value);
    }

    void finish(std::size_t place, FusedProductOp fused, const Op& end, std::vector<ValueId> inputs,
                std::vector<WeightId> weights) {
        fused.parts.push_back(end.path);
        merges_.push_back({fused.parts});
        graph_.replace(place, std::move(fused), std::move(inputs), std::move(weights));
    }

    void takeActivation(std::size_t place, const Op& op, const Activation& activation) {
        const auto* producer = soleProducer(op.inputs[0]);
        auto fused = producer ? open(*producer) : std::nullopt;
        if (!fused)
            return;
        fused->activation = activation;
        finish(place, std::move(*fused), op, producer->inputs, producer->weights);
    }

    /// Of two products the one that comes later, since the other one is done by then.
    void takeSum(std::size_t place, const Op& op) {
        if (op.inputs.size() != 2 || op.inputs[0] == op.inputs[1])
            return;
        std::optional<std::size_t> best;
        std::size_t latest = 0;
        for (std::size_t i = 0; i < 2; ++i) {
            const auto* producer = soleProducer(op.inputs[i]);
            const auto fused = producer ? open(*producer) : std::nullopt;
            if (!fused || fused->adds)
                continue;
            const auto at = *graph_.placeOf(producer->id);
            if (!best || at > latest) {
                best = i;
                latest = at;
            }
        }
        if (!best)
            return;
        const auto producer = *graph_.producerOf(op.inputs[*best]);
        auto fused = *open(producer);
        fused.adds = true;
        auto inputs = producer.inputs;
        inputs.push_back(op.inputs[1 - *best]);
        finish(place, std::move(fused), op, std::move(inputs), producer.weights);
    }

    OpGraph& graph_;
    std::vector<Merge>& merges_;
};

} // namespace

/// A convolution or dense layer takes in the sum with a shortcut and the activation behind it: what
/// they read and write stays in registers.
void fuseProducts(InferenceModel& model, std::vector<Merge>& merges) {
    ProductFuser(model, merges).run();
}

} // namespace gradwright
