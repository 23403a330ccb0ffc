// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/canvas/canvas_edits.h"

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace gradwright {

/// What is copied of a graph.
struct Copied {
    std::map<NodeId, Point> nodes; ///< with their places
    std::set<FrameId> frames;
    std::set<NoteId> notes;
    [[nodiscard]] bool isEmpty() const { return nodes.empty() && frames.empty() && notes.empty(); }
};

/// As JSON, so that it goes from window to window and into a text: the nodes, the links among them,
/// the blocks that they use, frames and notes, with their places.
std::string copyItems(const Project& project, const std::string& graph, const Copied& what);

struct Pasted {
    ProjectEdit edit;
    Copied items;
};
/// Adds what copyItems() wrote, moved by `offset`, under new names. Throws Error when the text is
/// something else, or holds the block that it is pasted into.
Pasted pasteItems(const Project& project, const std::string& graph, std::string_view text,
                  Point offset);

} // namespace gradwright
