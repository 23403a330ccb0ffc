// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/canvas_boxes.h"

namespace gradwright {

namespace {

template <class Edit, class Boxes>
auto addEach(const Boxes& boxes, const Boxes& there, const PlaceBox& place,
             ProjectEdit::Group& group) {
    std::set<typename Boxes::key_type> added;
    auto fresh = freshId(there);
    for (const auto& [id, box] : boxes) {
        auto moved = box;
        if (!place(moved.graph, moved.position))
            continue;
        group.push_back({Edit{fresh, std::move(moved)}});
        added.insert(fresh);
        ++fresh.value;
    }
    return added;
}

} // namespace

AddedBoxes addBoxes(const Canvas& boxes, const Canvas& canvas, const PlaceBox& place,
                    ProjectEdit::Group& group) {
    AddedBoxes added;
    added.frames = addEach<SetFrame>(boxes.frames, canvas.frames, place, group);
    added.notes = addEach<SetNote>(boxes.notes, canvas.notes, place, group);
    return added;
}

} // namespace gradwright
