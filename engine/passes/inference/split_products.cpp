// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/inference/split_products.h"

#include <utility>
#include <vector>

namespace gradwright {
namespace {

struct ProductStep {
    OpAttributes attributes;
    std::vector<ValueId> further{}; ///< what it reads beside the result of the step before
};

std::vector<ProductStep> stepsOf(const Op& op, const FusedProductOp& fused) {
    std::vector<ProductStep> steps;
    steps.push_back(
        {std::visit([](const auto& product) { return OpAttributes(product); }, fused.product)});
    if (fused.adds)
        steps.push_back({AddOp{}, {op.inputs[1]}});
    if (fused.activation.kind != ActivationKind::Identity)
        steps.push_back({ActivationOp{fused.activation}});
    return steps;
}

} // namespace

void splitProducts(OpGraph& graph) {
    for (std::size_t place = 0; place < graph.ops().size(); ++place) {
        const auto op = graph.ops()[place];
        const auto* fused = std::get_if<FusedProductOp>(&op.attributes);
        if (!fused)
            continue;
        const auto steps = stepsOf(op, *fused);
        // Merged siblings have their names in `parts`, too, but none of them is the end of a chain.
        const bool isChain = fused->parts.size() == steps.size() && fused->parts.back() == op.path;
        std::vector<ValueId> inputs{op.inputs[0]};
        auto weights = op.weights;
        for (std::size_t i = 0; i < steps.size(); ++i) {
            const auto& [attributes, further] = steps[i];
            inputs.insert(inputs.end(), further.begin(), further.end());
            if (i + 1 == steps.size()) {
                graph.replace(place, attributes, inputs, weights);
            } else {
                inputs = graph.insert(place++, attributes, inputs,
                                      isChain ? fused->parts[i] : op.path, weights);
                weights.clear();
            }
        }
    }
}

} // namespace gradwright
