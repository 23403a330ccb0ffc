// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/canvas/node_item.h"
#include "ui/canvas/quick_add.h"
#include "ui/document/my_blocks.h"

#include <QObject>

#include <functional>
#include <optional>
#include <vector>

class QGraphicsView;

namespace gradwright {

class CanvasScene;

/// What is typed on the canvas itself: names, titles and notes in place, and the list of layers to
/// add.
class CanvasEditors final : public QObject {
    Q_OBJECT

public:
    CanvasEditors(QGraphicsView& view, CanvasScene& scene);

    /// Offered by quick-add.
    void setMyBlocks(const MyBlocks& blocks) { myBlocks_ = &blocks; }
    /// Opens the list of layers to add at a place; those that fit behind or before `port`, and with
    /// a link to it, when it is given.
    void quickAdd(QPointF scenePosition, const std::optional<Port>& port = {});
    /// The same under the pointer, or in the middle where the pointer is elsewhere.
    /// Behind the only selected layer, or at the pointer.
    void quickAddHere();

    /// Names the selected node or frame anew, or edits the selected note.
    void renameSelected();
    void renameNode(NodeId id);
    void renameFrame(FrameId id);
    void renameBlockOf(NodeId instance);
    void editNote(NoteId id);
    /// A note at the place, and its text to type.
    void addNote(QPointF at);
    /// The same under the pointer, or in the middle of what is seen.
    void addNoteHere();
    /// A frame around the selected nodes, and its title to type.
    void frameSelection();

private:
    void openQuickAdd(QPointF scenePosition, const std::optional<Port>& port,
                      std::function<void(const std::string&)> take);
    [[nodiscard]] std::vector<QuickAdd::Entry> entriesFor(const std::optional<Port>& port) const;
    void edit(const QRectF& place, const QString& text, std::function<void(const QString&)> take);
    [[nodiscard]] QPointF here() const;

    QGraphicsView* view_;
    CanvasScene* scene_;
    const MyBlocks* myBlocks_ = nullptr;
};

} // namespace gradwright
