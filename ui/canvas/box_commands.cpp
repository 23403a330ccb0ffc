// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/box_commands.h"

#include "ui/canvas/canvas_context.h"
#include "ui/canvas/canvas_text.h"

namespace gradwright {

namespace {

constexpr double kMargin = 20;
constexpr double kTitleRoom = 32; // above the nodes
constexpr QSizeF kNoteSize{240, 96};

} // namespace

std::optional<FrameId> frameSelection(CanvasContext& canvas) {
    QRectF around;
    for (const NodeId id : canvas.selection().nodes())
        around |= canvas.items().node(id)->sceneRect();
    if (around.isEmpty()) {
        Q_EMIT canvas.hint(canvasText("Select the layers to put into a frame."));
        return {};
    }
    around.adjust(-kMargin, -kTitleRoom, kMargin, kMargin);
    Frame frame;
    frame.graph = canvas.graphName();
    frame.title = canvasText("Frame").toStdString();
    frame.position = {metrics::onGrid(around.x()), metrics::onGrid(around.y())};
    frame.width = metrics::onGrid(around.width());
    frame.height = metrics::onGrid(around.height());
    const FrameId id = freshId(canvas.project().canvas.frames);
    return canvas.perform(canvasText("Add frame"), {SetFrame{id, frame}}) ? std::optional(id)
                                                                          : std::nullopt;
}

void setFrameTitle(CanvasContext& canvas, FrameId id, const QString& title) {
    const auto at = canvas.project().canvas.frames.find(id);
    if (at == canvas.project().canvas.frames.end())
        return;
    Frame frame = at->second;
    frame.title = title.toStdString();
    canvas.perform(canvasText("Rename frame"), {SetFrame{id, std::move(frame)}});
}

std::optional<NoteId> addNote(CanvasContext& canvas, QPointF at) {
    Note note;
    note.graph = canvas.graphName();
    note.position = {metrics::onGrid(at.x()), metrics::onGrid(at.y())};
    note.width = kNoteSize.width();
    note.height = kNoteSize.height();
    const NoteId id = freshId(canvas.project().canvas.notes);
    return canvas.perform(canvasText("Add note"), {SetNote{id, note}}) ? std::optional(id)
                                                                       : std::nullopt;
}

void setNoteText(CanvasContext& canvas, NoteId id, const QString& text) {
    const auto at = canvas.project().canvas.notes.find(id);
    if (at == canvas.project().canvas.notes.end())
        return;
    // One that was left empty is nothing that anyone would miss.
    std::optional<Note> note = at->second;
    if (text.trimmed().isEmpty())
        note.reset();
    else
        note->text = text.toStdString();
    canvas.perform(note ? canvasText("Edit note") : canvasText("Delete note"),
                   {SetNote{id, std::move(note)}});
}

} // namespace gradwright
