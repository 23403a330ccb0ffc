// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/optimized_graph.h"

#include "engine/layers/onnx_node.h"
#include "engine/passes/inference/split_products.h"
#include "engine/support/error.h"

#include <algorithm>
#include <map>
#include <utility>

namespace gradwright {
namespace {

struct OpWithWeights {
    Op op;
    std::vector<Tensor> weights;

    bool operator==(const OpWithWeights& other) const {
        return op.attributes == other.op.attributes && op.inputs == other.op.inputs &&
               op.outputs == other.op.outputs && weights == other.weights;
    }
};

/// The ops behind each origin, by its path.
std::map<std::string, std::vector<OpWithWeights>> opsOfOrigins(const InferenceModel& model) {
    std::map<std::string, std::vector<OpWithWeights>> ops;
    for (const auto& origin : model.graph.origins())
        ops[origin.path];
    for (const auto& op : model.graph.ops()) {
        const auto found = ops.find(op.path);
        if (found == ops.end())
            continue;
        auto& entry = found->second.emplace_back(OpWithWeights{op, {}});
        for (const auto id : op.weights)
            entry.weights.push_back(model.of(id));
    }
    return ops;
}

} // namespace

OptimizationReport optimizeForExchange(InferenceModel& model,
                                       const std::set<std::string>& leftOut) {
    for (const auto& origin : model.graph.origins())
        if (onnxNodeFromText(origin.what).isWholeRun)
            throw Error("{}: a model whose values have no batch in front cannot be optimized",
                        origin.path);
    const auto before = opsOfOrigins(model);
    auto report = optimize(model, leftOut);
    splitProducts(model.graph);
    auto origins = model.graph.origins();
    const auto after = opsOfOrigins(model);
    std::erase_if(origins, [&](const Origin& origin) {
        return before.at(origin.path) != after.at(origin.path);
    });
    model.graph.setOrigins(std::move(origins));
    return report;
}

} // namespace gradwright
