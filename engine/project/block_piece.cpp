// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/block_piece.h"

#include "engine/graph/blocks.h"
#include "engine/graph/network_json.h"
#include "engine/project/canvas_boxes.h"
#include "engine/project/project_file.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <functional>
#include <set>

namespace gradwright {
namespace {

template <class F>
void forEachUse(const Graph& graph, F visit) {
    for (const auto& [id, node] : graph.nodes())
        if (const auto* use = node.blockUse())
            visit(id, use->block);
}

/// The names that the blocks get in the project.
std::map<std::string, std::string, std::less<>> namesFor(const Network& network,
                                                         const BlockPiece& piece) {
    std::map<std::string, std::string, std::less<>> names;
    auto taken = network; // names are taken one after the other
    const auto rename = [&](const std::string& name) {
        names[name] = freshBlockName(taken, name);
        taken.blocks[names[name]] = {};
    };
    for (const auto& [name, block] : piece.blocks) {
        const auto old = network.blocks.find(name);
        // Instances whose block is missing were linked without knowing its ports.
        const bool fits =
            old == network.blocks.end() ? usesOf(network, name) == 0 : old->second == block;
        if (fits)
            names[name] = name;
    }
    for (const auto& [name, block] : piece.blocks) {
        if (!names.contains(name))
            rename(name);
        else if (!taken.blocks.contains(name))
            taken.blocks[name] = {};
    }
    // One that contains a block of a new name is not what the project has under its name.
    for (bool again = true; again;) {
        again = false;
        for (const auto& [name, block] : piece.blocks) {
            if (names[name] != name || !network.blocks.contains(name))
                continue;
            bool differs = false;
            forEachUse(block.graph, [&](NodeId, const std::string& used) {
                const auto found = names.find(used);
                differs = differs || (found != names.end() && found->second != used);
            });
            if (differs) {
                rename(name);
                again = true;
            }
        }
    }
    return names;
}

/// The names of the piece's blocks, each after those that it contains.
std::vector<std::string> innerFirst(const BlockPiece& piece) {
    std::vector<std::string> ordered;
    std::set<std::string> seen;
    const std::function<void(const std::string&)> visit = [&](const std::string& name) {
        const auto found = piece.blocks.find(name);
        if (found == piece.blocks.end() || !seen.insert(name).second)
            return;
        forEachUse(found->second.graph, [&](NodeId, const std::string& used) { visit(used); });
        ordered.push_back(name);
    };
    for (const auto& [name, block] : piece.blocks)
        visit(name);
    return ordered;
}

BlockDefinition renamed(BlockDefinition block,
                        const std::map<std::string, std::string, std::less<>>& names) {
    std::map<NodeId, std::string> uses;
    forEachUse(block.graph, [&](NodeId id, const std::string& used) {
        if (const auto found = names.find(used); found != names.end())
            uses[id] = found->second;
    });
    for (const auto& [id, name] : uses)
        std::get<BlockUse>(block.graph.at(id).use).block = name;
    return block;
}

} // namespace

BlockPiece takeBlocks(const Project& project, const std::set<std::string>& names) {
    BlockPiece piece;
    std::vector<std::string> open(names.begin(), names.end());
    while (!open.empty()) {
        const auto name = std::move(open.back());
        open.pop_back();
        const auto found = project.network.blocks.find(name);
        if (found == project.network.blocks.end() || piece.blocks.contains(name))
            continue;
        piece.blocks.emplace(name, found->second);
        forEachUse(found->second.graph,
                   [&](NodeId, const std::string& used) { open.push_back(used); });
    }
    const auto& canvas = project.canvas;
    for (const auto& [name, block] : piece.blocks) {
        if (const auto at = canvas.positions.find(name); at != canvas.positions.end())
            piece.canvas.positions.insert(*at);
        if (const auto at = canvas.expanded.find(name); at != canvas.expanded.end())
            piece.canvas.expanded.insert(*at);
    }
    for (const auto& [id, frame] : canvas.frames)
        if (piece.blocks.contains(frame.graph))
            piece.canvas.frames.emplace(id, frame);
    for (const auto& [id, note] : canvas.notes)
        if (piece.blocks.contains(note.graph))
            piece.canvas.notes.emplace(id, note);
    return piece;
}

Json toJson(const BlockPiece& piece) {
    Network network;
    network.blocks = piece.blocks;
    return {{"blocks", toJson(network)["blocks"]}, {"canvas", toJson(piece.canvas)}};
}

BlockPiece blockPieceFromJson(const Json& json) {
    const Json network = {{"nodes", Json::array()},
                          {"links", Json::array()},
                          {"blocks", required(json, "blocks", "a block")}};
    BlockPiece piece;
    try {
        piece.blocks = networkFromJson(network).blocks;
        piece.canvas = canvasFromJson(json.value("canvas", Json::object()));
    } catch (const Json::exception& error) {
        throw Error("a value has an unexpected type ({})", error.what());
    }
    piece.canvas.flow = Flow::Down; // the project it comes to has its own
    return piece;
}

BlockImport importBlocks(const Project& project, const BlockPiece& piece) {
    BlockImport result;
    result.names = namesFor(project.network, piece);
    const auto comes = [&](const std::string& name) {
        const auto found = result.names.find(name);
        return found != result.names.end() && !project.network.blocks.contains(found->second);
    };
    ProjectEdit::Group group;
    for (const auto& name : innerFirst(piece))
        if (comes(name))
            group.push_back({NetworkEdit{AddBlock{
                result.names.at(name), renamed(piece.blocks.find(name)->second, result.names)}}});
    for (const auto& [name, points] : piece.canvas.positions)
        if (comes(name))
            group.push_back({MoveNodes{result.names.at(name), {points.begin(), points.end()}}});
    for (const auto& [name, nodes] : piece.canvas.expanded)
        if (comes(name))
            for (const auto node : nodes)
                group.push_back({SetExpanded{result.names.at(name), node, true}});
    addBoxes(
        piece.canvas, project.canvas,
        [&](std::string& graph, Point&) {
            if (!comes(graph))
                return false;
            graph = result.names.at(graph);
            return true;
        },
        group);
    result.edit = {std::move(group)};
    return result;
}

} // namespace gradwright
