// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/network.h"

#include "engine/layers/catalog.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <algorithm>
#include <set>
#include <utility>

namespace gradwright {
namespace {

constexpr std::size_t kMaxNameLength = 64;

std::string nameOf(const Graph& graph, NodeId id) {
    const auto* node = graph.find(id);
    return node ? node->name : fmt::format("node {}", id.value);
}

std::string counted(std::size_t count, std::string_view what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

/// Whether `to` can already be reached from `from` along links.
bool reaches(const Graph& graph, NodeId from, NodeId to) {
    std::vector<NodeId> open = {from};
    std::set<NodeId> seen;
    while (!open.empty()) {
        const auto node = open.back();
        open.pop_back();
        if (node == to)
            return true;
        if (!seen.insert(node).second)
            continue;
        for (const auto link : graph.linksOf(node))
            if (graph.find(link)->from.node == node)
                open.push_back(graph.find(link)->to.node);
    }
    return false;
}

} // namespace

const Node* Graph::find(NodeId id) const {
    const auto found = nodes_.find(id);
    return found == nodes_.end() ? nullptr : &found->second;
}

const Link* Graph::find(LinkId id) const {
    const auto found = links_.find(id);
    return found == links_.end() ? nullptr : &found->second;
}

const Node* Graph::findByName(std::string_view name) const {
    const auto found = byName_.find(name);
    return found == byName_.end() ? nullptr : find(found->second);
}

const Link* Graph::linkInto(PortRef input) const {
    const auto found = byInput_.find(input);
    return found == byInput_.end() ? nullptr : find(found->second);
}

const std::vector<LinkId>& Graph::linksOf(NodeId node) const {
    static const std::vector<LinkId> none;
    const auto found = byNode_.find(node);
    return found == byNode_.end() ? none : found->second;
}

std::string Graph::freshName(std::string_view stem) const {
    for (std::size_t number = 1;; ++number)
        if (auto name = fmt::format("{}{}", stem, number); !findByName(name))
            return name;
}

void Graph::insert(Node node) {
    nextNode_ = std::max(nextNode_, node.id.value + 1);
    byName_.emplace(node.name, node.id);
    const auto id = node.id;
    nodes_.insert_or_assign(id, std::move(node));
}

void Graph::insert(Link link) {
    nextLink_ = std::max(nextLink_, link.id.value + 1);
    byInput_.emplace(link.to, link.id);
    byNode_[link.from.node].push_back(link.id);
    byNode_[link.to.node].push_back(link.id);
    const auto id = link.id;
    links_.insert_or_assign(id, std::move(link));
}

void Graph::erase(NodeId id) {
    byName_.erase(at(id).name);
    byNode_.erase(id);
    nodes_.erase(id);
}

void Graph::erase(LinkId id) {
    const auto& link = links_.at(id);
    byInput_.erase(link.to);
    std::erase(byNode_.at(link.from.node), id);
    std::erase(byNode_.at(link.to.node), id);
    links_.erase(id);
}

Node& Graph::at(NodeId id) {
    const auto found = nodes_.find(id);
    if (found == nodes_.end())
        throw Error("there is no node {} in this graph", id.value);
    return found->second;
}

void Graph::rename(NodeId id, std::string name) {
    auto& node = at(id);
    byName_.erase(node.name);
    byName_.emplace(name, id);
    node.name = std::move(name);
}

const Graph* Network::findGraph(std::string_view name) const {
    if (name.empty())
        return &main;
    const auto found = blocks.find(name);
    return found == blocks.end() ? nullptr : &found->second.graph;
}

const Graph& Network::graph(std::string_view name) const {
    if (const auto* found = findGraph(name))
        return *found;
    throw Error("the network has no block \"{}\"", name);
}

Graph& Network::graph(std::string_view name) {
    return const_cast<Graph&>(std::as_const(*this).graph(name));
}

void dropDefaults(Node& node) {
    const auto* use = node.layerUse();
    const auto* def = use ? findLayer(use->layer) : nullptr;
    if (!def)
        return;
    std::erase_if(node.params, [&](const auto& entry) {
        const auto* spec = findParam(def->params, entry.first);
        return spec && spec->defaultValue == entry.second;
    });
}

std::optional<PortCounts> portsOf(const Network& network, const Node& node) {
    if (const auto* use = node.layerUse()) {
        const auto* def = findLayer(use->layer);
        if (!def)
            return {};
        return PortCounts{def->minInputs, def->maxInputs, def->outputs(node.params)};
    }
    const auto found = network.blocks.find(node.blockUse()->block);
    if (found == network.blocks.end())
        return {};
    const auto inputs = nodesOfLayer(found->second.graph, "block-input").size();
    return PortCounts{inputs, inputs, nodesOfLayer(found->second.graph, "block-output").size()};
}

std::vector<NodeId> nodesOfLayer(const Graph& graph, std::string_view layer) {
    std::vector<NodeId> ids;
    for (const auto& [id, node] : graph.nodes())
        if (const auto* use = node.layerUse(); use && use->layer == layer)
            ids.push_back(id);
    return ids;
}

std::optional<std::string> whyNotPorts(const Graph& graph, PortRef from, PortRef to,
                                       const std::optional<PortCounts>& source,
                                       const std::optional<PortCounts>& target) {
    const auto outputs = source ? source->outputs : kMaxUnknownPorts;
    if (from.port.index() >= outputs)
        return fmt::format("{} has {}; there is no output {}.", nameOf(graph, from.node),
                           counted(outputs, "output"), from.port.value);
    const auto inputs = target ? target->maxInputs : kMaxUnknownPorts;
    if (to.port.index() >= inputs)
        return fmt::format("{} has {}; there is no input {}.", nameOf(graph, to.node),
                           counted(inputs, "input"), to.port.value);
    if (const auto* taken = graph.linkInto(to))
        return fmt::format("Input {} of {} already takes a link from {}; an input takes one.",
                           to.port.value, nameOf(graph, to.node), nameOf(graph, taken->from.node));
    return {};
}

std::optional<std::string> whyNotLink(const Network& network, std::string_view graphName,
                                      PortRef from, PortRef to) {
    const auto& graph = network.graph(graphName);
    const auto* source = graph.find(from.node);
    const auto* target = graph.find(to.node);
    if (!source || !target)
        return fmt::format("A link joins two nodes of one graph; there is no node {}.",
                           source ? to.node.value : from.node.value);
    if (from.node == to.node)
        return fmt::format("{} cannot feed itself.", source->name);
    if (auto why =
            whyNotPorts(graph, from, to, portsOf(network, *source), portsOf(network, *target)))
        return why;
    if (reaches(graph, to.node, from.node))
        return fmt::format("{} already leads to {}: the link would close a cycle.", target->name,
                           source->name);
    return {};
}

std::optional<std::string> whyNotName(const Graph& graph, std::string_view name) {
    if (name.empty() || name.size() > kMaxNameLength)
        return fmt::format("A name has 1 to {} characters; received {}.", kMaxNameLength,
                           name.size());
    // Not std::isalnum, which depends on the locale.
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-';
    };
    if (!std::ranges::all_of(name, fits))
        return fmt::format(
            "A name is made of letters, digits, \"-\" and \"_\", since weights are filed under it; "
            "received \"{}\".",
            excerpt(name));
    if (graph.findByName(name))
        return fmt::format("There is already a node called \"{}\" in this graph.", name);
    return {};
}

} // namespace gradwright
