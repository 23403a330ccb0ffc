// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/blocks.h"
#include "engine/graph/graph_index.h"
#include "engine/layers/catalog.h"
#include "engine/support/error.h"

#include <algorithm>
#include <map>
#include <set>

namespace gradwright {
namespace {

using Nodes = std::set<NodeId>;

bool isEnd(const Node& node) {
    const auto* use = node.layerUse();
    const auto* def = use ? findLayer(use->layer) : nullptr;
    return def && def->category == Category::InputOutput;
}

/// A node outside through which data leaves the chosen ones and comes back, or nothing.
std::optional<NodeId> between(const Graph& graph, const Nodes& chosen) {
    // Backwards from what feeds them: whether it is itself fed by them.
    std::map<NodeId, bool> fed;
    for (const auto id : topologicalOrder(graph))
        for (const auto each : graph.linksOf(id)) {
            const auto& link = *graph.find(each);
            if (link.to.node != id || chosen.contains(id))
                continue;
            const auto from = link.from.node;
            if (chosen.contains(from) || fed[from])
                fed[id] = true;
        }
    for (const auto& [id, link] : graph.links())
        if (chosen.contains(link.to.node) && fed[link.from.node])
            return link.from.node;
    return {};
}

/// Collects what enters and leaves the chosen nodes while it draws the definition.
class Grouper {
public:
    Grouper(const Network& network, std::string_view graph, const std::vector<NodeId>& nodes,
            std::string block)
        : network_(network)
        , name_(graph)
        , graph_(network.graph(graph))
        , chosen_(nodes.begin(), nodes.end())
        , block_(std::move(block)) {
        for (const auto id : topologicalOrder(graph_))
            if (chosen_.contains(id))
                order_.push_back(id);
        instance_ = graph_.freshNodeId();
    }

    Grouping run() {
        for (const auto id : chosen_)
            inner_.graph.insert(*graph_.find(id));
        nextLink_ = graph_.freshLinkId().value;
        for (const auto id : order_)
            takeInputs(id);
        for (const auto id : order_)
            takeOutputs(id);
        auto outerPromoted = movePromotions();

        NetworkEdit::Group edits;
        edits.push_back({AddBlock{block_, std::move(inner_)}});
        if (outerPromoted)
            edits.push_back({SetPromoted{name_, outerPromoted->first}});
        for (const auto link : gone_)
            edits.push_back({RemoveLink{name_, link}});
        for (const auto id : chosen_)
            edits.push_back({RemoveNode{name_, id}});
        Node instance;
        instance.id = instance_;
        instance.name = graph_.freshName(instanceStem(block_));
        instance.use = BlockUse{block_};
        edits.push_back({AddNode{name_, std::move(instance)}});
        for (auto& link : outerLinks_)
            edits.push_back({AddLink{name_, std::move(link)}});
        if (outerPromoted)
            edits.push_back({SetPromoted{name_, outerPromoted->second}});
        return {{std::move(edits)}, instance_, std::move(inputs_), std::move(outputs_)};
    }

private:
    NodeId addPort(const char* layer, const char* stem, std::vector<NodeId>& ports) {
        Node port;
        port.id = inner_.graph.freshNodeId();
        port.name = inner_.graph.freshName(stem);
        port.use = LayerUse{layer};
        ports.push_back(port.id);
        inner_.graph.insert(std::move(port));
        return ports.back();
    }

    LinkId freshLink() { return {nextLink_++}; }

    void addInner(PortRef from, PortRef to) {
        Link link;
        link.id = freshLink();
        link.from = from;
        link.to = to;
        inner_.graph.insert(std::move(link));
    }

    /// One Block input for each output outside that feeds in, and for each open input.
    NodeId inputFor(const Link* link) {
        if (link)
            if (const auto known = inputOf_.find(link->from); known != inputOf_.end())
                return known->second;
        const auto port = addPort("block-input", "in", inputs_);
        if (!link)
            return port;
        inputOf_.emplace(link->from, port);
        Link outer;
        outer.id = freshLink();
        outer.from = link->from;
        outer.to = {instance_, {static_cast<std::uint32_t>(inputs_.size() - 1)}};
        outerLinks_.push_back(std::move(outer));
        return port;
    }

    void takeInputs(NodeId id) {
        std::map<std::uint32_t, const Link*> into;
        const auto ports = portsOf(network_, *graph_.find(id));
        for (std::uint32_t i = 0; ports && i < ports->minInputs; ++i)
            into[i] = nullptr;
        for (const auto each : graph_.linksOf(id))
            if (const auto* link = graph_.find(each); link->to.node == id)
                into[link->to.port.value] = link;
        for (const auto& [port, link] : into) {
            if (link && chosen_.contains(link->from.node)) {
                inner_.graph.insert(*link);
                gone_.insert(link->id);
                continue;
            }
            if (link)
                gone_.insert(link->id);
            addInner({inputFor(link), {0}}, {id, {port}});
        }
    }

