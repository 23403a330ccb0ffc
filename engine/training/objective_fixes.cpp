// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/objective_fixes.h"

#include "engine/layers/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace gradwright {
namespace {

bool isHead(const Graph& graph, NodeId id) {
    const auto* const use = graph.find(id)->layerUse();
    const auto* const def = use ? findLayer(use->layer) : nullptr;
    return def && def->traits.head;
}

/// Dense, and before it what its key says, where that is not empty.
Fix insertDense(const Graph& graph, const Link& into, std::string_view before, std::int64_t units) {
    NetworkEdit::Group edits{{RemoveLink{"", into.id}}};
    auto link = graph.freshLinkId();
    auto id = graph.freshNodeId();
    auto from = into.from;
    const auto add = [&](std::string_view key, std::string_view stem, ParamValues params) {
        edits.push_back({AddNode{
            "", Node{id, graph.freshName(stem), LayerUse{std::string(key)}, std::move(params)}}});
        edits.push_back({AddLink{"", Link{.id = link, .from = from, .to = {id, {0}}}}});
        from = {id, {0}};
        ++id.value;
        ++link.value;
    };
    if (!before.empty())
        add(before, before == "flatten" ? "flatten" : "pool", {});
    add("dense", "scores", {{"units", units}});
    edits.push_back({AddLink{"", Link{.id = link, .from = from, .to = into.to}}});
    return {before.empty() ? fmt::format("Insert Dense {}", units)
                           : fmt::format("Insert {} and Dense {}", layer(before).title, units),
            {std::move(edits)}};
}

} // namespace

std::vector<Fix> inputFix(const Network& network, const Analysis& analysis, const DataInfo& data) {
    const auto& graph = network.main;
    const Node node{graph.freshNodeId(),
                    graph.freshName("input"),
                    LayerUse{"input"},
                    {{"shape", IntTuple(data.input.dims())}}};
    NetworkEdit::Group edits{{AddNode{"", node}}};
    const auto isOpen = [&](const FlatNode& flat) {
        return flat.graph.empty() && flat.layer && flat.layer->maxInputs > 0 &&
               graph.find(flat.node) && !graph.linkInto({flat.node, {0}});
    };
    const auto open = std::ranges::find_if(analysis.flat.nodes, isOpen);
    if (open != analysis.flat.nodes.end())
        edits.push_back({AddLink{
            "", Link{.id = graph.freshLinkId(), .from = {node.id, {0}}, .to = {open->node, {0}}}}});
    return {{"Add an Input", {std::move(edits)}}};
}

Fix reshapeFix(const Network& network, NodeId input, const Shape& samples, const Shape& shape) {
    const auto& graph = network.main;
    const Node node{graph.freshNodeId(),
                    graph.freshName("reshape"),
                    LayerUse{"reshape"},
                    {{"shape", IntTuple(shape.dims())}}};
    NetworkEdit::Group edits{{SetParam{"", input, "shape", IntTuple(samples.dims())}},
                             {AddNode{"", node}}};
    auto fresh = graph.freshLinkId();
    for (const auto& [id, link] : graph.links()) {
        if (link.from.node != input)
            continue;
        edits.push_back({RemoveLink{"", id}});
        edits.push_back({AddLink{"", Link{.id = fresh, .from = {node.id, {0}}, .to = link.to}}});
        ++fresh.value;
    }
    edits.push_back({AddLink{"", Link{.id = fresh, .from = {input, {0}}, .to = {node.id, {0}}}}});
    return {fmt::format("Insert Reshape to {}", toString(shape)), {std::move(edits)}};
}

std::vector<Fix> unusedInputFixes(const Network& network, const Analysis& analysis) {
    std::vector<Fix> fixes;
    for (const auto id : nodesOfLayer(network.main, "input")) {
        const auto& name = network.main.find(id)->name;
        if (!analysis.nodes[analysis.indexOf(name)].reachesOutput)
            fixes.push_back({fmt::format("Remove {}", name), removeNodes(network, "", {id})});
    }
    return fixes;
}

std::vector<Fix> denseFixes(const Network& network, const Analysis& analysis, NodeId output,
                            std::int64_t units) {
    const auto& graph = network.main;
    const auto* link = graph.linkInto({output, {0}});
    while (link && isHead(graph, link->from.node))
        link = graph.linkInto({link->from.node, {0}});
    if (!link)
        return {};
    // What arrives there: the last repetition's, where a block's instance feeds it.
    const auto source = std::ranges::find_if(analysis.flat.nodes, [&](const FlatNode& flat) {
        return flat.graph.empty() && flat.node == link->to.node;
    });
    if (source == analysis.flat.nodes.end())
        return {};
    const auto& arriving =
        analysis.nodes[static_cast<std::size_t>(source - analysis.flat.nodes.begin())].inputs;
    if (arriving.empty() || !arriving.front())
        return {};
    const auto rank = arriving.front()->rank();
    if (rank == 1)
        return {insertDense(graph, *link, {}, units)};
    std::vector<Fix> fixes;
    if (rank > 2)
        fixes.push_back(insertDense(graph, *link, "global-average-pool", units));
    fixes.push_back(insertDense(graph, *link, "flatten", units));
    return fixes;
}

} // namespace gradwright
