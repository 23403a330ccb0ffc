// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"

#include <QPointF>
#include <QString>

#include <optional>

namespace gradwright {

class CanvasContext;

/// Draws a frame around the selected nodes; nothing where that cannot be done.
std::optional<FrameId> frameSelection(CanvasContext& canvas);
void setFrameTitle(CanvasContext& canvas, FrameId id, const QString& title);
/// Adds an empty note; nothing where that cannot be done.
std::optional<NoteId> addNote(CanvasContext& canvas, QPointF at);
/// A note without a text is removed.
void setNoteText(CanvasContext& canvas, NoteId id, const QString& text);

} // namespace gradwright
