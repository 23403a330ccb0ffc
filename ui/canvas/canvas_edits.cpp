// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/canvas_edits.h"

#include "engine/graph/network_json.h"
#include "engine/layers/catalog.h"
#include "engine/support/error.h"

#include <algorithm>
#include <set>

namespace gradwright {

namespace {

constexpr auto kClipboardFormat = "gradwright nodes";

/// "max-pool2d" gives "pool": names stay short.
std::string stemOf(std::string_view key) {
    std::string stem(key);
    if (stem.ends_with("2d"))
        stem.resize(stem.size() - 2);
    if (const auto dash = stem.rfind('-'); dash != std::string::npos)
        stem.erase(0, dash + 1);
    return stem;
}

std::optional<Point> positionOf(const Project& project, NodeId node) {
    const auto graph = project.canvas.positions.find(kMainGraph);
    if (graph == project.canvas.positions.end())
        return {};
    const auto at = graph->second.find(node);
    return at == graph->second.end() ? std::nullopt : std::optional(at->second);
}

ProjectEdit networkEdit(NetworkEdit edit) {
    return {std::move(edit)};
}

NetworkEdit newLink(LinkId id, PortRef from, PortRef to) {
    return {AddLink{kMainGraph, Link{.id = id, .from = from, .to = to}}};
}

} // namespace

Addition addLayer(const Project& project, std::string_view key, Point at,
                  std::optional<LinkId> into, std::optional<NodeId> after) {
    const Network& network = project.network;
    const LayerDef& def = layer(key);
    Node node{.id = network.main.freshNodeId(),
              .name = network.main.freshName(stemOf(key)),
              .use = LayerUse{std::string(key)},
              .params = {}};
    const NodeId id = node.id;
    ProjectEdit::Group group;
    if (into && def.maxInputs > 0 && def.hasOutput) {
        group.push_back(networkEdit(insertIntoLink(network, kMainGraph, *into, std::move(node))));
    } else {
        group.push_back(networkEdit({AddNode{kMainGraph, std::move(node)}}));
        if (after && def.maxInputs > 0)
            group.push_back(
                networkEdit(newLink(network.main.freshLinkId(), {*after, {0}}, {id, {0}})));
    }
    group.push_back({MoveNodes{kMainGraph, {{id, at}}}});
    return {{std::move(group)}, {id}};
}

Addition addLinkedLayer(const Project& project, std::string_view key, Point at, PortRef port,
                        bool portIsInput) {
    Addition added = addLayer(project, key, at);
    const NodeId id = added.nodes.front();
    const PortRef from = portIsInput ? PortRef{id, {0}} : port;
    const PortRef to = portIsInput ? port : PortRef{id, {0}};
    ProjectEdit::Group group{std::move(added.edit)};
    if (portIsInput)
        if (const Link* const old = project.network.main.linkInto(port))
            group.push_back(networkEdit({RemoveLink{kMainGraph, old->id}}));
    group.push_back(networkEdit(newLink(project.network.main.freshLinkId(), from, to)));
    added.edit = {std::move(group)};
    return added;
}

ProjectEdit addLink(const Project& project, PortRef from, PortRef to,
                    std::optional<LinkId> replaced) {
    NetworkEdit::Group group;
    if (replaced)
        group.push_back({RemoveLink{kMainGraph, *replaced}});
    group.push_back(newLink(project.network.main.freshLinkId(), from, to));
    return networkEdit({std::move(group)});
}

ProjectEdit removeItems(const Project& project, std::span<const NodeId> nodes,
                        std::span<const LinkId> links) {
    const std::set<NodeId> gone(nodes.begin(), nodes.end());
    ProjectEdit::Group group;
    for (const LinkId id : links) {
        const Link* const link = project.network.main.find(id);
        if (link != nullptr && !gone.contains(link->from.node) && !gone.contains(link->to.node))
            group.push_back(networkEdit({RemoveLink{kMainGraph, id}}));
    }
    if (!gone.empty()) {
        MoveNodes forget{kMainGraph, {}};
        for (const NodeId id : gone)
            forget.to[id] = std::nullopt;
        group.push_back({std::move(forget)});
        group.push_back(
            networkEdit(removeNodes(project.network, kMainGraph, {gone.begin(), gone.end()})));
    }
    return {std::move(group)};
}

std::string copyNodes(const Project& project, std::span<const NodeId> nodes) {
    const std::set<NodeId> chosen(nodes.begin(), nodes.end());
    Json json = {{"format", kClipboardFormat}, {"nodes", Json::array()}, {"links", Json::array()}};
    for (const NodeId id : chosen) {
        const Point at = positionOf(project, id).value_or(Point{});
        json["nodes"].push_back(
            {{"node", toJson(*project.network.main.find(id))}, {"position", {at.x, at.y}}});
    }
    for (const auto& [id, link] : project.network.main.links())
        if (chosen.contains(link.from.node) && chosen.contains(link.to.node))
            json["links"].push_back(toJson(link));
    return json.dump(1);
}

Addition pasteNodes(const Project& project, std::string_view text, Point offset) {
    const Json json = parseJson(text, "the clipboard");
    if (!json.is_object() || json.value("format", "") != kClipboardFormat)
        throw Error("The clipboard holds no layers; copy some on a canvas first");
    // Names and ids are taken one after the other from a graph that has those before.
    Graph graph = project.network.main;
    std::map<NodeId, NodeId> renumbered;
    Addition added;
    ProjectEdit::Group group;
    MoveNodes moves{kMainGraph, {}};
    for (const Json& entry : required(json, "nodes", "the clipboard")) {
        Node node = nodeFromJson(required(entry, "node", "the clipboard"));
        const Json& at = required(entry, "position", "the clipboard");
        if (!at.is_array() || at.size() != 2 || !at[0].is_number() || !at[1].is_number())
            throw Error("The clipboard's position {} is not two numbers", dumpExcerpt(at));
        const NodeId old = std::exchange(node.id, graph.freshNodeId());
        if (graph.findByName(node.name) != nullptr) {
            std::string stem = node.name;
            while (stem.size() > 1 && stem.back() >= '0' && stem.back() <= '9')
                stem.pop_back();
            node.name = graph.freshName(stem);
        }
        renumbered[old] = node.id;
        added.nodes.push_back(node.id);
        moves.to[node.id] = Point{at[0].get<double>() + offset.x, at[1].get<double>() + offset.y};
        graph.insert(node);
        group.push_back(networkEdit({AddNode{kMainGraph, std::move(node)}}));
    }
    for (const Json& entry : required(json, "links", "the clipboard")) {
        Link link = linkFromJson(entry);
        if (!renumbered.contains(link.from.node) || !renumbered.contains(link.to.node))
            throw Error("The clipboard has a link to a layer that is not on it");
        link.id = graph.freshLinkId();
        link.from.node = renumbered.at(link.from.node);
        link.to.node = renumbered.at(link.to.node);
        graph.insert(link);
        group.push_back(networkEdit({AddLink{kMainGraph, std::move(link)}}));
    }
    group.push_back({std::move(moves)});
    added.edit = {std::move(group)};
    return added;
}

} // namespace gradwright
