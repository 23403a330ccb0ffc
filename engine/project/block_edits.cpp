// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/block_edits.h"

#include "engine/graph/blocks.h"
#include "engine/project/canvas_boxes.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <algorithm>
#include <limits>

namespace gradwright {
namespace {

// As the canvas draws nodes: what comes new must not cover what is there.
constexpr double kRow = 88;
constexpr double kColumn = 256;

struct Bounds {
    Point low{std::numeric_limits<double>::max(), std::numeric_limits<double>::max()};
    Point high{std::numeric_limits<double>::lowest(), std::numeric_limits<double>::lowest()};

    void add(const Point& point) {
        low = {std::min(low.x, point.x), std::min(low.y, point.y)};
        high = {std::max(high.x, point.x), std::max(high.y, point.y)};
    }
};

Bounds boundsOf(const std::map<NodeId, Point>& points) {
    Bounds bounds;
    for (const auto& [node, point] : points)
        bounds.add(point);
    return bounds;
}

const std::map<NodeId, Point>& positionsOf(const Project& project, std::string_view graph) {
    static const std::map<NodeId, Point> none;
    const auto found = project.canvas.positions.find(graph);
    return found == project.canvas.positions.end() ? none : found->second;
}

/// A row of ports, centred.
void placeRow(std::map<NodeId, std::optional<Point>>& to, const std::vector<NodeId>& ports,
              double middle, double across, Flow flow) {
    const auto pitch = flow == Flow::Down ? kColumn : kRow;
    auto along = middle - pitch * static_cast<double>(ports.size() - 1) / 2;
    for (const auto port : ports) {
        to[port] = flow == Flow::Down ? Point{along, across} : Point{across, along};
        along += pitch;
    }
}

/// Frames and notes of `from` go to `to`, or away.
void moveBoxes(const Project& project, const std::string& from, const std::string* to,
               ProjectEdit::Group& group) {
    const auto moved = [&](auto box) {
        std::optional<decltype(box)> result;
        if (to) {
            box.graph = *to;
            result = std::move(box);
        }
        return result;
    };
    for (const auto& [id, frame] : project.canvas.frames)
        if (frame.graph == from)
            group.push_back({SetFrame{id, moved(frame)}});
    for (const auto& [id, note] : project.canvas.notes)
        if (note.graph == from)
            group.push_back({SetNote{id, moved(note)}});
}

void moveCanvas(const Project& project, const std::string& from, const std::string* to,
                ProjectEdit::Group& group) {
    MoveNodes here{from, {}};
    MoveNodes there{to ? *to : from, {}};
    for (const auto& [node, point] : positionsOf(project, from)) {
        here.to[node] = std::nullopt;
        there.to[node] = point;
    }
    if (!here.to.empty()) {
        group.push_back({std::move(here)});
        if (to)
            group.push_back({std::move(there)});
    }
    if (const auto found = project.canvas.expanded.find(from);
        found != project.canvas.expanded.end())
        for (const auto node : found->second) {
            group.push_back({SetExpanded{from, node, false}});
            if (to)
                group.push_back({SetExpanded{*to, node, true}});
        }
    moveBoxes(project, from, to, group);
}

/// Frames and notes of `from` stand in `to` as well, moved by `by`.
void copyBoxes(const Project& project, const std::string& from, const std::string& to, Point by,
               ProjectEdit::Group& group) {
    addBoxes(
        project.canvas, project.canvas,
        [&](std::string& graph, Point& at) {
            if (graph != from)
                return false;
            graph = to;
            at = {at.x + by.x, at.y + by.y};
            return true;
        },
        group);
}

bool isExpanded(const Project& project, std::string_view graph, NodeId node) {
    const auto found = project.canvas.expanded.find(graph);
    return found != project.canvas.expanded.end() && found->second.contains(node);
}

MoveNodes forget(std::string_view graph, const std::vector<NodeId>& nodes) {
    MoveNodes move{std::string(graph), {}};
    for (const auto node : nodes)
        move.to[node] = std::nullopt;
    return move;
}

} // namespace

BlockChange groupIntoBlock(const Project& project, std::string_view graph,
                           const std::map<NodeId, Point>& at, const std::string& block) {
    std::vector<NodeId> nodes;
    for (const auto& [node, point] : at)
        nodes.push_back(node);
    auto grouping = groupNodes(project.network, graph, nodes, block);
    const auto bounds = boundsOf(at);
    const auto flow = project.canvas.flow;
    MoveNodes within{block, {}};
    for (const auto& [node, point] : at)
        within.to[node] = point;
    const Point middle{(bounds.low.x + bounds.high.x) / 2, (bounds.low.y + bounds.high.y) / 2};
    if (flow == Flow::Down) {
        placeRow(within.to, grouping.inputs, middle.x, bounds.low.y - kRow, flow);
        placeRow(within.to, grouping.outputs, middle.x, bounds.high.y + kRow, flow);
    } else {
        placeRow(within.to, grouping.inputs, middle.y, bounds.low.x - kColumn, flow);
        placeRow(within.to, grouping.outputs, middle.y, bounds.high.x + kColumn, flow);
    }
    ProjectEdit::Group group;
    ProjectEdit::Group expanded;
    if (const auto found = project.canvas.expanded.find(graph);
        found != project.canvas.expanded.end())
        for (const auto node : nodes)
            if (found->second.contains(node)) {
                group.push_back({SetExpanded{std::string(graph), node, false}});
                expanded.push_back({SetExpanded{block, node, true}});
            }
    group.push_back({std::move(grouping.edit)});
    group.push_back({forget(graph, nodes)});
    group.push_back({std::move(within)});
    std::ranges::move(expanded, std::back_inserter(group));
    group.push_back({MoveNodes{std::string(graph), {{grouping.instance, middle}}}});
    return {{std::move(group)}, {grouping.instance}};
}

BlockChange ungroupBlock(const Project& project, std::string_view graph, NodeId instance,
                         Point at) {
    auto ungrouping = ungroupNode(project.network, graph, instance);
    const auto block = project.network.graph(graph).find(instance)->blockUse()->block;
    const auto& inside = positionsOf(project, block);
    // In the middle of where the instance stood, as groupIntoBlock() has it.
    Bounds bounds;
    for (const auto& copy : ungrouping.copies)
        if (const auto point = inside.find(copy.inner); point != inside.end())
            bounds.add(point->second);
    const bool down = project.canvas.flow == Flow::Down;
    MoveNodes move{std::string(graph), {{instance, std::nullopt}}};
    BlockChange change;
    for (const auto& copy : ungrouping.copies) {
        change.nodes.push_back(copy.node);
        const auto point = inside.find(copy.inner);
        if (point == inside.end())
            continue; // laid out by the canvas
        const auto steps = static_cast<double>(copy.repetition - 1);
        const auto length =
            down ? bounds.high.y - bounds.low.y + kRow : bounds.high.x - bounds.low.x + kColumn;
        move.to[copy.node] = Point{point->second.x + at.x - (bounds.low.x + bounds.high.x) / 2 +
                                       (down ? 0 : steps * length),
                                   point->second.y + at.y - (bounds.low.y + bounds.high.y) / 2 +
                                       (down ? steps * length : 0)};
    }
    ProjectEdit::Group group;
    if (isExpanded(project, graph, instance))
        group.push_back({SetExpanded{std::string(graph), instance, false}});
    // What is written on the block's canvas stands beside its first repetition.
    if (bounds.low.x <= bounds.high.x)
        copyBoxes(
            project, block, std::string(graph),
            {at.x - (bounds.low.x + bounds.high.x) / 2, at.y - (bounds.low.y + bounds.high.y) / 2},
            group);
    if (ungrouping.lastUse)
        moveCanvas(project, block, nullptr, group);
    group.push_back({std::move(ungrouping.edit)});
    group.push_back({std::move(move)});
    change.edit = {std::move(group)};
    return change;
}

ProjectEdit renameBlock(const Project& project, const std::string& from, const std::string& to) {
    ProjectEdit::Group group{{NetworkEdit{RenameBlock{from, to}}}};
    if (from != to)
        moveCanvas(project, from, &to, group);
    return {std::move(group)};
}

ProjectEdit removeBlock(const Project& project, const std::string& name) {
    ProjectEdit::Group group;
    moveCanvas(project, name, nullptr, group);
    group.push_back({NetworkEdit{RemoveBlock{name}}});
    return {std::move(group)};
}

BlockChange makeUnique(const Project& project, std::string_view graphName, NodeId instance) {
    const auto& graph = project.network.graph(graphName);
    const auto* node = graph.find(instance);
    const auto* use = node ? node->blockUse() : nullptr;
    const auto found = use ? project.network.blocks.find(use->block) : project.network.blocks.end();
    if (found == project.network.blocks.end())
        throw Error("only an instance of a block can have a block of its own");
    const auto name = freshBlockName(project.network, use->block);
    const std::string where(graphName);
    auto copy = *node;
    copy.id = graph.freshNodeId();
    copy.use = BlockUse{name, use->repeat};
    NetworkEdit::Group edits{{AddBlock{name, found->second}}};
    // A node's kind is fixed, so another one takes its place: name, links and promotions as before.
    std::vector<Link> links;
    for (const auto id : graph.linksOf(instance)) {
        links.push_back(*graph.find(id));
        edits.push_back({RemoveLink{where, id}});
    }
    const auto around = project.network.blocks.find(graphName);
    std::vector<PromotedParam> promoted;
    if (around != project.network.blocks.end()) {
        promoted = around->second.promoted;
        auto without = promoted;
        std::erase_if(without, [&](const PromotedParam& each) { return each.node == instance; });
        for (auto& each : promoted)
            if (each.node == instance)
                each.node = copy.id;
        edits.push_back({SetPromoted{where, std::move(without)}});
    }
    edits.push_back({RemoveNode{where, instance}});
    edits.push_back({AddNode{where, copy}});
    for (auto& link : links) {
        (link.from.node == instance ? link.from : link.to).node = copy.id;
        edits.push_back({AddLink{where, std::move(link)}});
    }
    if (around != project.network.blocks.end())
        edits.push_back({SetPromoted{where, std::move(promoted)}});

    ProjectEdit::Group group;
    const bool expanded = isExpanded(project, graphName, instance);
    if (expanded)
        group.push_back({SetExpanded{where, instance, false}});
    group.push_back({NetworkEdit{std::move(edits)}});
    if (expanded)
        group.push_back({SetExpanded{where, copy.id, true}});
    MoveNodes move{where, {{instance, std::nullopt}}};
    if (const auto at = positionsOf(project, graphName).find(instance);
        at != positionsOf(project, graphName).end())
        move.to[copy.id] = at->second;
    MoveNodes inside{name, {}};
    for (const auto& [id, point] : positionsOf(project, use->block))
        inside.to[id] = point;
    group.push_back({std::move(move)});
    group.push_back({std::move(inside)});
    if (const auto open = project.canvas.expanded.find(use->block);
        open != project.canvas.expanded.end())
        for (const auto id : open->second)
            group.push_back({SetExpanded{name, id, true}});
    copyBoxes(project, use->block, name, {}, group);
    return {{std::move(group)}, {copy.id}};
}

} // namespace gradwright
