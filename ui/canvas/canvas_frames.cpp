// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/canvas_scene.h"
#include "ui/canvas/frame_item.h"
#include "ui/canvas/note_item.h"
#include "ui/canvas/sync_items.h"
#include "ui/theme/text.h"

#include <QSignalBlocker>

// Frames, titled rectangles that take the nodes inside along, and notes.
namespace gradwright {

namespace {

constexpr double kFrameMargin = 20;
constexpr double kTitleRoom = 32; // above the nodes
constexpr QSizeF kNoteSize{240, 96};

/// The items of the frames or notes that lie in a graph.
template <class Boxes, class Items, class F>
void syncBoxes(const Boxes& boxes, Items& items, const std::string& graph, F show) {
    dropGone(items, [&](auto id) {
        const auto at = boxes.find(id);
        return at != boxes.end() && at->second.graph == graph;
    });
    for (const auto& [id, box] : boxes)
        if (box.graph == graph)
            show(id, box, items[id]);
}

} // namespace

void CanvasScene::syncFrames() {
    const QSignalBlocker quiet(this);
    syncBoxes(document_->project().canvas.frames, frames_, scope_.graph,
              [this](FrameId id, const Frame& frame, FrameItem*& item) {
                  if (item == nullptr)
                      addItem(item = new FrameItem(id, *themes_));
                  item->setFrame(frame);
              });
}

void CanvasScene::frameSelection() {
    QRectF around;
    for (const NodeId id : selectedNodes())
        around |= nodes_.at(id)->sceneRect();
    if (around.isEmpty()) {
        Q_EMIT hint(tr("Select the layers that the frame shall hold."));
        return;
    }
    around.adjust(-kFrameMargin, -kTitleRoom, kFrameMargin, kFrameMargin);
    Frame frame;
    frame.graph = scope_.graph;
    frame.title = tr("Frame").toStdString();
    frame.position = {metrics::onGrid(around.x()), metrics::onGrid(around.y())};
    frame.width = metrics::onGrid(around.width());
    frame.height = metrics::onGrid(around.height());
    const FrameId id = freshId(document_->project().canvas.frames);
    if (perform(tr("Add frame"), {SetFrame{id, frame}}))
        Q_EMIT frameMade(id);
}

void CanvasScene::setFrameTitle(FrameId id, const QString& title) {
    const auto at = document_->project().canvas.frames.find(id);
    if (at == document_->project().canvas.frames.end())
        return;
    Frame frame = at->second;
    frame.title = title.toStdString();
    perform(tr("Rename frame"), {SetFrame{id, std::move(frame)}});
}

void CanvasScene::syncNotes() {
    const QSignalBlocker quiet(this);
    syncBoxes(document_->project().canvas.notes, notes_, scope_.graph,
              [this](NoteId id, const Note& note, NoteItem*& item) {
                  if (item == nullptr)
                      addItem(item = new NoteItem(id, *themes_));
                  item->setNote(note);
              });
}

void CanvasScene::addNote(QPointF at) {
    Note note;
    note.graph = scope_.graph;
    note.position = {metrics::onGrid(at.x()), metrics::onGrid(at.y())};
    note.width = kNoteSize.width();
    note.height = kNoteSize.height();
    const NoteId id = freshId(document_->project().canvas.notes);
    if (perform(tr("Add note"), {SetNote{id, note}}))
        Q_EMIT noteMade(id);
}

void CanvasScene::setNoteText(NoteId id, const QString& text) {
    const auto at = document_->project().canvas.notes.find(id);
    if (at == document_->project().canvas.notes.end())
        return;
    // One that was left empty is nothing that anyone would miss.
    std::optional<Note> note = at->second;
    if (text.trimmed().isEmpty())
        note.reset();
    else
        note->text = text.toStdString();
    perform(note ? tr("Edit note") : tr("Delete note"), {SetNote{id, std::move(note)}});
}

} // namespace gradwright
