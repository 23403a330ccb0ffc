// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/graph_scope.h"

#include <set>

namespace gradwright {

namespace {

/// Appends the way from `graph` to the block, by instances; false where there is none.
bool findWay(const Network& network, const Graph& graph, const std::string& block,
             std::vector<NodeId>& way, std::set<std::string>& seen) {
    for (const auto& [id, node] : graph.nodes()) {
        const BlockUse* const use = node.blockUse();
        const auto found = use != nullptr ? network.blocks.find(use->block) : network.blocks.end();
        if (found == network.blocks.end())
            continue;
        way.push_back(id);
        if (use->block == block || (seen.insert(use->block).second &&
                                    findWay(network, found->second.graph, block, way, seen)))
            return true;
        way.pop_back();
    }
    return false;
}

} // namespace

GraphScope scopeOf(const Network& network, const std::vector<NodeId>& instances) {
    GraphScope scope;
    for (const NodeId id : instances) {
        const Node* const node = network.graph(scope.graph).find(id);
        const BlockUse* const use = node != nullptr ? node->blockUse() : nullptr;
        if (use == nullptr || !network.blocks.contains(use->block))
            break;
        scope.prefix += node->name + "/1/";
        scope.graph = use->block;
        scope.instances.push_back(id);
    }
    return scope;
}

GraphScope scopeOfGraph(const Network& network, const std::string& graph) {
    std::vector<NodeId> way;
    std::set<std::string> seen;
    if (graph.empty() || !findWay(network, network.main, graph, way, seen))
        return {};
    return scopeOf(network, way);
}

const NodeAnalysis* analysisOf(const Analysis& analysis, const GraphScope& scope,
                               const Node& node) {
    const std::string path = scope.pathOf(node);
    const std::string within = path + '/';
    const NodeAnalysis* found = nullptr;
    for (std::size_t i = 0; i < analysis.flat.nodes.size(); ++i) {
        const std::string& each = analysis.flat.nodes[i].path;
        if (each == path)
            return &analysis.nodes[i];
        if (node.blockUse() != nullptr && each.starts_with(within))
            found = &analysis.nodes[i];
    }
    return found;
}

} // namespace gradwright
