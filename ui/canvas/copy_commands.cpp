// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/copy_commands.h"

#include "ui/canvas/canvas_context.h"
#include "ui/canvas/canvas_text.h"
#include "ui/canvas/frame_item.h"
#include "ui/canvas/layer_commands.h"
#include "ui/canvas/note_item.h"
#include "ui/theme/text.h"

#include <QClipboard>
#include <QGuiApplication>

namespace gradwright {

namespace {

constexpr Point kPasteOffset{24, 24};

void pasteText(CanvasContext& canvas, const std::string& text, const QString& title) {
    canvas.attempt([&] {
        const Pasted pasted = pasteItems(canvas.project(), canvas.graphName(), text, kPasteOffset);
        canvas.document().perform(title, pasted.edit);
        std::vector<NodeId> nodes;
        for (const auto& [id, at] : pasted.items.nodes)
            nodes.push_back(id);
        canvas.selection().select(nodes);
        for (const FrameId id : pasted.items.frames)
            canvas.items().frame(id)->setSelected(true);
        for (const NoteId id : pasted.items.notes)
            canvas.items().note(id)->setSelected(true);
    });
}

} // namespace

Copied copiedItems(const CanvasContext& canvas) {
    const CanvasItems& items = canvas.items();
    Copied copied;
    for (const NodeId id : canvas.selection().nodes())
        copied.nodes[id] = items.positionOf(id);
    for (const NoteId id : canvas.selection().notes())
        copied.notes.insert(id);
    for (const FrameId id : canvas.selection().frames()) {
        copied.frames.insert(id);
        const QRectF frame = items.frame(id)->sceneRect();
        for (const auto& [node, item] : items.nodes())
            if (frame.contains(item->sceneRect()))
                copied.nodes[node] = items.positionOf(node);
        for (const auto& [note, item] : items.notes())
            if (frame.contains(item->sceneRect()))
                copied.notes.insert(note);
    }
    return copied;
}

void copySelection(const CanvasContext& canvas) {
    const Copied items = copiedItems(canvas);
    if (!items.isEmpty())
        QGuiApplication::clipboard()->setText(
            qstr(copyItems(canvas.project(), canvas.graphName(), items)));
}

void cutSelection(CanvasContext& canvas) {
    copySelection(canvas);
    removeSelection(canvas);
}

void paste(CanvasContext& canvas) {
    pasteText(canvas, QGuiApplication::clipboard()->text().toStdString(), canvasText("Paste"));
}

void duplicateSelection(CanvasContext& canvas) {
    const Copied items = copiedItems(canvas);
    if (!items.isEmpty())
        pasteText(canvas, copyItems(canvas.project(), canvas.graphName(), items),
                  canvasText("Duplicate"));
}

} // namespace gradwright
