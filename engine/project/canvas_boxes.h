// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"

#include <functional>
#include <set>
#include <string>

namespace gradwright {

struct AddedBoxes {
    std::set<FrameId> frames;
    std::set<NoteId> notes;
};

/// Says where a frame or a note goes by changing its graph and its place; false: it stays behind.
using PlaceBox = std::function<bool(std::string& graph, Point& at)>;

/// Appends edits that add the frames and notes of `boxes` to `canvas`, under ids that are free
/// there.
AddedBoxes addBoxes(const Canvas& boxes, const Canvas& canvas, const PlaceBox& place,
                    ProjectEdit::Group& group);

} // namespace gradwright