    /// What leaves, and what ends here, leaves the block.
    void takeOutputs(NodeId id) {
        const auto ports = portsOf(network_, *graph_.find(id));
        std::map<std::uint32_t, std::vector<const Link*>> outOf;
        for (std::uint32_t i = 0; ports && i < ports->outputs; ++i)
            outOf[i] = {};
        for (const auto each : graph_.linksOf(id))
            if (const auto* link = graph_.find(each); link->from.node == id)
                outOf[link->from.port.value].push_back(link);
        for (const auto& [port, links] : outOf) {
            std::vector<const Link*> leaving;
            for (const auto* link : links)
                if (!chosen_.contains(link->to.node))
                    leaving.push_back(link);
            if (leaving.empty() && !links.empty())
                continue;
            const auto output = addPort("block-output", "out", outputs_);
            addInner({id, {port}}, {output, {0}});
            for (const auto* link : leaving) {
                gone_.insert(link->id);
                auto outer = *link;
                outer.id = freshLink();
                outer.from = {instance_, {static_cast<std::uint32_t>(outputs_.size() - 1)}};
                outerLinks_.push_back(std::move(outer));
            }
        }
    }

    /// What the block around promotes of the chosen nodes is promoted by the new block first. Gives
    /// the promotions around while the nodes go, and after.
    std::optional<std::pair<std::vector<PromotedParam>, std::vector<PromotedParam>>>
    movePromotions() {
        const auto around = network_.blocks.find(name_);
        if (around == network_.blocks.end())
            return {};
        std::vector<PromotedParam> without;
        std::vector<PromotedParam> with;
        for (const auto& promoted : around->second.promoted) {
            if (!chosen_.contains(promoted.node)) {
                without.push_back(promoted);
                with.push_back(promoted);
                continue;
            }
            const auto& node = *graph_.find(promoted.node);
            const auto key = fmt::format("{}_{}", node.name, promoted.param);
            inner_.promoted.push_back({key, promoted.node, promoted.param});
            auto moved = promoted;
            moved.node = instance_;
            moved.param = key;
            with.push_back(std::move(moved));
        }
        return std::pair{std::move(without), std::move(with)};
    }

    const Network& network_;
    std::string name_;
    const Graph& graph_;
    Nodes chosen_;
    std::string block_;
    std::vector<NodeId> order_;
    NodeId instance_;
    BlockDefinition inner_;
    std::uint32_t nextLink_ = 1;
    std::map<PortRef, NodeId> inputOf_;
    std::vector<NodeId> inputs_;
    std::vector<NodeId> outputs_;
    std::set<LinkId> gone_;
    std::vector<Link> outerLinks_;
};

} // namespace

std::string instanceStem(std::string_view block) {
    std::string stem;
    for (const char c : block) {
        const bool upper = c >= 'A' && c <= 'Z';
        const char lower = upper ? static_cast<char>(c - 'A' + 'a') : c;
        if ((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-')
            stem += lower;
        else if (c == ' ' && !stem.empty() && stem.back() != '_')
            stem += '_';
    }
    constexpr std::size_t longest = 40;
    stem.resize(std::min(stem.size(), longest));
    while (!stem.empty() && (stem.back() == '_' || (stem.back() >= '0' && stem.back() <= '9')))
        stem.pop_back();
    return stem.empty() ? "block" : stem;
}

std::optional<std::string> whyNotGroup(const Network& network, std::string_view graphName,
                                       const std::vector<NodeId>& nodes) {
    const auto& graph = network.graph(graphName);
    if (nodes.empty())
        return "A block is made of one layer or more.";
    const Nodes chosen(nodes.begin(), nodes.end());
    for (const auto id : chosen) {
        const auto* node = graph.find(id);
        if (!node)
            return fmt::format("There is no node {} in this graph.", id.value);
        if (isEnd(*node))
            return fmt::format("{} is an end of this graph and cannot go into a block.",
                               node->name);
    }
    if (const auto outside = between(graph, chosen))
        return fmt::format("Data leaves these layers and comes back through {}: include it, too.",
                           graph.find(*outside)->name);
    return {};
}

Grouping groupNodes(const Network& network, std::string_view graph,
                    const std::vector<NodeId>& nodes, const std::string& block) {
    if (const auto why = whyNotGroup(network, graph, nodes))
        throw Error(*why);
    return Grouper(network, graph, nodes, block).run();
}

} // namespace gradwright
