// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/eliminate.h"
#include "engine/passes/inference/inference_model.h"

namespace gradwright {

void removeIdle(InferenceModel& model, std::vector<Merge>& merges) {
    auto& graph = model.graph;
    const auto before = graph.ops();
    eliminateIdentities(graph, true);
    eliminateDead(graph);
    for (const auto& op : before)
        if (!graph.placeOf(op.id))
            merges.push_back({{op.path}});
}

} // namespace gradwright
