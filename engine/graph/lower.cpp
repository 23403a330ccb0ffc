// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/lower.h"

#include "engine/support/error.h"

#include <algorithm>

namespace gradwright {
namespace {

/// What keeps the nodes that reach an output from running, as one message.
void requireRunnable(const Analysis& analysis) {
    std::string reasons;
    int shown = 0;
    for (const auto& diagnostic : analysis.diagnostics) {
        const bool isError = diagnostic.severity == Severity::Error;
        const auto& path = diagnostic.place.path;
        const auto node = std::ranges::find(analysis.flat.nodes, path, &FlatNode::path);
        const bool blocks =
            node != analysis.flat.nodes.end() &&
            analysis.nodes[static_cast<std::size_t>(node - analysis.flat.nodes.begin())]
                .reachesOutput;
        if (!isError && !blocks)
            continue;
        if (++shown <= 3)
            reasons += fmt::format("{}{}{}", reasons.empty() ? "" : " ",
                                   path.empty() ? "" : path + ": ", diagnostic.message);
    }
    if (shown > 0)
        throw Error("The network cannot run yet. {}", reasons);
    const bool hasOutput = std::ranges::any_of(
        analysis.nodes, [](const NodeAnalysis& node) { return node.reachesOutput; });
    if (!hasOutput)
        throw Error("The network cannot run yet. It has no Output; add one at its end.");
    for (std::size_t i = 0; i < analysis.nodes.size(); ++i)
        if (analysis.nodes[i].reachesOutput && analysis.nodes[i].state != ShapeState::Known)
            throw Error("The network cannot run yet. The shape at {} is not known.",
                        analysis.flat.nodes[i].path);
}

} // namespace

OpGraph lower(const Analysis& analysis) {
    requireRunnable(analysis);
    OpGraph graph;
    std::vector<ValueId> values(analysis.nodes.size());
    for (std::size_t i = 0; i < analysis.nodes.size(); ++i) {
        if (!analysis.nodes[i].reachesOutput)
            continue;
        const auto& node = analysis.flat.nodes[i];
        std::vector<ValueId> inputs;
        for (const auto& source : node.inputs)
            inputs.push_back(values[*source]);
        if (node.layer->lower) {
            LowerContext context(graph, Params(node.layer->params, node.params), std::move(inputs),
                                 node.path);
            values[i] = node.layer->lower(context);
        } else if (node.inputs.empty()) {
            values[i] = graph.addInput(node.path, {analysis.nodes[i].output});
        } else {
            values[i] = inputs[0];
            if (node.graph.empty())
                graph.addOutput(node.path, inputs[0]);
        }
    }
    return graph;
}

OpGraph lower(const Network& network) {
    return lower(analyze(network));
}

} // namespace gradwright
