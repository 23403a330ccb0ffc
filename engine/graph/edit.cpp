// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/edit.h"

#include "engine/graph/blocks.h"
#include "engine/layers/catalog.h"
#include "engine/support/error.h"

#include <algorithm>
#include <set>
#include <utility>

namespace gradwright {

NetworkChange::NetworkChange() = default;
NetworkChange::NetworkChange(const NetworkChange& other) = default;
NetworkChange::NetworkChange(NetworkChange&& other) noexcept = default;
NetworkChange& NetworkChange::operator=(const NetworkChange& other) = default;
NetworkChange& NetworkChange::operator=(NetworkChange&& other) noexcept = default;
NetworkChange::~NetworkChange() = default;

void NetworkChange::take(std::size_t place, void* change) {
    takeAlternative(static_cast<AnyNetworkChange&>(*this), place, change);
}
namespace {

constexpr std::size_t kMaxBlockName = 64;
constexpr std::string_view kBlockInput = "block-input";
constexpr std::string_view kBlockOutput = "block-output";

const Node& nodeAt(const Graph& graph, NodeId id) {
    if (const auto* node = graph.find(id))
        return *node;
    throw Error("there is no node {} in this graph", id.value);
}

/// An output that has a link and that the node, by its parameters, does not have.
std::optional<std::uint32_t> linkedPortMissing(const Graph& graph, const Node& node) {
    const auto* use = node.layerUse();
    const auto* layer = use ? findLayer(use->layer) : nullptr;
    if (!layer || !layer->several.count)
        return {};
    const auto count = layer->outputs(node.params);
    for (const auto id : graph.linksOf(node.id))
        if (const auto& from = graph.find(id)->from;
            from.node == node.id && from.port.index() >= count)
            return from.port.value;
    return {};
}

bool usesBlock(const Graph& graph, std::string_view block) {
    return std::ranges::any_of(graph.nodes(), [&](const auto& entry) {
        const auto* use = entry.second.blockUse();
        return use && use->block == block;
    });
}

/// Adding or removing a port of a block moves the ports after it; refused while an instance has
/// links there.
void requirePortsFree(const Network& network, const std::string& block, const Node& node) {
    const auto* use = node.layerUse();
    if (block.empty() || !use || (use->layer != kBlockInput && use->layer != kBlockOutput))
        return;
    const bool isInput = use->layer == kBlockInput;
    const auto ports = nodesOfLayer(network.graph(block), use->layer);
    const auto first = std::ranges::lower_bound(ports, node.id) - ports.begin();
    forEachGraph(network, [&](std::string_view, const Graph& graph) {
        for (const auto& [id, link] : graph.links()) {
            const auto& end = isInput ? link.to : link.from;
            const auto& instance = *graph.find(end.node);
            const auto* instanceUse = instance.blockUse();
            if (instanceUse && instanceUse->block == block &&
                end.port.index() >= static_cast<std::size_t>(first))
                throw Error("{} still has a link at {} {}, which would move; remove it first",
                            instance.name, isInput ? "input" : "output", end.port.value);
        }
    });
}

void requireNotPromoted(const Network& network, const std::string& block, const Node& node) {
    if (block.empty())
        return;
    for (const auto& promoted : network.blocks.find(block)->second.promoted)
        if (promoted.node == node.id)
            throw Error("the block \"{}\" promotes {} of {}; stop promoting it first", block,
                        promoted.param, node.name);
}

struct Apply {
    Network& network;

    NetworkEdit operator()(const AddNode& edit) const {
        auto& graph = network.graph(edit.graph);
        if (graph.find(edit.node.id))
            throw Error("there is already a node {} in this graph", edit.node.id.value);
        if (const auto why = whyNotName(graph, edit.node.name))
            throw Error(*why);
        if (const auto* use = edit.node.blockUse())
            requireRepeat(use->repeat);
        requirePortsFree(network, edit.graph, edit.node);
        auto node = edit.node;
        dropDefaults(node);
        graph.insert(std::move(node));
        return {RemoveNode{edit.graph, edit.node.id}};
    }

    NetworkEdit operator()(const RemoveNode& edit) const {
        auto& graph = network.graph(edit.graph);
        auto node = nodeAt(graph, edit.node);
        if (!graph.linksOf(edit.node).empty())
            throw Error("{} still has links; remove them first", node.name);
        requireNotPromoted(network, edit.graph, node);
        requirePortsFree(network, edit.graph, node);
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
        auto& node = graph.at(edit.node);
        auto& params = node.params;
        std::optional<ParamValue> old;
        if (const auto found = params.find(edit.param); found != params.end())
            old = found->second;
        const auto set = [&](const std::optional<ParamValue>& value) {
            if (value)
                params.insert_or_assign(edit.param, *value);
            else
                params.erase(edit.param);
        };
        set(edit.value);
        if (const auto port = linkedPortMissing(graph, node)) {
            set(old);
            throw Error("output {} of {} has a link; remove it before the output goes", *port,
                        node.name);
        }
        dropDefaults(node);
        return {SetParam{edit.graph, edit.node, edit.param, std::move(old), true}};
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
        requireRepeat(edit.repeat);
        const auto old = std::exchange(use->repeat, edit.repeat);
        return {SetRepeat{edit.graph, edit.node, old}};
    }

