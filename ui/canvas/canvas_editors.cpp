// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/canvas_editors.h"

#include "engine/layers/catalog.h"
#include "engine/support/error.h"
#include "ui/canvas/block_commands.h"
#include "ui/canvas/box_commands.h"
#include "ui/canvas/canvas_edits.h"
#include "ui/canvas/canvas_scene.h"
#include "ui/canvas/frame_item.h"
#include "ui/canvas/inline_editor.h"
#include "ui/canvas/layer_commands.h"
#include "ui/canvas/note_editor.h"
#include "ui/canvas/note_item.h"
#include "ui/theme/text.h"

#include <QGraphicsView>

#include <algorithm>
#include <utility>

namespace gradwright {

CanvasEditors::CanvasEditors(QGraphicsView& view, CanvasScene& scene)
    : QObject(&view)
    , view_(&view)
    , scene_(&scene) {
    connect(scene_, &CanvasScene::linkDroppedOnVoid, this,
            [this](const Port& from, QPointF at) { quickAdd(at, from); });
    connect(scene_, &CanvasScene::voidActivated, this, [this](QPointF at) { quickAdd(at); });
    connect(scene_, &CanvasScene::frameActivated, this, &CanvasEditors::renameFrame);
    connect(scene_, &CanvasScene::noteActivated, this, &CanvasEditors::editNote);
}

std::vector<QuickAdd::Entry> CanvasEditors::entriesFor(const std::optional<Port>& port) const {
    std::vector<QuickAdd::Entry> entries;
    for (const LayerDef& layer : layerCatalog())
        if (fits(scene_->canvas(), layer, port))
            entries.push_back({layer.key, qstr(layer.title), qstr(layer.doc),
                               layer.hasOutput ? iconOf(layer.category) : QStringLiteral("output"),
                               layer.category});
    const auto block = [&](const std::string& key, const std::string& name, const QString& doc) {
        entries.push_back({key, qstr(name), doc, QStringLiteral("block"), Category::Shape});
    };
    for (const auto& [name, definition] : scene_->canvas().project().network.blocks)
        if (fits(scene_->canvas(), name, port))
            block(std::string(kBlockKey) + name, name, tr("A block of this project"));
    if (myBlocks_ != nullptr)
        for (const MyBlocks::Entry& each : myBlocks_->presets())
            if (!scene_->canvas().project().network.blocks.contains(each.name)) // else listed above
                block(std::string(kSavedKey) + each.file.string(), each.name, qstr(each.doc));
    if (myBlocks_ != nullptr)
        for (const MyBlocks::Entry& each : myBlocks_->entries())
            block(std::string(kSavedKey) + each.file.string(), each.name, tr("One of my blocks"));
    return entries;
}

void CanvasEditors::quickAdd(QPointF scenePosition, const std::optional<Port>& port) {
    openQuickAdd(scenePosition, port, [this, scenePosition, port](const std::string& layer) {
        if (port)
            addLinkedLayer(scene_->canvas(), layer, scenePosition, *port);
        else
            scene_->addLayer(layer, scenePosition);
    });
}

void CanvasEditors::openQuickAdd(QPointF scenePosition, const std::optional<Port>& port,
                                 std::function<void(const std::string&)> take) {
    auto* const popup = new QuickAdd(scene_->canvas().themes(), entriesFor(port), view_);
    connect(popup, &QuickAdd::chosen, this,
            [this, take = std::move(take)](const std::string& layer) {
                try {
                    take(layer);
                } catch (const Error& error) {
                    Q_EMIT scene_->hint(QString::fromUtf8(error.what()));
                }
                view_->setFocus();
            });
    popup->move(view_->viewport()->mapToGlobal(view_->mapFromScene(scenePosition)) + QPoint(8, 8));
    popup->show();
}

void CanvasEditors::quickAddHere() {
    openQuickAdd(here(), {}, [this, at = here()](const std::string& layer) {
        addBehindSelection(scene_->canvas(), layer, at);
        const std::vector<NodeId> added = scene_->selectedNodes();
        if (const NodeItem* const item =
                added.size() == 1 ? scene_->nodeItem(added.front()) : nullptr)
            view_->ensureVisible(item->sceneBoundingRect(), 40, 40);
    });
}

/// Under the pointer, or in the middle where that is elsewhere.
QPointF CanvasEditors::here() const {
    const QPoint pointer = view_->viewport()->mapFromGlobal(QCursor::pos());
    const bool isInside = view_->viewport()->rect().contains(pointer);
    return view_->mapToScene(isInside ? pointer : view_->viewport()->rect().center());
}

void CanvasEditors::edit(const QRectF& place, const QString& text,
                         std::function<void(const QString&)> take) {
    constexpr int kLeastWidth = 120;
    constexpr int kHeight = 28;
    view_->ensureVisible(place, 8, 8);
    const QRect box = view_->mapFromScene(place).boundingRect();
    auto* const editor = new InlineEditor(text, std::move(take), view_->viewport());
    const int width = std::max(box.width(), kLeastWidth);
    editor->setGeometry(std::clamp(box.left(), 0, std::max(0, view_->viewport()->width() - width)),
                        box.center().y() - kHeight / 2, width, kHeight);
    editor->show();
    editor->setFocus();
}

void CanvasEditors::renameNode(NodeId id) {
    const NodeItem* const item = scene_->nodeItem(id);
    if (item != nullptr)
        edit(QRectF(item->pos(), metrics::nodeRect().size()), item->look().name,
             [this, id](const QString& name) {
                 gradwright::renameNode(scene_->canvas(), id, name);
             });
}

void CanvasEditors::renameFrame(FrameId id) {
    const FrameItem* const item = scene_->frameItem(id);
    if (item != nullptr)
        edit(item->titleRect().translated(item->pos()), item->title(),
             [this, id](const QString& title) { setFrameTitle(scene_->canvas(), id, title); });
}

void CanvasEditors::renameBlockOf(NodeId id) {
    const Node* const node = scene_->graph().find(id);
    const NodeItem* const item = scene_->nodeItem(id);
    if (node != nullptr && item != nullptr && node->blockUse() != nullptr)
        edit(QRectF(item->pos(), metrics::nodeRect().size()), qstr(node->blockUse()->block),
             [this, block = node->blockUse()->block](const QString& name) {
                 renameBlock(scene_->canvas(), block, name);
             });
}

void CanvasEditors::editNote(NoteId id) {
    const NoteItem* const item = scene_->noteItem(id);
    if (item == nullptr)
        return;
    constexpr QSize kLeast{200, 96};
    view_->ensureVisible(item->sceneRect(), 8, 8);
    const QRect box = view_->mapFromScene(item->sceneRect()).boundingRect();
    auto* const editor = new NoteEditor(
        item->text(), [this, id](const QString& text) { setNoteText(scene_->canvas(), id, text); },
        view_->viewport());
    editor->setGeometry(QRect(box.topLeft(), box.size().expandedTo(kLeast)));
    editor->show();
    editor->setFocus();
}

void CanvasEditors::addNote(QPointF at) {
    if (const auto made = gradwright::addNote(scene_->canvas(), at))
        editNote(*made);
}

void CanvasEditors::addNoteHere() {
    addNote(here());
}

void CanvasEditors::frameSelection() {
    if (const auto made = gradwright::frameSelection(scene_->canvas()))
        renameFrame(*made);
}

void CanvasEditors::renameSelected() {
    const std::vector<NodeId> nodes = scene_->selectedNodes();
    const std::vector<FrameId> frames = scene_->selectedFrames();
    if (nodes.size() == 1)
        renameNode(nodes.front());
    else if (nodes.empty() && frames.size() == 1)
        renameFrame(frames.front());
    else if (const auto notes = scene_->canvas().selection().notes();
             nodes.empty() && notes.size() == 1)
        editNote(notes.front());
    else
        Q_EMIT scene_->hint(tr("Select one layer, frame or note to rename it."));
}

} // namespace gradwright

#include "moc_canvas_editors.cpp"
