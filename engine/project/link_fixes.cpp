// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/link_fixes.h"

#include "engine/layers/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace gradwright {
namespace {

constexpr std::size_t kMostRemarks = 50; ///< that get a fix; nobody works through more
constexpr std::size_t kMostTried = 24;   ///< outputs for each of them

using FlatByNode = std::map<NodeId, std::size_t>;

/// What a layer says of a shape at one of its inputs.
Inferred answerTo(const Analysis& analysis, std::size_t index, PortIndex port, const Shape& shape) {
    const auto& flat = analysis.flat.nodes[index];
    if (!flat.layer || !flat.layer->infer)
        return LayerProblem{};
    std::vector<Shape> shapes;
    const auto& inputs = analysis.nodes[index].inputs;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (i == port.value)
            shapes.push_back(shape);
        else if (inputs[i])
            shapes.push_back(*inputs[i]);
        else
            return shape; // what arrives there is not known either, so nothing speaks against it
    }
    return flat.layer->infer({Params(flat.layer->params, flat.params), shapes});
}

bool takes(const Analysis& analysis, std::size_t index, PortIndex port, const Shape& shape) {
    return std::holds_alternative<Shape>(answerTo(analysis, index, port, shape));
}

/// The layer that the fed one proposes in front of this input, if what it makes of the shape fits.
const InsertLayerProposal* adapterIn(const LayerProblem& problem, const Analysis& analysis,
                                     std::size_t index, PortIndex port, const Shape& shape) {
    for (const auto& proposal : problem.proposals) {
        const auto* const insert = std::get_if<InsertLayerProposal>(&proposal.action);
        if (insert == nullptr || insert->input != port)
            continue;
        const auto& def = layer(insert->layer);
        const std::vector<Shape> shapes{shape};
        const auto made = def.infer({Params(def.params, insert->params), shapes});
        if (const auto* const fitting = std::get_if<Shape>(&made);
            fitting != nullptr && takes(analysis, index, port, *fitting))
            return insert;
    }
    return nullptr;
}

Fix linkThrough(const Graph& graph, const Place& place, PortRef from, PortRef to,
                const InsertLayerProposal& adapter) {
    Node node{graph.freshNodeId(), graph.freshName(adapter.layer), LayerUse{adapter.layer},
              adapter.params};
    const PortRef middle{node.id, {0}};
    const LinkId first = graph.freshLinkId();
    const Link into{.id = first, .from = from, .to = middle};
    const Link outOf{.id = {first.value + 1}, .from = middle, .to = to};
    return {fmt::format("Link {} via {}", graph.find(from.node)->name, layer(adapter.layer).title),
            {NetworkEdit::Group{{AddNode{place.graph, std::move(node)}},
                                {AddLink{place.graph, into}},
                                {AddLink{place.graph, outOf}}}}};
}

struct Candidate {
    NodeId node;
    bool feeds;      ///< something already
    bool isBehind;   ///< along the flow
    double distance; ///< on the canvas
};

std::vector<Candidate> candidatesFor(const Project& project, const Place& place) {
    const auto& graph = project.network.graph(place.graph);
    const auto graphs = project.canvas.positions.find(place.graph);
    const auto positionOf = [&](NodeId id) -> std::optional<Point> {
        if (graphs == project.canvas.positions.end() || !graphs->second.contains(id))
            return {};
        return graphs->second.at(id);
    };
    const auto own = positionOf(*place.node);
    std::vector<Candidate> found;
    for (const auto& entry : graph.nodes()) {
        const NodeId id = entry.first;
        const auto ports = portsOf(project.network, entry.second);
        if (id == *place.node || !ports || ports->outputs == 0)
            continue;
        const bool feeds = std::ranges::any_of(
            graph.linksOf(id), [&](LinkId link) { return graph.find(link)->from.node == id; });
        // Without places, what was drawn last before it is next to it.
        Candidate each{
            id, feeds, id.value > place.node->value,
            std::abs(static_cast<double>(id.value) - static_cast<double>(place.node->value))};
        if (const auto at = positionOf(id); at && own) {
            const bool down = project.canvas.flow == Flow::Down;
            each.isBehind = down ? at->y >= own->y : at->x >= own->x;
            each.distance = std::hypot(at->x - own->x, at->y - own->y);
        }
        found.push_back(each);
    }
    std::ranges::sort(found, {}, [](const Candidate& each) {
        return std::tuple(each.feeds, each.isBehind, each.distance, each.node);
    });
    return found;
}

std::optional<Fix> linkFixFor(const Project& project, const Analysis& analysis,
                              const FlatByNode& flats, const Place& place) {
    const auto& graph = project.network.graph(place.graph);
    const auto target = flats.find(*place.node);
    std::size_t tried = 0;
    for (const auto& candidate : candidatesFor(project, place)) {
        if (++tried > kMostTried)
            break;
        const PortRef from{candidate.node, {0}};
        const PortRef to{*place.node, *place.input};
        if (whyNotLink(project.network, place.graph, from, to))
            continue;
        if (const auto source = flats.find(candidate.node);
            source != flats.end() && target != flats.end()) {
            const auto& known = analysis.nodes[source->second];
            if (known.state == ShapeState::Contradiction)
                continue;
            if (known.state == ShapeState::Known) {
                const auto answer = answerTo(analysis, target->second, *place.input, known.output);
                const auto* const problem = std::get_if<LayerProblem>(&answer);
                // Of layers that feed others already, one that fits as it is is meant.
                const auto* const adapter =
                    problem == nullptr || candidate.feeds
                        ? nullptr
                        : adapterIn(*problem, analysis, target->second, *place.input, known.output);
                if (adapter != nullptr)
                    return linkThrough(graph, place, from, to, *adapter);
                if (problem != nullptr)
                    continue;
            }
        }
        const Link link{.id = graph.freshLinkId(), .from = from, .to = to};
        return Fix{fmt::format("Link {} to it", graph.find(candidate.node)->name),
                   {AddLink{place.graph, link}}};
    }
    return {};
}

} // namespace

void addLinkFixes(const Project& project, Analysis& analysis) {
    std::map<std::string, FlatByNode> flats;
    std::size_t fixed = 0;
    for (auto& diagnostic : analysis.diagnostics) {
        if (!diagnostic.place.input || !diagnostic.place.node || fixed == kMostRemarks)
            continue;
        if (flats.empty())
            for (std::size_t i = 0; i < analysis.flat.nodes.size(); ++i)
                flats[analysis.flat.nodes[i].graph].emplace(analysis.flat.nodes[i].node, i);
        if (auto fix =
                linkFixFor(project, analysis, flats[diagnostic.place.graph], diagnostic.place)) {
            diagnostic.fixes.push_back(*std::move(fix));
            ++fixed;
        }
    }
}

} // namespace gradwright
