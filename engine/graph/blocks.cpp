// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/blocks.h"

#include "engine/layers/catalog.h"
#include "engine/support/error.h"

#include <algorithm>
#include <map>
#include <set>

namespace gradwright {
namespace {

const BlockDefinition& definitionOf(const Network& network, std::string_view block) {
    const auto found = network.blocks.find(block);
    if (found == network.blocks.end())
        throw Error("the network has no block \"{}\"", block);
    return found->second;
}

std::optional<Promotion> promotionWithin(const Network& network, std::string_view block,
                                         std::string_view key, std::size_t depth) {
    constexpr std::size_t most = 32; // a file may hold blocks that contain themselves
    const auto found = network.blocks.find(block);
    if (found == network.blocks.end() || depth > most)
        return {};
    const auto& promoted = found->second.promoted;
    const auto entry = std::ranges::find(promoted, key, &PromotedParam::key);
    const auto* node = entry == promoted.end() ? nullptr : found->second.graph.find(entry->node);
    if (!node)
        return {};
    const auto set = node->params.find(entry->param);
    std::optional<Promotion> result;
    if (const auto* use = node->blockUse()) {
        result = promotionWithin(network, use->block, entry->param, depth + 1);
    } else if (const auto* def = findLayer(node->layerUse()->layer)) {
        if (const auto* spec = findParam(def->params, entry->param))
            result = Promotion{spec, spec->defaultValue};
    }
    if (result && set != node->params.end())
        result->value = set->second;
    return result;
}

} // namespace

std::string freshBlockName(const Network& network, std::string_view stem) {
    // Instances may name a block whose definition is missing.
    const auto isFree = [&](std::string_view name) {
        return !network.blocks.contains(name) && usesOf(network, name) == 0;
    };
    if (isFree(stem))
        return std::string(stem);
    for (std::size_t number = 2;; ++number)
        if (auto name = fmt::format("{} {}", stem, number); isFree(name))
            return name;
}

std::size_t usesOf(const Network& network, std::string_view block) {
    std::size_t count = 0;
    forEachGraph(network, [&](std::string_view, const Graph& graph) {
        for (const auto& [id, node] : graph.nodes())
            if (const auto* use = node.blockUse(); use && use->block == block)
                ++count;
    });
    return count;
}

bool contains(const Network& network, std::string_view block, std::string_view within) {
    std::set<std::string, std::less<>> seen;
    std::vector<std::string> open = {std::string(block)};
    while (!open.empty()) {
        const auto name = std::move(open.back());
        open.pop_back();
        if (name == within)
            return true;
        const auto found = network.blocks.find(name);
        if (found == network.blocks.end() || !seen.insert(name).second)
            continue;
        for (const auto& [id, node] : found->second.graph.nodes())
            if (const auto* use = node.blockUse())
                open.push_back(use->block);
    }
    return false;
}

std::optional<Promotion> promotionOf(const Network& network, std::string_view block,
                                     std::string_view key) {
    return promotionWithin(network, block, key, 0);
}

NetworkEdit promote(const Network& network, const std::string& block, NodeId node,
                    const std::string& param) {
    const auto& definition = definitionOf(network, block);
    const auto* target = definition.graph.find(node);
    if (!target)
        throw Error("the block \"{}\" has no node {}", block, node.value);
    auto promoted = definition.promoted;
    const auto taken = [&](const std::string& key) {
        return std::ranges::find(promoted, key, &PromotedParam::key) != promoted.end();
    };
    auto key = param;
    if (taken(key))
        key = fmt::format("{}_{}", target->name, param);
    for (std::size_t number = 2; taken(key); ++number)
        key = fmt::format("{}_{}_{}", target->name, param, number);
    promoted.push_back({key, node, param});
    return {SetPromoted{block, std::move(promoted)}};
}

NetworkEdit demote(const Network& network, const std::string& block, NodeId node,
                   const std::string& param) {
    auto promoted = definitionOf(network, block).promoted;
    const auto found = std::ranges::find_if(promoted, [&](const PromotedParam& each) {
        return each.node == node && each.param == param;
    });
    if (found == promoted.end())
        throw Error("the block \"{}\" does not promote {} of node {}", block, param, node.value);
    const auto key = found->key;
    promoted.erase(found);
    NetworkEdit::Group edits;
    if (std::ranges::find(promoted, key, &PromotedParam::key) == promoted.end())
        forEachGraph(network, [&](std::string_view name, const Graph& graph) {
            for (const auto& [id, each] : graph.nodes())
                if (const auto* use = each.blockUse();
                    use && use->block == block && each.params.contains(key))
                    edits.push_back({SetParam{std::string(name), id, key, {}}});
        });
    edits.push_back({SetPromoted{block, std::move(promoted)}});
    return {std::move(edits)};
}

} // namespace gradwright