    NetworkEdit operator()(const AddBlock& edit) const {
        requireBlockName(edit.name);
        requireNoInstances(edit.name);
        network.blocks.emplace(edit.name, edit.definition);
        return {RemoveBlock{edit.name}};
    }

    NetworkEdit operator()(const RemoveBlock& edit) const {
        const auto found = network.blocks.find(edit.name);
        if (found == network.blocks.end())
            throw Error("the network has no block \"{}\"", edit.name);
        if (isInUse(edit.name))
            throw Error("the block \"{}\" is still in use; remove its instances first", edit.name);
        AddBlock inverse{edit.name, std::move(found->second)};
        network.blocks.erase(found);
        return {std::move(inverse)};
    }

    NetworkEdit operator()(const RenameBlock& edit) const {
        const auto found = network.blocks.find(edit.from);
        if (found == network.blocks.end())
            throw Error("the network has no block \"{}\"", edit.from);
        if (edit.from == edit.to)
            return {edit};
        requireBlockName(edit.to);
        requireNoInstances(edit.to);
        auto entry = network.blocks.extract(found);
        entry.key() = edit.to;
        network.blocks.insert(std::move(entry));
        renameUses(network.main, edit);
        for (auto& [name, block] : network.blocks)
            renameUses(block.graph, edit);
        return {RenameBlock{edit.to, edit.from}};
    }

    NetworkEdit operator()(const SetPromoted& edit) const {
        const auto found = network.blocks.find(edit.block);
        if (found == network.blocks.end())
            throw Error("the network has no block \"{}\"", edit.block);
        std::set<std::pair<NodeId, std::string_view>> targets;
        for (const auto& promoted : edit.promoted) {
            if (promoted.key.empty())
                throw Error("a promoted parameter needs a key");
            if (!targets.emplace(promoted.node, promoted.param).second)
                throw Error("{} of node {} is promoted twice", promoted.param, promoted.node.value);
            if (!found->second.graph.find(promoted.node))
                throw Error("the block \"{}\" has no node {} whose {} could be promoted",
                            edit.block, promoted.node.value, promoted.param);
        }
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
    void requireBlockName(const std::string& name) const {
        if (name.empty() || name.size() > kMaxBlockName)
            throw Error("the name of a block has 1 to {} characters, not {}", kMaxBlockName,
                        name.size());
        if (network.blocks.contains(name))
            throw Error("there is already a block called \"{}\"", name);
    }

    /// Links of instances of a missing block were made without knowing its ports, and undoing could
    /// not tell them from those of the block that came under its name.
    void requireNoInstances(std::string_view missing) const {
        if (isInUse(missing))
            throw Error("there are instances of a block \"{}\" whose definition is missing; choose "
                        "another name, or remove them first",
                        missing);
    }

    [[nodiscard]] bool isInUse(std::string_view block) const {
        return usesBlock(network.main, block) ||
               std::ranges::any_of(network.blocks, [&](const auto& entry) {
                   return usesBlock(entry.second.graph, block);
               });
    }

    static void renameUses(Graph& graph, const RenameBlock& edit) {
        std::vector<NodeId> uses;
        for (const auto& [id, node] : graph.nodes())
            if (const auto* use = node.blockUse(); use && use->block == edit.from)
                uses.push_back(id);
        for (const auto id : uses)
            std::get<BlockUse>(graph.at(id).use).block = edit.to;
    }

    static void requireRepeat(std::int64_t repeat) {
        if (repeat < 1 || repeat > kMaxRepeat)
            throw Error("a block is repeated 1 to {} times, not {}", kMaxRepeat, repeat);
    }

    void checkParam(const Node& node, const SetParam& edit) const {
        if (const auto* block = node.blockUse(); block && edit.value && !edit.unchecked)
            if (const auto promotion = promotionOf(network, block->block, edit.param))
                if (const auto why = whyInvalid(*promotion->spec, *edit.value))
                    throw Error("{}: {}", node.name, *why);
        const auto* use = node.layerUse();
        const auto* def = use ? findLayer(use->layer) : nullptr;
        // A layer of a later version and a block's promoted parameters are not known here.
        if (!def || !edit.value || edit.unchecked)
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
    if (const auto block = network.blocks.find(graphName); block != network.blocks.end()) {
        auto promoted = block->second.promoted;
        const auto goes = [&](const PromotedParam& param) {
            return std::ranges::find(nodes, param.node) != nodes.end();
        };
        if (std::erase_if(promoted, goes) > 0)
            edits.push_back({SetPromoted{std::string(graphName), std::move(promoted)}});
    }
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
    const auto first = graph.freshLinkId();
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
