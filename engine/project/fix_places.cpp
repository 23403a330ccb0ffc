// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/fix_places.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gradwright {
namespace {

// A layer as it is drawn, and from one to the next, in logical pixels.
constexpr double kDrawnWidth = 208;
constexpr double kDrawnHeight = 54;
constexpr double kDrawnRow = 88;
constexpr double kDrawnColumn = 256;

using Places = std::map<NodeId, Point>;

/// What an edit adds to one graph.
struct Additions {
    std::vector<NodeId> nodes;
    std::vector<Link> links;
};

void collect(const NetworkEdit& edit, std::map<std::string, Additions>& found) {
    if (const auto* const group = std::get_if<NetworkEdit::Group>(&edit.change))
        for (const auto& each : *group)
            collect(each, found);
    else if (const auto* const node = std::get_if<AddNode>(&edit.change))
        found[node->graph].nodes.push_back(node->node.id);
    else if (const auto* const link = std::get_if<AddLink>(&edit.change))
        found[link->graph].links.push_back(link->link);
}

/// Works on one graph, along the flow.
class Placer {
public:
    Placer(const Project& project, std::string graph, Places places)
        : project_(project)
        , graph_(std::move(graph))
        , before_(places)
        , places_(std::move(places))
        , down_(project.canvas.flow == Flow::Down)
        , frames_(project.canvas.frames)
        , notes_(project.canvas.notes) {}

    void place(NodeId id, const std::vector<Link>& links) {
        std::optional<Point> source;
        for (const auto& link : links)
            if (link.to.node == id && places_.contains(link.from.node))
                source = places_.at(link.from.node);
        const auto target = placedBehind(id, links);
        if (!source && !target)
            return;
        auto at = source ? moved(*source, pitch()) : moved(places_.at(*target), -pitch());
        // Where a column goes on beside its start, what follows stands before its source and needs
        // no room: pushing it behind would push the whole network out of sight.
        if (target && source && along(places_.at(*target)) > along(*source))
            makeRoom(along(at) + pitch(), *target);
        while (!isFree(at))
            (down_ ? at.x : at.y) += down_ ? kDrawnColumn : kDrawnRow;
        places_[id] = at;
    }

    ProjectEdit::Group edits() {
        ProjectEdit::Group found;
        MoveNodes move{graph_, {}};
        for (const auto& [id, at] : places_)
            if (const auto old = before_.find(id); old == before_.end() || old->second != at)
                move.to.emplace(id, at);
        if (!move.to.empty())
            found.push_back({std::move(move)});
        for (const auto& [id, frame] : frames_)
            if (project_.canvas.frames.at(id) != frame)
                found.push_back({SetFrame{id, frame}});
        for (const auto& [id, note] : notes_)
            if (project_.canvas.notes.at(id) != note)
                found.push_back({SetNote{id, note}});
        return found;
    }

private:
    /// The first layer with a place that the node leads to, through others that are added.
    [[nodiscard]] std::optional<NodeId> placedBehind(NodeId id,
                                                     const std::vector<Link>& links) const {
        for (std::size_t step = 0; step <= links.size(); ++step) {
            const auto next =
                std::ranges::find(links, id, [](const Link& link) { return link.from.node; });
            if (next == links.end())
                return {};
            id = next->to.node;
            if (places_.contains(id))
                return id;
        }
        return {};
    }

    [[nodiscard]] double pitch() const { return down_ ? kDrawnRow : kDrawnColumn; }
    [[nodiscard]] double along(const Point& at) const { return down_ ? at.y : at.x; }
    [[nodiscard]] Point moved(Point at, double by) const {
        (down_ ? at.y : at.x) += by;
        return at;
    }

    /// Pushes what stands at the node's height or beyond it so far that the node is at `least`.
    void makeRoom(double least, NodeId node) {
        const auto from = along(places_.at(node));
        const auto by = least - from;
        if (by <= 0)
            return;
        for (auto& [id, at] : places_)
            if (along(at) >= from)
                at = moved(at, by);
        for (auto& [id, frame] : frames_)
            if (frame.graph == graph_)
                pushBox(frame, from, by);
        for (auto& [id, note] : notes_)
            if (note.graph == graph_ && along(note.position) >= from)
                pushBox(note, from, by);
    }

    /// Behind the line it moves; across it, it grows.
    template <class Box>
    void pushBox(Box& box, double from, double by) const {
        if (along(box.position) >= from)
            box.position = moved(box.position, by);
        else if (along(box.position) + (down_ ? box.height : box.width) > from)
            (down_ ? box.height : box.width) += by;
    }

    [[nodiscard]] bool isFree(const Point& at) const {
        return std::ranges::none_of(places_, [&](const auto& entry) {
            return std::abs(entry.second.x - at.x) < kDrawnWidth &&
                   std::abs(entry.second.y - at.y) < kDrawnHeight;
        });
    }

    const Project& project_;
    std::string graph_;
    Places before_;
    Places places_;
    bool down_;
    std::map<FrameId, Frame> frames_;
    std::map<NoteId, Note> notes_;
};

} // namespace

ProjectEdit::Group placesFor(const Project& project, const NetworkEdit& edit) {
    std::map<std::string, Additions> additions;
    collect(edit, additions);
    ProjectEdit::Group edits;
    for (const auto& [graph, added] : additions) {
        const auto known = project.canvas.positions.find(graph);
        if (added.nodes.empty() || known == project.canvas.positions.end())
            continue;
        Placer placer(project, graph, known->second);
        for (const auto id : added.nodes)
            placer.place(id, added.links);
        auto found = placer.edits();
        edits.insert(edits.end(), std::make_move_iterator(found.begin()),
                     std::make_move_iterator(found.end()));
    }
    return edits;
}

} // namespace gradwright
