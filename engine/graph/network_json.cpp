// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/network_json.h"

#include "engine/graph/edit.h"
#include "engine/graph/graph_index.h"
#include "engine/layers/catalog.h"
#include "engine/support/error.h"
#include "engine/support/json_numbers.h"

#include <algorithm>
#include <map>
#include <set>

namespace gradwright {
namespace {

constexpr std::size_t kMaxNodes = 100'000;

std::uint32_t idOf(const Json& json, std::string_view what) {
    // Half of the range: what is added later still gets ids of its own.
    constexpr std::uint64_t limit = 0x7FFF'FFFF;
    if (!json.is_number_integer() || json < 0 || json > limit)
        throw Error("{} must be a whole number from 0 to {}, not {}", what, limit,
                    dumpExcerpt(json));
    return json.get<std::uint32_t>();
}

std::string textOf(const Json& json, std::string_view what) {
    if (!json.is_string())
        throw Error("{} must be a text, not {}", what, dumpExcerpt(json));
    return json.get<std::string>();
}

Json portToJson(PortRef port) {
    return Json::array({port.node.value, port.port.value});
}

PortRef portFromJson(const Json& json, std::string_view what) {
    if (!json.is_array() || json.size() != 2)
        throw Error("{} must be [node, port], not {}", what, dumpExcerpt(json));
    return {{idOf(json[0], what)}, {idOf(json[1], what)}};
}

ParamType guessType(const Json& json) {
    if (json.is_boolean())
        return ParamType::Bool;
    if (isInt64(json))
        return ParamType::Int;
    if (json.is_number())
        return ParamType::Real;
    return json.is_array() ? ParamType::Tuple : ParamType::Text;
}

/// Without a declaration (a block's promoted parameter, one of a later version) the JSON type
/// decides.
ParamValue looseParam(const std::string& key, const Json& json) {
    ParamSpec spec;
    spec.key = key;
    spec.title = key;
    spec.type = guessType(json);
    spec.maxLength = 64;
    return paramFromJson(spec, json);
}

ParamValues paramsFromJson(const Json& json, const LayerDef* def) {
    return paramsFromJson(json, def ? def->params : ParamSpecs{}, "params", looseParam);
}

Json graphToJson(const Graph& graph) {
    Json json = {{"nodes", Json::array()}, {"links", Json::array()}};
    for (const auto& [id, node] : graph.nodes())
        json["nodes"].push_back(toJson(node));
    for (const auto& [id, link] : graph.links())
        json["links"].push_back(toJson(link));
    return json;
}

const Json& requiredArray(const Json& json, std::string_view key, std::string_view what) {
    const auto& list = required(json, key, what);
    if (!list.is_array())
        throw Error("{} must be a list in {}", key, what);
    if (list.size() > kMaxNodes)
        throw Error("{} holds {} entries, at most {} are read", key, list.size(), kMaxNodes);
    return list;
}

/// Inserts without apply(), whose checks for one edit would take quadratic time for a large file.
void readNodes(Graph& graph, const Json& json, std::string_view what) {
    for (const auto& entry : requiredArray(json, "nodes", what)) {
        auto node = nodeFromJson(entry);
        if (graph.find(node.id))
            throw Error("{}: two nodes have the id {}", what, node.id.value);
        if (const auto why = whyNotName(graph, node.name))
            throw Error("{}, node {}: {}", what, node.id.value, *why);
        graph.insert(std::move(node));
    }
}

/// A node on a cycle, found by walking against the links among those that have no order.
std::string nodeOnCycle(const Graph& graph, const std::vector<NodeId>& ordered) {
    std::set<NodeId> left;
    for (const auto& [id, node] : graph.nodes())
        left.insert(id);
    for (const auto id : ordered)
        left.erase(id);
    auto node = *left.begin();
    for (std::size_t steps = 0; steps < left.size(); ++steps)
        for (const auto id : graph.linksOf(node))
            if (const auto& link = *graph.find(id);
                link.to.node == node && left.contains(link.from.node)) {
                node = link.from.node;
                break;
            }
    return graph.find(node)->name;
}

/// Blocks are scanned for their ports once, not at every link.
class PortTable {
public:
    explicit PortTable(const Network& network)
        : network_(network) {}

