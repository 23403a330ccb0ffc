// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/lower.h"

#include "engine/support/error.h"

#include <set>
#include <string>
#include <string_view>

namespace gradwright {
namespace {

/// What keeps the nodes that reach an output from running, as one message. Faults elsewhere don't
/// matter.
void requireRunnable(const Analysis& analysis) {
    std::set<std::string_view> known;
    std::string_view firstUnknown;
    bool hasOutput = false;
    for (std::size_t i = 0; i < analysis.nodes.size(); ++i) {
        const auto& node = analysis.nodes[i];
        hasOutput = hasOutput || node.reachesOutput;
        if (!node.reachesOutput || node.state == ShapeState::Known)
            known.insert(analysis.flat.nodes[i].path);
        else if (firstUnknown.empty())
            firstUnknown = analysis.flat.nodes[i].path;
    }
    if (!hasOutput)
        throw Error("The network cannot run yet. It has no Output; add one at its end.");
    if (firstUnknown.empty())
        return;
    std::string reasons;
    int shown = 0;
    for (const auto& diagnostic : analysis.diagnostics) {
        const auto& path = diagnostic.place.path;
        // The path of a block's instance is no flat node's: what is wrong there may matter.
        if (diagnostic.severity == Severity::Info || known.contains(path) || ++shown > 3)
            continue;
        reasons += fmt::format(" {}{}{}", path, path.empty() ? "" : ": ", diagnostic.message);
    }
    if (reasons.empty())
        reasons = fmt::format(" The shape at {} is not known.", firstUnknown);
    throw Error("The network cannot run yet.{}", reasons);
}

} // namespace

OpGraph lower(const Analysis& analysis, NodeValues& values) {
    requireRunnable(analysis);
    OpGraph graph;
    values.assign(analysis.nodes.size(), {});
    for (std::size_t i = 0; i < analysis.nodes.size(); ++i) {
        if (!analysis.nodes[i].reachesOutput)
            continue;
        const auto& node = analysis.flat.nodes[i];
        std::vector<ValueId> inputs;
        for (const auto& source : node.inputs)
            inputs.push_back(values[source->node].at(source->output));
        if (node.layer->lower) {
            LowerContext context(graph, Params(node.layer->params, node.params), std::move(inputs),
                                 node.path);
            values[i] = {node.layer->lower(context)};
            values[i].insert(values[i].end(), context.further().begin(), context.further().end());
        } else if (node.inputs.empty()) {
            values[i] = {graph.addInput(node.path, {analysis.nodes[i].output})};
        } else {
            values[i] = {inputs[0]};
            if (node.graph.empty())
                graph.addOutput(node.path, inputs[0]);
        }
    }
    return graph;
}

OpGraph lower(const Analysis& analysis) {
    NodeValues values;
    return lower(analysis, values);
}

OpGraph lower(const Network& network) {
    return lower(analyze(network));
}

} // namespace gradwright
