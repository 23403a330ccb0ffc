// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/clipboard.h"

#include "engine/graph/blocks.h"
#include "engine/graph/network_json.h"
#include "engine/project/block_piece.h"
#include "engine/project/canvas_boxes.h"
#include "engine/project/project_file.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <utility>

namespace gradwright {

namespace {

constexpr auto kFormat = "gradwright nodes";

/// Reads the clipboard into edits, one after the other.
class Paster {
public:
    Paster(const Project& project, const std::string& graph, Point offset)
        : project_(project)
        , where_(graph)
        , offset_(offset)
        , graph_(project.network.graph(graph)) {}

    Pasted run(const Json& json) {
        readBlocks(json);
        MoveNodes moves{where_, {}};
        for (const Json& entry : required(json, "nodes", "the clipboard"))
            readNode(entry, moves);
        for (const Json& entry : required(json, "links", "the clipboard"))
            readLink(entry);
        if (!moves.to.empty())
            group_.push_back({std::move(moves)});
        if (json.contains("canvas"))
            readBoxes(canvasFromJson(json["canvas"]));
        pasted_.edit = {std::move(group_)};
        return std::move(pasted_);
    }

private:
    void readBlocks(const Json& json) {
        if (!json.contains("blocks"))
            return;
        BlockImport import = importBlocks(project_, blockPieceFromJson(json["blocks"]));
        blocks_ = std::move(import.names);
        gradwright::apply(project_, import.edit);
        group_.push_back(std::move(import.edit));
    }

    void readNode(const Json& entry, MoveNodes& moves) {
        Node node = nodeFromJson(required(entry, "node", "the clipboard"));
        const Json& at = required(entry, "position", "the clipboard");
        if (!at.is_array() || at.size() != 2 || !at[0].is_number() || !at[1].is_number())
            throw Error("The clipboard's position {} is not two numbers", dumpExcerpt(at));
        if (auto* const use = std::get_if<BlockUse>(&node.use)) {
            if (const auto name = blocks_.find(use->block); name != blocks_.end())
                use->block = name->second;
            if (!where_.empty() && contains(project_.network, use->block, where_))
                throw Error("The block \"{}\" would contain itself", where_);
        }
        const NodeId old = std::exchange(node.id, graph_.freshNodeId());
        if (graph_.findByName(node.name) != nullptr) {
            std::string stem = node.name;
            while (stem.size() > 1 && stem.back() >= '0' && stem.back() <= '9')
                stem.pop_back();
            node.name = graph_.freshName(stem);
        }
        renumbered_[old] = node.id;
        const Point place{at[0].get<double>() + offset_.x, at[1].get<double>() + offset_.y};
        pasted_.items.nodes[node.id] = place;
        moves.to[node.id] = place;
        graph_.insert(node);
        group_.push_back({NetworkEdit{AddNode{where_, std::move(node)}}});
    }

    void readLink(const Json& entry) {
        Link link = linkFromJson(entry);
        if (!renumbered_.contains(link.from.node) || !renumbered_.contains(link.to.node))
            throw Error("The clipboard has a link to a layer that is not on it");
        link.id = graph_.freshLinkId();
        link.from.node = renumbered_.at(link.from.node);
        link.to.node = renumbered_.at(link.to.node);
        graph_.insert(link);
        group_.push_back({NetworkEdit{AddLink{where_, std::move(link)}}});
    }

    void readBoxes(const Canvas& canvas) {
        AddedBoxes added = addBoxes(
            canvas, project_.canvas,
            [this](std::string& graph, Point& at) {
                graph = where_;
                at = {at.x + offset_.x, at.y + offset_.y};
                return true;
            },
            group_);
        pasted_.items.frames = std::move(added.frames);
        pasted_.items.notes = std::move(added.notes);
    }

    Project project_; ///< a copy, with the blocks that come along
    std::string where_;
    Point offset_;
    Graph graph_; ///< names and ids are taken one after the other
    std::map<std::string, std::string, std::less<>> blocks_;
    std::map<NodeId, NodeId> renumbered_;
    ProjectEdit::Group group_;
    Pasted pasted_;
};

} // namespace

std::string copyItems(const Project& project, const std::string& graphName, const Copied& what) {
    const Graph& graph = project.network.graph(graphName);
    Json json = {{"format", kFormat}, {"nodes", Json::array()}, {"links", Json::array()}};
    std::set<std::string> blocks;
    for (const auto& [id, at] : what.nodes) {
        const Node& node = *graph.find(id);
        json["nodes"].push_back({{"node", toJson(node)}, {"position", {at.x, at.y}}});
        if (const BlockUse* const use = node.blockUse())
            blocks.insert(use->block);
    }
    std::set<LinkId> links;
    for (const auto& [node, at] : what.nodes)
        for (const LinkId id : graph.linksOf(node))
            if (const Link& link = *graph.find(id);
                what.nodes.contains(link.from.node) && what.nodes.contains(link.to.node))
                links.insert(id);
    for (const LinkId id : links)
        json["links"].push_back(toJson(*graph.find(id)));
    if (!blocks.empty())
        json["blocks"] = toJson(takeBlocks(project, blocks));
    Canvas canvas;
    for (const FrameId id : what.frames)
        canvas.frames[id] = project.canvas.frames.at(id);
    for (const NoteId id : what.notes)
        canvas.notes[id] = project.canvas.notes.at(id);
    if (!canvas.frames.empty() || !canvas.notes.empty())
        json["canvas"] = toJson(canvas);
    return json.dump(1);
}

Pasted pasteItems(const Project& project, const std::string& graph, std::string_view text,
                  Point offset) {
    constexpr auto nothing = "The clipboard holds no layers; copy some on a canvas first";
    Json json;
    try {
        json = parseJson(text, "the clipboard");
    } catch (const Error&) {
        throw Error(nothing); // any text may be there
    }
    if (!json.is_object() || json.value("format", Json()) != Json(kFormat))
        throw Error(nothing);
    return Paster(project, graph, offset).run(json);
}

} // namespace gradwright
