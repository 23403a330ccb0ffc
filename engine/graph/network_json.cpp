// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/network_json.h"

#include "engine/graph/edit.h"
#include "engine/layers/catalog.h"
#include "engine/support/error.h"

#include <algorithm>

namespace gradwright {
namespace {

constexpr std::size_t kMaxNodes = 100'000;

std::uint32_t idOf(const Json& json, std::string_view what) {
    if (!json.is_number_unsigned() || json.get<std::uint64_t>() >= 0xFFFF'FFF0ULL)
        throw Error("{} must be a whole number, not {}", what, json.dump());
    return json.get<std::uint32_t>();
}

std::string textOf(const Json& json, std::string_view what) {
    if (!json.is_string())
        throw Error("{} must be a text, not {}", what, json.dump());
    return json.get<std::string>();
}

Json portToJson(PortRef port) {
    return Json::array({port.node.value, port.port.value});
}

PortRef portFromJson(const Json& json, std::string_view what) {
    if (!json.is_array() || json.size() != 2)
        throw Error("{} must be [node, port], not {}", what, json.dump());
    return {{idOf(json[0], what)}, {idOf(json[1], what)}};
}

Json paramsToJson(const Node& node) {
    Json json = Json::object();
    const auto* use = node.layerUse();
    const auto* def = use ? findLayer(use->layer) : nullptr;
    for (const auto& [key, value] : node.params) {
        const auto* spec = def ? findParam(def->params, key) : nullptr;
        if (!spec || spec->standard != value)
            json[key] = toJson(value);
    }
    return json;
}

ParamType guessType(const Json& json) {
    if (json.is_boolean())
        return ParamType::Bool;
    if (json.is_number_integer())
        return ParamType::Int;
    if (json.is_number())
        return ParamType::Real;
    return json.is_array() ? ParamType::Tuple : ParamType::Text;
}

/// Without a declaration (a block's promoted parameter, a layer of a later version) the JSON type
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
    if (!json.is_object())
        throw Error("params must be an object, not {}", json.dump());
    ParamValues values;
    for (const auto& [key, value] : json.items()) {
        const auto* spec = def ? findParam(def->params, key) : nullptr;
        values.emplace(key, spec ? paramFromJson(*spec, value) : looseParam(key, value));
    }
    return values;
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

void readNodes(Network& network, const std::string& name, const Json& json, std::string_view what) {
    for (const auto& entry : requiredArray(json, "nodes", what))
        apply(network, {AddNode{name, nodeFromJson(entry)}});
}

void readLinks(Network& network, const std::string& name, const Json& json, std::string_view what) {
    for (const auto& entry : requiredArray(json, "links", what)) {
        auto link = linkFromJson(entry);
        const auto id = link.id;
        try {
            apply(network, {AddLink{name, std::move(link)}});
        } catch (const Error& error) {
            throw Error("{}, link {}: {}", what, id.value, error.what());
        }
    }
}

std::vector<PromotedParam> promotedFromJson(const Json& json) {
    std::vector<PromotedParam> promoted;
    for (const auto& entry : json)
        promoted.push_back({textOf(required(entry, "key", "a promoted parameter"), "key"),
                            {idOf(required(entry, "node", "a promoted parameter"), "node")},
                            textOf(required(entry, "param", "a promoted parameter"), "param")});
    return promoted;
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

Json unknownKeys(const Json& object, std::initializer_list<std::string_view> known) {
    Json rest = Json::object();
    for (const auto& [key, value] : object.items())
        if (std::ranges::find(known, key) == known.end())
            rest[key] = value;
    return rest;
}

Json toJson(const Node& node) {
    Json json = {{"id", node.id.value}, {"name", node.name}};
    if (const auto* use = node.layerUse()) {
        json["layer"] = use->layer;
    } else {
        json["block"] = node.blockUse()->block;
        json["repeat"] = node.blockUse()->repeat;
    }
    if (auto params = paramsToJson(node); !params.empty())
        json["params"] = std::move(params);
    json.update(node.extra);
    return json;
}

Json toJson(const Link& link) {
    Json json = {
        {"id", link.id.value}, {"from", portToJson(link.from)}, {"to", portToJson(link.to)}};
    json.update(link.extra);
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
            if (!repeat.is_number_integer() || repeat.get<std::int64_t>() < 1 ||
                repeat.get<std::int64_t>() > 1000)
                throw Error("repeat must be from 1 to 1000, not {}", repeat.dump());
            node.use = BlockUse{textOf(json["block"], "block"), repeat.get<std::int64_t>()};
        } else {
            auto key = textOf(required(json, "layer", "it"), "layer");
            def = findLayer(key);
            node.use = LayerUse{std::move(key)};
        }
        if (json.contains("params"))
            node.params = paramsFromJson(json["params"], def);
    } catch (const Error& error) {
        throw Error("node \"{}\": {}", node.name, error.what());
    }
    node.extra = unknownKeys(json, {"id", "name", "layer", "block", "repeat", "params"});
    return node;
}

Link linkFromJson(const Json& json) {
    Link link;
    link.id = {idOf(required(json, "id", "a link"), "a link's id")};
    link.from = portFromJson(required(json, "from", "a link"), "a link's from");
    link.to = portFromJson(required(json, "to", "a link"), "a link's to");
    link.extra = unknownKeys(json, {"id", "from", "to"});
    return link;
}

Json toJson(const Network& network) {
    auto json = graphToJson(network.main);
    json["blocks"] = Json::object();
    for (const auto& [name, block] : network.blocks) {
        auto entry = graphToJson(block.graph);
        entry["promoted"] = Json::array();
        for (const auto& promoted : block.promoted)
            entry["promoted"].push_back(
                {{"key", promoted.key}, {"node", promoted.node.value}, {"param", promoted.param}});
        entry["doc"] = block.doc;
        entry.update(block.extra);
        json["blocks"][name] = std::move(entry);
    }
    return json;
}

Network networkFromJson(const Json& json) {
    Network network;
    const auto blocks = json.is_object() ? json.value("blocks", Json::object()) : Json::object();
    if (!blocks.is_object())
        throw Error("blocks must be an object");
    const auto what = [](const std::string& name) { return fmt::format("block \"{}\"", name); };
    for (const auto& [name, entry] : blocks.items()) {
        apply(network, {AddBlock{name, {}}});
        auto& block = network.blocks.at(name);
        readNodes(network, name, entry, what(name));
        if (entry.contains("promoted"))
            block.promoted = promotedFromJson(entry["promoted"]);
        if (entry.contains("doc"))
            block.doc = textOf(entry["doc"], "doc");
        block.extra = unknownKeys(entry, {"nodes", "links", "promoted", "doc"});
    }
    readNodes(network, "", json, "the network");
    // Links last: whether one fits an instance is known once every block has its ports.
    for (const auto& [name, entry] : blocks.items())
        readLinks(network, name, entry, what(name));
    readLinks(network, "", json, "the network");
    return network;
}

} // namespace gradwright
