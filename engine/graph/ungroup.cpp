// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/blocks.h"
#include "engine/support/error.h"

#include <algorithm>
#include <map>

namespace gradwright {
namespace {

std::string withoutNumber(std::string name) {
    while (name.size() > 1 && name.back() >= '0' && name.back() <= '9')
        name.pop_back();
    return name;
}

class Ungrouper {
public:
    Ungrouper(const Network& network, std::string_view graph, const Node& instance)
        : network_(network)
        , name_(graph)
        , graph_(network.graph(graph))
        , instance_(instance)
        , definition_(network.blocks.find(instance.blockUse()->block)->second)
        , inputs_(nodesOfLayer(definition_.graph, "block-input"))
        , outputs_(nodesOfLayer(definition_.graph, "block-output"))
        , scratch_(graph_) {}

    Ungrouping run() {
        const auto repeat = instance_.blockUse()->repeat;
        if (repeat > 1 && (inputs_.size() != 1 || outputs_.size() != 1))
            throw Error("the block \"{}\" is repeated, yet has not one input and one output",
                        instance_.blockUse()->block);
        auto promotions = stripPromotions();
        for (const auto id : graph_.linksOf(instance_.id)) {
            edits_.push_back({RemoveLink{name_, id}});
            scratch_.erase(id);
        }
        edits_.push_back({RemoveNode{name_, instance_.id}});
        scratch_.erase(instance_.id);
        for (std::int64_t copy = 1; copy <= repeat; ++copy)
            addNodes(copy);
        for (std::int64_t copy = 1; copy <= repeat; ++copy)
            addLinksWithin(copy);
        addLinksBehind(repeat);
        if (promotions)
            edits_.push_back({SetPromoted{name_, movedPromotions(*promotions)}});
        result_.lastUse = usesOf(network_, instance_.blockUse()->block) == 1;
        if (result_.lastUse)
            edits_.push_back({RemoveBlock{instance_.blockUse()->block}});
        result_.edit = {std::move(edits_)};
        return std::move(result_);
    }

private:
    using Key = std::pair<std::int64_t, NodeId>; ///< repetition, node within the block

    void addNodes(std::int64_t copy) {
        for (const auto& [id, node] : definition_.graph.nodes()) {
            if (indexIn(inputs_, id) || indexIn(outputs_, id))
                continue;
            auto made = node;
            made.id = scratch_.freshNodeId();
            if (scratch_.findByName(made.name))
                made.name = scratch_.freshName(withoutNumber(made.name));
            for (const auto& promoted : definition_.promoted)
                if (const auto set = instance_.params.find(promoted.key);
                    promoted.node == id && set != instance_.params.end())
                    made.params.insert_or_assign(promoted.param, set->second);
            copies_.emplace(Key{copy, id}, made.id);
            result_.copies.push_back({made.id, id, copy});
            scratch_.insert(made);
            edits_.push_back({AddNode{name_, std::move(made)}});
        }
    }

    static std::optional<std::size_t> indexIn(const std::vector<NodeId>& ports, NodeId id) {
        const auto found = std::ranges::find(ports, id);
        if (found == ports.end())
            return {};
        return static_cast<std::size_t>(found - ports.begin());
    }

    /// Where the data of an output within the block comes from, in the graph around it.
    [[nodiscard]] std::optional<PortRef> sourceOf(std::int64_t copy, PortRef inner) const {
        const auto input = indexIn(inputs_, inner.node);
        if (!input)
            return PortRef{copies_.at({copy, inner.node}), inner.port};
        if (copy > 1)
            return outputOf(copy - 1, 0);
        const PortIndex port{static_cast<std::uint32_t>(*input)};
        const auto* link = graph_.linkInto({instance_.id, port});
        return link ? std::optional(link->from) : std::nullopt;
    }

    [[nodiscard]] std::optional<PortRef> outputOf(std::int64_t copy, std::size_t port) const {
        if (port >= outputs_.size())
            return {};
        const auto* link = definition_.graph.linkInto({outputs_[port], {0}});
        return link ? sourceOf(copy, link->from) : std::nullopt;
    }

    void addLink(std::optional<PortRef> from, PortRef to, const UnknownKeys& extra) {
        if (!from)
            return;
        Link link;
        link.id = scratch_.freshLinkId();
        link.from = *from;
        link.to = to;
        link.extra = extra;
        scratch_.insert(link);
        edits_.push_back({AddLink{name_, std::move(link)}});
    }

    void addLinksWithin(std::int64_t copy) {
        for (const auto& [id, link] : definition_.graph.links())
            if (!indexIn(outputs_, link.to.node))
                addLink(sourceOf(copy, link.from), {copies_.at({copy, link.to.node}), link.to.port},
                        link.extra);
    }

    void addLinksBehind(std::int64_t last) {
        for (const auto id : graph_.linksOf(instance_.id))
            if (const auto& link = *graph_.find(id); link.from.node == instance_.id)
                addLink(outputOf(last, link.from.port.index()), link.to, link.extra);
    }

    /// Takes the instance's promotions from the surrounding block. Returns the block's promotions
    /// as they were before, or nothing where none is the instance's.
    std::optional<std::vector<PromotedParam>> stripPromotions() {
        const auto around = network_.blocks.find(name_);
        if (around == network_.blocks.end())
            return {};
        auto without = around->second.promoted;
        if (std::erase_if(without, [&](const PromotedParam& promoted) {
                return promoted.node == instance_.id;
            }) == 0)
            return {};
        edits_.push_back({SetPromoted{name_, std::move(without)}});
        return around->second.promoted;
    }

    [[nodiscard]] std::vector<PromotedParam>
    movedPromotions(const std::vector<PromotedParam>& before) const {
        std::vector<PromotedParam> moved;
        for (const auto& promoted : before) {
            if (promoted.node != instance_.id) {
                moved.push_back(promoted);
                continue;
            }
            for (const auto& inner : definition_.promoted)
                if (inner.key == promoted.param)
                    for (std::int64_t copy = 1; copies_.contains({copy, inner.node}); ++copy)
                        moved.push_back(
                            {promoted.key, copies_.at({copy, inner.node}), inner.param});
        }
        return moved;
    }

    const Network& network_;
    std::string name_;
    const Graph& graph_;
    const Node& instance_;
    const BlockDefinition& definition_;
    std::vector<NodeId> inputs_;
    std::vector<NodeId> outputs_;
    Graph scratch_; ///< names and ids are taken one after the other
    NetworkEdit::Group edits_;
    std::map<Key, NodeId> copies_;
    Ungrouping result_;
};

} // namespace

Ungrouping ungroupNode(const Network& network, std::string_view graph, NodeId instance) {
    const auto* node = network.graph(graph).find(instance);
    if (!node || !node->blockUse())
        throw Error("only an instance of a block can be ungrouped");
    if (!network.blocks.contains(node->blockUse()->block))
        throw Error("the network has no block \"{}\"", node->blockUse()->block);
    return Ungrouper(network, graph, *node).run();
}

} // namespace gradwright
