// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/edit.h"

#include "engine/layers/catalog.h"
#include "engine/support/error.h"

#include <algorithm>
#include <set>

namespace gradwright {
namespace {

const Node& nodeAt(const Graph& graph, NodeId id) {
    if (const auto* node = graph.find(id))
        return *node;
    throw Error("there is no node {} in this graph", id.value);
}

bool usesBlock(const Graph& graph, std::string_view block) {
    return std::ranges::any_of(graph.nodes(), [&](const auto& entry) {
        const auto* use = entry.second.blockUse();
        return use && use->block == block;
    });
}

struct Apply {
    Network& network;

    NetworkEdit operator()(const AddNode& edit) const {
        auto& graph = network.graph(edit.graph);
        if (graph.find(edit.node.id))
            throw Error("there is already a node {} in this graph", edit.node.id.value);
        if (const auto why = whyNotName(graph, edit.node.name))
            throw Error(*why);
        graph.insert(edit.node);
        return {RemoveNode{edit.graph, edit.node.id}};
    }

    NetworkEdit operator()(const RemoveNode& edit) const {
        auto& graph = network.graph(edit.graph);
        auto node = nodeAt(graph, edit.node);
        if (!graph.linksOf(edit.node).empty())
            throw Error("{} still has links; remove them first", node.name);
        graph.erase(edit.node);
        return {AddNode{edit.graph, std::move(node)}};
    }

    NetworkEdit operator()(const AddLink& edit) const {
        auto& graph = network.graph(edit.graph);
        if (graph.find(edit.link.id))
            throw Error("there is already a link {} in this graph", edit.link.id.value);
        if (const auto why = whyNotLink(network, edit.graph, edit.link.from, edit.link.to))
            throw Error(*why);
        graph.insert(edit.link);
        return {RemoveLink{edit.graph, edit.link.id}};
    }

    NetworkEdit operator()(const RemoveLink& edit) const {
        auto& graph = network.graph(edit.graph);
        const auto* found = graph.find(edit.link);
        if (!found)
            throw Error("there is no link {} in this graph", edit.link.value);
        auto link = *found;
        graph.erase(edit.link);
        return {AddLink{edit.graph, std::move(link)}};
    }

    NetworkEdit operator()(const SetParam& edit) const {
        auto& graph = network.graph(edit.graph);
        const auto& before = nodeAt(graph, edit.node);
        checkParam(before, edit);
        auto& params = graph.at(edit.node).params;
        std::optional<ParamValue> old;
        if (const auto found = params.find(edit.param); found != params.end())
            old = found->second;
        if (edit.value)
            params.insert_or_assign(edit.param, *edit.value);
        else
            params.erase(edit.param);
        return {SetParam{edit.graph, edit.node, edit.param, std::move(old)}};
    }

    NetworkEdit operator()(const RenameNode& edit) const {
        auto& graph = network.graph(edit.graph);
        auto old = nodeAt(graph, edit.node).name;
        if (old != edit.name) {
            if (const auto why = whyNotName(graph, edit.name))
                throw Error(*why);
            graph.rename(edit.node, edit.name);
        }
        return {RenameNode{edit.graph, edit.node, std::move(old)}};
    }

    NetworkEdit operator()(const SetRepeat& edit) const {
        auto& node = network.graph(edit.graph).at(edit.node);
        auto* use = std::get_if<BlockUse>(&node.use);
        if (!use)
            throw Error("{} is a layer; only blocks are repeated", node.name);
        if (edit.repeat < 1 || edit.repeat > 1000)
            throw Error("a block is repeated 1 to 1000 times, not {}", edit.repeat);
        const auto old = std::exchange(use->repeat, edit.repeat);
        return {SetRepeat{edit.graph, edit.node, old}};
    }

    NetworkEdit operator()(const AddBlock& edit) const {
        if (edit.name.empty() || network.blocks.contains(edit.name))
            throw Error("a block needs a name of its own; \"{}\" is taken or empty", edit.name);
        network.blocks.emplace(edit.name, edit.definition);
        return {RemoveBlock{edit.name}};
    }

    NetworkEdit operator()(const RemoveBlock& edit) const {
        const auto found = network.blocks.find(edit.name);
        if (found == network.blocks.end())
            throw Error("the network has no block \"{}\"", edit.name);
        const bool inUse = usesBlock(network.main, edit.name) ||
                           std::ranges::any_of(network.blocks, [&](const auto& entry) {
                               return usesBlock(entry.second.graph, edit.name);
                           });
        if (inUse)
            throw Error("the block \"{}\" is still in use; remove its instances first", edit.name);
        AddBlock inverse{edit.name, std::move(found->second)};
        network.blocks.erase(found);
        return {std::move(inverse)};
    }

    NetworkEdit operator()(const SetPromoted& edit) const {
        const auto found = network.blocks.find(edit.block);
        if (found == network.blocks.end())
            throw Error("the network has no block \"{}\"", edit.block);
        return {SetPromoted{edit.block, std::exchange(found->second.promoted, edit.promoted)}};
    }

    NetworkEdit operator()(const NetworkEdit::Group& edits) const {
        NetworkEdit::Group inverses;
        try {
            for (const auto& edit : edits)
                inverses.push_back(apply(network, edit));
        } catch (...) {
            std::ranges::reverse(inverses);
            for (const auto& inverse : inverses)
                apply(network, inverse);
            throw;
        }
        std::ranges::reverse(inverses);
        return {std::move(inverses)};
    }

private:
    static void checkParam(const Node& node, const SetParam& edit) {
        const auto* use = node.layerUse();
        const auto* def = use ? findLayer(use->layer) : nullptr;
        // Bringing back what was there must always work, also in a layer of a later version.
        if (!def || !edit.value)
            return;
        const auto* spec = findParam(def->params, edit.param);
        if (!spec)
            throw Error("{} has no parameter \"{}\"", def->title, edit.param);
        if (const auto why = whyInvalid(*spec, *edit.value))
            throw Error("{}: {}", node.name, *why);
    }
};

} // namespace

NetworkEdit apply(Network& network, const NetworkEdit& edit) {
    return std::visit(Apply{network}, edit.change);
}

NetworkEdit removeNodes(const Network& network, std::string_view graphName,
                        const std::vector<NodeId>& nodes) {
    const auto& graph = network.graph(graphName);
    std::set<LinkId> links;
    for (const auto node : nodes)
        for (const auto link : graph.linksOf(node))
            links.insert(link);
    NetworkEdit::Group edits;
    for (const auto link : links)
        edits.push_back({RemoveLink{std::string(graphName), link}});
    for (const auto node : nodes)
        edits.push_back({RemoveNode{std::string(graphName), node}});
    return {std::move(edits)};
}

NetworkEdit insertIntoLink(const Network& network, std::string_view graphName, LinkId link,
                           Node node) {
    const auto& graph = network.graph(graphName);
    const auto* old = graph.find(link);
    if (!old)
        throw Error("there is no link {} in this graph", link.value);
    const auto name = std::string(graphName);
    const LinkId first{graph.freshLinkId().value};
    const LinkId second{first.value + 1};
    const auto middle = node.id;
    return {NetworkEdit::Group{
        {RemoveLink{name, link}},
        {AddNode{name, std::move(node)}},
        {AddLink{name, {first, old->from, {middle, PortIndex{0}}}}},
        {AddLink{name, {second, {middle, PortIndex{0}}, old->to}}},
    }};
}

} // namespace gradwright
