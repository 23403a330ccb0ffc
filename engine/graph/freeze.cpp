// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/freeze.h"

#include "engine/layers/catalog.h"
#include "engine/support/error.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace gradwright {
namespace {

constexpr std::size_t kDeepestFreeze = 32; ///< of blocks within each other, as expand() has it

/// A parameter by which a layer is frozen.
struct Switch {
    std::string param;
    ParamValue on, off;
};
const std::array<Switch, 2>& switches() {
    static const std::array<Switch, 2> all = {{
        {"frozen", true, false},
        {"statistics", std::string("fixed"), std::string("batch")},
    }};
    return all;
}

const LayerDef* layerOfNode(const Node& node) {
    return node.layerUse() ? findLayer(node.layerUse()->layer) : nullptr;
}

bool learns(const Node& node) {
    const auto* const layer = layerOfNode(node);
    return layer && findParam(layer->params, "frozen");
}

/// Adds to blocks the promotions that let an instance set a switch of all layers inside.
class Promoter {
public:
    explicit Promoter(const Network& network) {
        for (const auto& [name, block] : network.blocks)
            promoted_[name] = block.promoted;
        network_ = &network;
    }

    /// The keys by which an instance of the block sets the switch; none where nothing inside has
    /// it.
    std::set<std::string> keysFor(const std::string& block, const std::string& param,
                                  std::size_t depth = 0) {
        const auto found = network_->blocks.find(block);
        if (found == network_->blocks.end() || depth > kDeepestFreeze)
            return {};
        std::set<std::string> keys;
        for (const auto& [id, node] : found->second.graph.nodes()) {
            if (const auto* const layer = layerOfNode(node);
                layer && findParam(layer->params, param))
                keys.insert(keyFor(block, id, param, param));
            if (const auto* const use = node.blockUse())
                for (const auto& inner : keysFor(use->block, param, depth + 1))
                    keys.insert(keyFor(block, id, inner, param));
        }
        return keys;
    }

    void addEdits(NetworkEdit::Group& group) const {
        for (const auto& name : changed_)
            group.push_back({SetPromoted{name, promoted_.at(name)}});
    }

private:
    /// The one that is there already, or a new one.
    std::string keyFor(const std::string& block, NodeId node, const std::string& param,
                       const std::string& wanted) {
        auto& list = promoted_[block];
        for (const auto& each : list)
            if (each.node == node && each.param == param)
                return each.key;
        list.push_back({wanted, node, param});
        changed_.insert(block);
        return wanted;
    }

    const Network* network_;
    std::map<std::string, std::vector<PromotedParam>> promoted_;
    std::set<std::string> changed_;
};

NetworkEdit switched(const Network& network, std::string_view graphName,
                     const std::vector<NodeId>& nodes, bool on, bool withStatistics) {
    const auto& graph = network.graph(graphName);
    Promoter promoter(network);
    NetworkEdit::Group values;
    for (const auto id : nodes) {
        const auto* const node = graph.find(id);
        if (!node)
            throw Error("the graph has no node {}", id.value);
        if (!on && countFrozen(network, graphName, id).frozen == 0)
            continue; // blocks need not promote what nobody sets
        for (const auto& each : switches()) {
            if (each.param == "statistics" && !withStatistics)
                continue;
            // A layer's default stands for off; an instance that says nothing leaves a layer inside
            // as it is.
            std::optional<ParamValue> value;
            if (on)
                value = each.on;
            const auto* const layer = layerOfNode(*node);
            if (layer && findParam(layer->params, each.param))
                values.push_back({SetParam{std::string(graphName), id, each.param, value}});
            if (const auto* const use = node->blockUse())
                for (const auto& key : promoter.keysFor(use->block, each.param))
                    values.push_back(
                        {SetParam{std::string(graphName), id, key, on ? each.on : each.off}});
        }
    }
    NetworkEdit::Group group;
    promoter.addEdits(group);
    std::ranges::move(values, std::back_inserter(group));
    return {std::move(group)};
}

/// With the values that instances around set.
FrozenCount countIn(const Network& network, const Node& node, const ParamValues& values,
                    std::size_t depth) {
    if (learns(node)) {
        const auto found = values.find("frozen");
        return {found != values.end() && found->second == ParamValue{true} ? 1U : 0U, 1};
    }
    const auto* const use = node.blockUse();
    const auto block = use ? network.blocks.find(use->block) : network.blocks.end();
    if (block == network.blocks.end() || depth > kDeepestFreeze)
        return {};
    FrozenCount count;
    for (const auto& [id, inner] : block->second.graph.nodes()) {
        auto set = inner.params;
        for (const auto& promoted : block->second.promoted)
            if (const auto value = values.find(promoted.key);
                promoted.node == id && value != values.end())
                set.insert_or_assign(promoted.param, value->second);
        const auto part = countIn(network, inner, set, depth + 1);
        count.frozen += part.frozen;
        count.all += part.all;
    }
    return count;
}

} // namespace

std::vector<NodeId> nodesUpTo(const Graph& graph, NodeId node) {
    std::set<NodeId> found{node};
    std::vector<NodeId> open{node};
    while (!open.empty()) {
        const auto at = open.back();
        open.pop_back();
        for (const auto id : graph.linksOf(at)) {
            const auto* const link = graph.find(id);
            if (link->to.node == at && found.insert(link->from.node).second)
                open.push_back(link->from.node);
        }
    }
    return {found.begin(), found.end()};
}

NetworkEdit freeze(const Network& network, std::string_view graph, const std::vector<NodeId>& nodes,
                   FrozenStatistics statistics) {
    return switched(network, graph, nodes, true, statistics == FrozenStatistics::Fixed);
}

NetworkEdit unfreeze(const Network& network, std::string_view graph,
                     const std::vector<NodeId>& nodes) {
    return switched(network, graph, nodes, false, true);
}

NetworkEdit setRateFactor(const Network& network, double factor,
                          const std::vector<NodeId>& without) {
    NetworkEdit::Group group;
    forEachGraph(network, [&](std::string_view name, const Graph& graph) {
        for (const auto& [id, node] : graph.nodes())
            if (learns(node) && !(name.empty() && std::ranges::count(without, id) > 0))
                group.push_back({SetParam{std::string(name), id, "learning_rate_factor", factor}});
    });
    return {std::move(group)};
}

FrozenCount countFrozen(const Network& network, std::string_view graph, NodeId id) {
    const auto* const node = network.graph(graph).find(id);
    return node ? countIn(network, *node, node->params, 0) : FrozenCount{};
}

} // namespace gradwright
