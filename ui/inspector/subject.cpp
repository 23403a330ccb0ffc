// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspector/subject.h"

#include "engine/graph/blocks.h"
#include "engine/layers/catalog.h"

#include <algorithm>
#include <set>
#include <utility>

namespace gradwright {

namespace {

const LayerDef* layerOf(const Node& node) {
    return node.layerUse() != nullptr ? findLayer(node.layerUse()->layer) : nullptr;
}

/// "filters_out" as "Filters out": labels look alike whoever named the parameter.
std::string readableKey(std::string key) {
    std::ranges::replace(key, '_', ' ');
    if (!key.empty() && key.front() >= 'a' && key.front() <= 'z')
        key.front() = static_cast<char>(key.front() - 'a' + 'A');
    return key;
}

ParamSpecs paramsOfBlock(const Network& network, const BlockUse& use) {
    ParamSpecs specs = {
        intParam(kRepeatKey, "Repeat", 1, 1, static_cast<double>(kMaxRepeat),
                 "Number of copies of the block in a row, each with its own weights.")};
    const auto block = network.blocks.find(use.block);
    if (block == network.blocks.end())
        return specs;
    for (const PromotedParam& promoted : block->second.promoted) {
        if (findParam(specs, promoted.key) != nullptr)
            continue; // one key may set several: they are alike
        const auto promotion = promotionOf(network, use.block, promoted.key);
        if (!promotion)
            continue;
        ParamSpec spec = *promotion->spec;
        spec.key = promoted.key;
        if (promoted.key != promoted.param)
            spec.title = readableKey(promoted.key);
        spec.defaultValue = promotion->value;
        spec.visibleWhen.reset();
        spec.advanced = false;
        specs.push_back(std::move(spec));
    }
    return specs;
}

/// Whether one editor can stand for both.
bool alike(const ParamSpec& a, const ParamSpec& b) {
    return a.type == b.type && a.minLength == b.minLength && a.maxLength == b.maxLength &&
           std::ranges::equal(a.choices, b.choices, {}, &ParamChoice::key, &ParamChoice::key);
}

/// Narrows a range to what both take.
void narrow(ParamSpec& spec, const ParamSpec& other) {
    if (other.minimum > spec.minimum)
        spec.minimumExclusive = other.minimumExclusive;
    if (other.maximum < spec.maximum)
        spec.maximumExclusive = other.maximumExclusive;
    spec.minimum = std::max(spec.minimum, other.minimum);
    spec.maximum = std::min(spec.maximum, other.maximum);
}

} // namespace

ParamSpecs paramsOf(const Network& network, const Node& node) {
    if (const BlockUse* const block = node.blockUse())
        return paramsOfBlock(network, *block);
    const LayerDef* const layer = layerOf(node);
    return layer != nullptr ? layer->params : ParamSpecs{};
}

Subject::Subject(const Network& network, std::string graph, const std::vector<NodeId>& nodes)
    : graph_(std::move(graph)) {
    const Graph* const drawn = network.findGraph(graph_);
    if (drawn == nullptr)
        return;
    for (const NodeId id : nodes)
        if (const Node* const node = drawn->find(id))
            nodes_.push_back(node);
    if (nodes_.empty())
        return;
    layer_ = layerOf(*nodes_.front());
    specs_ = paramsOf(network, *nodes_.front());
    std::set<std::string> seen; // the parameters of a kind of node need to be compared once
    for (const Node* const node : nodes_) {
        if (layerOf(*node) != layer_)
            layer_ = nullptr;
        const std::string kind = node->layerUse() != nullptr ? "layer " + node->layerUse()->layer
                                                             : "block " + node->blockUse()->block;
        const bool fresh = seen.insert(kind).second;
        const ParamSpecs own = fresh ? paramsOf(network, *node) : ParamSpecs{};
        std::erase_if(specs_, [&](ParamSpec& spec) {
            if (!fresh)
                return false;
            const ParamSpec* const other = findParam(own, spec.key);
            if (other == nullptr || !alike(spec, *other))
                return true;
            narrow(spec, *other);
            return false;
        });
    }
    for (const Node* const node : nodes_) {
        const LayerDef* const layer = layerOf(*node);
        std::erase_if(specs_, [&](const ParamSpec& spec) {
            const ParamSpec* const own =
                layer != nullptr ? findParam(layer->params, spec.key) : nullptr;
            return own != nullptr && !isVisible(*own, Params(layer->params, node->params));
        });
    }
}

std::optional<ParamValue> Subject::valueOf(const Node& node, const ParamSpec& spec) const {
    if (spec.key == kRepeatKey && node.blockUse() != nullptr)
        return node.blockUse()->repeat;
    if (const auto found = node.params.find(spec.key); found != node.params.end()) {
        // A file may have brought another type to a block, whose parameters nothing declares.
        if (found->second.index() != spec.defaultValue.index())
            return {};
        return found->second;
    }
    if (const LayerDef* const layer = layerOf(node))
        return Params(layer->params, node.params).value(spec.key);
    return spec.defaultValue;
}

std::optional<ParamValue> Subject::value(const ParamSpec& spec) const {
    std::optional<ParamValue> common;
    for (const Node* const node : nodes_) {
        std::optional<ParamValue> own = valueOf(*node, spec);
        if (!own || (common && common != own))
            return {};
        common = std::move(own);
    }
    return common;
}

NetworkEdit Subject::edit(const std::string& key, const std::optional<ParamValue>& value) const {
    NetworkEdit::Group all;
    for (const Node* const node : nodes_) {
        if (key == kRepeatKey)
            all.push_back(
                {SetRepeat{graph_, node->id, value ? std::get<std::int64_t>(*value) : 1}});
        else
            all.push_back({SetParam{graph_, node->id, key, value}});
    }
    if (all.size() == 1)
        return all.front();
    return {std::move(all)};
}

} // namespace gradwright
