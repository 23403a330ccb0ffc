// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/link_fixes.h"

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

/// What a layer is asked to take at one of its inputs.
bool takes(const Analysis& analysis, std::size_t index, PortIndex port, const Shape& shape) {
    const auto& flat = analysis.flat.nodes[index];
    if (!flat.layer || !flat.layer->infer)
        return false;
    std::vector<Shape> shapes;
    const auto& inputs = analysis.nodes[index].inputs;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (i == port.value)
            shapes.push_back(shape);
        else if (inputs[i])
            shapes.push_back(*inputs[i]);
        else
            return true; // what arrives there is not known either
    }
    return std::holds_alternative<Shape>(
        flat.layer->infer({Params(flat.layer->params, flat.params), shapes}));
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
            if (known.state == ShapeState::Contradiction ||
                (known.state == ShapeState::Known &&
                 !takes(analysis, target->second, *place.input, known.output)))
                continue;
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
