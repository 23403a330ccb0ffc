// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/inference/inference_model.h"

#include <algorithm>

namespace gradwright {
namespace {

bool isRandom(const OpAttributes& attributes) {
    return std::holds_alternative<DropoutOp>(attributes) ||
           std::holds_alternative<GaussianNoiseOp>(attributes);
}

bool haveEqualWeights(const InferenceModel& model, const Op& a, const Op& b) {
    return std::ranges::equal(a.weights, b.weights, [&](WeightId first, WeightId second) {
        return first == second || model.of(first) == model.of(second);
    });
}

bool areEqual(const InferenceModel& model, const Op& a, const Op& b) {
    return a.inputs == b.inputs && a.attributes == b.attributes && haveEqualWeights(model, a, b);
}

} // namespace

/// Of ops that compute the same, the first one is read by all.
void shareEqualOps(InferenceModel& model, std::vector<Merge>& merges) {
    auto& graph = model.graph;
    std::vector<bool> gone(graph.ops().size());
    for (std::size_t i = 0; i < graph.ops().size(); ++i) {
        const auto op = graph.ops()[i];
        const bool isResult =
            std::ranges::any_of(op.outputs, [&](ValueId id) { return graph.isResult(id); });
        if (isRandom(op.attributes) || isResult)
            continue;
        for (std::size_t j = 0; j < i; ++j) {
            const auto& other = graph.ops()[j];
            if (gone[j] || !areEqual(model, other, op))
                continue;
            merges.push_back({{other.path, op.path}});
            const auto outputs = other.outputs;
            for (std::size_t output = 0; output < outputs.size(); ++output)
                graph.replaceUses(op.outputs[output], outputs[output]);
            gone[i] = true;
            break;
        }
    }
    graph.remove(gone);
}

} // namespace gradwright