    std::optional<PortCounts> of(const Node& node) {
        const auto* use = node.blockUse();
        if (!use)
            return portsOf(network_, node);
        auto found = blocks_.find(use->block);
        if (found == blocks_.end())
            found = blocks_.emplace(use->block, portsOf(network_, node)).first;
        return found->second;
    }

private:
    const Network& network_;
    std::map<std::string, std::optional<PortCounts>> blocks_;
};

void readLinks(Graph& graph, PortTable& ports, const Json& json, std::string_view what) {
    for (const auto& entry : requiredArray(json, "links", what)) {
        auto link = linkFromJson(entry);
        const auto refuse = [&](std::string_view why) {
            throw Error("{}, link {}: {}", what, link.id.value, why);
        };
        if (graph.find(link.id))
            refuse("two links have this id.");
        const auto* source = graph.find(link.from.node);
        const auto* target = graph.find(link.to.node);
        if (!source || !target)
            refuse(fmt::format("there is no node {}.",
                               source ? link.to.node.value : link.from.node.value));
        if (const auto why =
                whyNotPorts(graph, link.from, link.to, ports.of(*source), ports.of(*target)))
            refuse(*why);
        graph.insert(std::move(link));
    }
    const auto ordered = topologicalOrder(graph);
    if (ordered.size() != graph.nodes().size())
        throw Error("{}: the links close a cycle through {}; data must flow one way", what,
                    nodeOnCycle(graph, ordered));
}

/// The key that a layer's parameter has today.
std::string presentKey(const Graph& graph, NodeId id, std::string key) {
    const auto* node = graph.find(id);
    const auto* def = node && node->layerUse() ? findLayer(node->layerUse()->layer) : nullptr;
    const auto* spec = def ? findParamToRead(def->params, key) : nullptr;
    return spec ? spec->key : std::move(key);
}

std::vector<PromotedParam> promotedFromJson(const Json& json, const Graph& graph) {
    if (!json.is_array())
        throw Error("promoted must be a list, not {}", dumpExcerpt(json));
    constexpr std::string_view what = "a promoted parameter";
    std::vector<PromotedParam> promoted;
    for (const auto& entry : json) {
        const NodeId node{idOf(required(entry, "node", what), "node")};
        promoted.push_back(
            {textOf(required(entry, "key", what), "key"), node,
             presentKey(graph, node, textOf(required(entry, "param", what), "param")),
             UnknownKeys(entry, {"key", "node", "param"})});
    }
    return promoted;
}

void readBlock(Network& network, const std::string& name, const Json& json, std::string_view what) {
    auto& block = network.blocks.at(name);
    readNodes(block.graph, json, what);
    if (json.contains("promoted"))
        apply(network, {SetPromoted{name, promotedFromJson(json["promoted"], block.graph)}});
    if (json.contains("doc"))
        block.doc = textOf(json["doc"], "doc");
    block.extra = UnknownKeys(json, {"nodes", "links", "promoted", "doc"});
}

} // namespace

const Json& required(const Json& object, std::string_view key, std::string_view what) {
    if (!object.is_object())
        throw Error("{} must be an object", what);
    const auto found = object.find(key);
    if (found == object.end())
        throw Error("{} lacks \"{}\"", what, key);
    return *found;
}

Json toJson(const Node& node) {
    Json json = {{"id", node.id.value}, {"name", node.name}};
    if (const auto* use = node.layerUse()) {
        json["layer"] = use->layer;
    } else {
        json["block"] = node.blockUse()->block;
        json["repeat"] = node.blockUse()->repeat;
    }
    if (auto params = toJson(node.params); !params.empty())
        json["params"] = std::move(params);
    json.update(node.extra.json());
    return json;
}

Json toJson(const Link& link) {
    Json json = {
        {"id", link.id.value}, {"from", portToJson(link.from)}, {"to", portToJson(link.to)}};
    json.update(link.extra.json());
    return json;
}

Node nodeFromJson(const Json& json) {
    Node node;
    node.id = {idOf(required(json, "id", "a node"), "a node's id")};
    node.name = textOf(required(json, "name", "a node"), "a node's name");
    try {
        const LayerDef* def = nullptr;
        if (json.contains("block")) {
            const auto repeat = json.value("repeat", Json(1));
            if (!repeat.is_number_integer() || repeat < 1 || repeat > kMaxRepeat)
                throw Error("repeat must be from 1 to {}, not {}", kMaxRepeat, dumpExcerpt(repeat));
            node.use = BlockUse{textOf(json["block"], "block"), repeat.get<std::int64_t>()};
        } else {
            auto key = textOf(required(json, "layer", "it"), "layer");
            def = findLayer(key);
            node.use = LayerUse{std::move(key)};
        }
        node.extra = UnknownKeys(json, {"id", "name", "layer", "block", "repeat", "params"});
        const bool known = def || node.blockUse();
        if (json.contains("params") && known)
            node.params = paramsFromJson(json["params"], def);
        else if (json.contains("params"))
            node.extra.set("params", json["params"]); // of a later version: kept as they are
    } catch (const Error& error) {
        throw Error("node \"{}\": {}", excerpt(node.name), error.what());
    }
    dropDefaults(node);
    return node;
}

Link linkFromJson(const Json& json) {
    Link link;
    link.id = {idOf(required(json, "id", "a link"), "a link's id")};
    link.from = portFromJson(required(json, "from", "a link"), "a link's from");
    link.to = portFromJson(required(json, "to", "a link"), "a link's to");
    link.extra = UnknownKeys(json, {"id", "from", "to"});
    return link;
}

Json toJson(const Network& network) {
    auto json = graphToJson(network.main);
    json["blocks"] = Json::object();
    for (const auto& [name, block] : network.blocks) {
        auto entry = graphToJson(block.graph);
        entry["promoted"] = Json::array();
        for (const auto& promoted : block.promoted) {
            Json item = {
                {"key", promoted.key}, {"node", promoted.node.value}, {"param", promoted.param}};
            item.update(promoted.extra.json());
            entry["promoted"].push_back(std::move(item));
        }
        entry["doc"] = block.doc;
        entry.update(block.extra.json());
        json["blocks"][name] = std::move(entry);
    }
    json.update(network.extra.json());
    return json;
}

Network networkFromJson(const Json& json) {
    if (!json.is_object())
        throw Error("the network must be an object, not {}", dumpExcerpt(json));
    Network network;
    const auto blocks = json.value("blocks", Json::object());
    if (!blocks.is_object())
        throw Error("blocks must be an object, not {}", dumpExcerpt(blocks));
    const auto what = [](const std::string& name) { return fmt::format("block \"{}\"", name); };
    // All of them before what is inside: a block may contain a later one.
    for (const auto& [name, entry] : blocks.items())
        apply(network, {AddBlock{name, {}}});
    for (const auto& [name, entry] : blocks.items())
        readBlock(network, name, entry, what(name));
    readNodes(network.main, json, "the network");
    // Links last: whether one fits an instance is known once every block has its ports.
    PortTable ports(network);
    for (const auto& [name, entry] : blocks.items())
        readLinks(network.blocks.at(name).graph, ports, entry, what(name));
    readLinks(network.main, ports, json, "the network");
    network.extra = UnknownKeys(json, {"nodes", "links", "blocks"});
    return network;
}

} // namespace gradwright
