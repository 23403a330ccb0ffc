// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/steps/traced_nodes.h"

#include "engine/graph/analysis.h"

namespace gradwright {

std::optional<TracedOutput> tracedOutput(const BatchTrace& trace, const Network& network,
                                         const GraphScope& scope, const Node& node,
                                         std::size_t port) {
    const auto& traced = *trace.network;
    const std::string path = scope.pathOf(node);
    const auto* const use = node.blockUse();
    if (use == nullptr) {
        const auto* const layer = traced.find(path);
        if (layer == nullptr || port >= layer->outputs.size())
            return {};
        return TracedOutput{layer, port};
    }
    const auto block = network.blocks.find(use->block);
    if (block == network.blocks.end())
        return {};
    const auto ports = nodesOfLayer(block->second.graph, "block-output");
    if (port >= ports.size())
        return {};
    const auto& name = block->second.graph.find(ports[port])->name;
    const auto* const layer = traced.find(fmt::format("{}/{}/{}", path, use->repeat, name));
    if (layer == nullptr)
        return {};
    return TracedOutput{layer, 0};
}

std::vector<const TracedWeight*> tracedWeights(const BatchTrace& trace, const GraphScope& scope,
                                               const Node& node) {
    const std::string within = scope.pathOf(node) + '/';
    std::vector<const TracedWeight*> found;
    for (const auto& weight : trace.weights)
        if (weight.key.starts_with(within))
            found.push_back(&weight);
    return found;
}

} // namespace gradwright
