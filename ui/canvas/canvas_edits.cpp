// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/canvas_edits.h"

#include "engine/graph/blocks.h"
#include "engine/layers/catalog.h"
#include "engine/project/block_library.h"
#include "engine/support/error.h"
#include "ui/canvas/fit_block.h"

#include <algorithm>
#include <set>

namespace gradwright {

namespace {

/// "max-pool2d" gives "pool": names stay short.
std::string stemOf(std::string_view key) {
    std::string stem(key);
    if (stem.ends_with("2d"))
        stem.resize(stem.size() - 2);
    if (const auto dash = stem.rfind('-'); dash != std::string::npos)
        stem.erase(0, dash + 1);
    return stem;
}

ProjectEdit networkEdit(NetworkEdit edit) {
    return {std::move(edit)};
}

NetworkEdit newLink(const std::string& graph, LinkId id, PortRef from, PortRef to) {
    return {AddLink{graph, Link{.id = id, .from = from, .to = to}}};
}

Node newNode(const Network& network, const std::string& graph, std::string_view key) {
    const Graph& target = network.graph(graph);
    Node node;
    node.id = target.freshNodeId();
    if (!key.starts_with(kBlockKey)) {
        node.name = target.freshName(stemOf(key));
        node.use = LayerUse{layer(key).key};
        return node;
    }
    const std::string block(key.substr(kBlockKey.size()));
    if (!network.blocks.contains(block))
        throw Error("The network has no block \"{}\"", block);
    if (!graph.empty() && contains(network, block, graph))
        throw Error("The block \"{}\" would contain itself", block);
    node.name = target.freshName(instanceStem(block));
    node.use = BlockUse{block};
    return node;
}

/// With a block of "My blocks", which the project may not have yet.
template <class Add>
Addition withSaved(const Project& project, std::string_view key, Add add) {
    if (!key.starts_with(kSavedKey))
        return add(project, key);
    const SavedBlock saved = loadBlock(std::string(key.substr(kSavedKey.size())));
    BlockImport import = importBlocks(project, saved.piece);
    Project having = project;
    gradwright::apply(having, import.edit);
    Addition added =
        add(std::as_const(having), std::string(kBlockKey) + import.names.at(saved.name));
    added.edit = {ProjectEdit::Group{std::move(import.edit), std::move(added.edit)}};
    return added;
}

} // namespace

std::string titleOfKey(std::string_view key) {
    if (key.starts_with(kBlockKey))
        return std::string(key.substr(kBlockKey.size()));
    if (key.starts_with(kSavedKey))
        return loadBlock(std::string(key.substr(kSavedKey.size()))).name;
    return layer(key).title;
}

Addition addLayer(const Project& whole, const std::string& graph, std::string_view wanted, Point at,
                  std::optional<LinkId> into, std::optional<NodeId> after) {
    return withSaved(whole, wanted, [&](const Project& project, std::string_view key) -> Addition {
        const Network& network = project.network;
        const Graph& target = network.graph(graph);
        Node node = newNode(network, graph, key);
        const PortCounts ports = portsOf(network, node).value_or(PortCounts{});
        const NodeId id = node.id;
        if (after && !into && ports.maxInputs > 0)
            node.params = fittingParams(network, graph, node, *after);
        ProjectEdit::Group group;
        if (into && ports.maxInputs > 0 && ports.outputs > 0) {
            group.push_back(networkEdit(insertIntoLink(network, graph, *into, std::move(node))));
        } else {
            group.push_back(networkEdit({AddNode{graph, std::move(node)}}));
            if (after && ports.maxInputs > 0)
                group.push_back(
                    networkEdit(newLink(graph, target.freshLinkId(), {*after, {0}}, {id, {0}})));
        }
        group.push_back({MoveNodes{graph, {{id, at}}}});
        return {{std::move(group)}, {id}};
    });
}

Addition addLinkedLayer(const Project& project, const std::string& graph, std::string_view key,
                        Point at, PortRef port, bool portIsInput) {
    const Graph& target = project.network.graph(graph);
    Addition added = addLayer(project, graph, key, at);
    const NodeId id = added.nodes.front();
    const PortRef from = portIsInput ? PortRef{id, {0}} : port;
    const PortRef to = portIsInput ? port : PortRef{id, {0}};
    ProjectEdit::Group group{std::move(added.edit)};
    if (portIsInput)
        if (const Link* const old = target.linkInto(port))
            group.push_back(networkEdit({RemoveLink{graph, old->id}}));
    group.push_back(networkEdit(newLink(graph, target.freshLinkId(), from, to)));
    added.edit = {std::move(group)};
    return added;
}

ProjectEdit addLink(const Project& project, const std::string& graph, PortRef from, PortRef to,
                    std::optional<LinkId> replaced) {
    NetworkEdit::Group group;
    if (replaced)
        group.push_back({RemoveLink{graph, *replaced}});
    group.push_back(newLink(graph, project.network.graph(graph).freshLinkId(), from, to));
    return networkEdit({std::move(group)});
}

ProjectEdit removeItems(const Project& project, const std::string& graph,
                        std::span<const NodeId> nodes, std::span<const LinkId> links) {
    const std::set<NodeId> gone(nodes.begin(), nodes.end());
    ProjectEdit::Group group;
    for (const LinkId id : links) {
        const Link* const link = project.network.graph(graph).find(id);
        if (link != nullptr && !gone.contains(link->from.node) && !gone.contains(link->to.node))
            group.push_back(networkEdit({RemoveLink{graph, id}}));
    }
    if (!gone.empty()) {
        MoveNodes forget{graph, {}};
        for (const NodeId id : gone)
            forget.to[id] = std::nullopt;
        group.push_back({std::move(forget)});
        if (const auto open = project.canvas.expanded.find(graph);
            open != project.canvas.expanded.end())
            for (const NodeId id : gone)
                if (open->second.contains(id))
                    group.push_back({SetExpanded{graph, id, false}});
        group.push_back(
            networkEdit(removeNodes(project.network, graph, {gone.begin(), gone.end()})));
    }
    return {std::move(group)};
}

std::optional<NetworkEdit> closeGap(const Project& project, const std::string& graphName,
                                    std::span<const NodeId> nodes) {
    const Graph& graph = project.network.graph(graphName);
    const std::set<NodeId> chosen(nodes.begin(), nodes.end());
    std::set<PortRef> sources;
    std::set<LinkId> crossing;
    std::vector<PortRef> targets;
    for (const NodeId node : chosen)
        for (const LinkId id : graph.linksOf(node)) {
            const Link& link = *graph.find(id);
            const bool enters = !chosen.contains(link.from.node);
            const bool leaves = !chosen.contains(link.to.node);
            if (enters)
                sources.insert(link.from);
            if (leaves)
                targets.push_back(link.to);
            if (enters || leaves)
                crossing.insert(id);
        }
    if (sources.size() != 1 || targets.empty())
        return {};
    NetworkEdit::Group group;
    for (const LinkId id : crossing)
        group.push_back({RemoveLink{graphName, id}});
    LinkId fresh = graph.freshLinkId();
    for (const PortRef& target : targets) {
        group.push_back(newLink(graphName, fresh, *sources.begin(), target));
        ++fresh.value;
    }
    return NetworkEdit{std::move(group)};
}

bool fitsInto(const Project& project, const std::string& graphName, NodeId id, LinkId into,
              bool takenOut) {
    const Graph& graph = project.network.graph(graphName);
    const Node* const node = graph.find(id);
    const Link* const link = graph.find(into);
    if (node == nullptr || link == nullptr || link->from.node == id || link->to.node == id)
        return false;
    const auto ports = portsOf(project.network, *node);
    if (!ports || ports->maxInputs == 0 || ports->outputs == 0)
        return false;
    return takenOut || graph.linksOf(id).empty();
}

NetworkEdit insertNode(const Project& project, const std::string& graphName, NodeId id,
                       LinkId into) {
    const Graph& graph = project.network.graph(graphName);
    const Link& link = *graph.find(into);
    const LinkId first = graph.freshLinkId();
    return {NetworkEdit::Group{{RemoveLink{graphName, into}},
                               newLink(graphName, first, link.from, {id, {0}}),
                               newLink(graphName, {first.value + 1}, {id, {0}}, link.to)}};
}

} // namespace gradwright
