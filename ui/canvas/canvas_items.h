// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/canvas/link_item.h"
#include "ui/canvas/link_router.h"
#include "ui/canvas/node_item.h"
#include "ui/canvas/node_looks.h"

#include <QGraphicsScene>

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace gradwright {

class CanvasContext;
class FrameItem;
class NoteItem;

/// The items of the graph that is shown, and where they stand. They follow the document; nothing
/// here changes it.
class CanvasItems {
public:
    CanvasItems(QGraphicsScene& scene, const CanvasContext& canvas);

    [[nodiscard]] const std::map<NodeId, NodeItem*>& nodes() const { return nodes_; }
    [[nodiscard]] const std::map<LinkId, LinkItem*>& links() const { return links_; }
    [[nodiscard]] const std::map<FrameId, FrameItem*>& frames() const { return frames_; }
    [[nodiscard]] const std::map<NoteId, NoteItem*>& notes() const { return notes_; }
    /// Nullptr for what is not there.
    [[nodiscard]] NodeItem* node(NodeId id) const;
    [[nodiscard]] LinkItem* link(LinkId id) const;
    [[nodiscard]] FrameItem* frame(FrameId id) const;
    [[nodiscard]] NoteItem* note(NoteId id) const;
    [[nodiscard]] const NodeLooks& looks() const { return looks_; }

    [[nodiscard]] bool isBlank() const {
        return nodes_.empty() && frames_.empty() && notes_.empty();
    }
    /// Around all of them, or those that are selected.
    [[nodiscard]] QRectF contentRect(bool selectedOnly = false) const;
    /// Whether no node lies in the rectangle.
    [[nodiscard]] bool isFree(const QRectF& rect) const;
    [[nodiscard]] std::optional<Port> portAt(QPointF at) const;
    [[nodiscard]] LinkItem* linkAt(QPointF at) const;
    /// All of them in the order in which they are read, see ReadingOrder: a node is followed by the
    /// links that leave it, frames and notes stand where they lie.
    [[nodiscard]] std::vector<QGraphicsItem*> readingOrder() const;
    /// The nodes of that order alone.
    [[nodiscard]] std::vector<NodeId> nodesInOrder() const;
    /// As the project says, or as provided for until somebody moves the node.
    [[nodiscard]] Point positionOf(NodeId id) const;

    /// Ids are a graph's own: when another one is shown, nothing stays of this one.
    void forget();
    /// Nodes and links as they are now.
    void syncStructure();
    /// Ports and sizes.
    void syncForms();
    /// Whether the direction, or what blocks show of themselves, is another one than syncForms()
    /// found.
    [[nodiscard]] bool formsAreOld() const;
    /// Whether a block shows what is in it.
    [[nodiscard]] bool hasPreviews() const;
    void syncLooks();
    /// See NodeLooks::setOverlay().
    void setOverlay(const CanvasOverlay* overlay);
    void syncFramesAndNotes();
    /// Whether no node had a place, so that a layout is wanted.
    [[nodiscard]] bool syncPositions();
    /// Places for nodes that the project has none for.
    void provide(const std::map<NodeId, Point>& positions);
    void routeLinks();
    /// Nodes that are being dragged are in no link's way.
    void setDragged(std::set<NodeId> nodes) { dragged_ = std::move(nodes); }

private:
    [[nodiscard]] bool provideForNew();
    void makeRoom();

    QGraphicsScene* scene_;
    const CanvasContext* canvas_;
    NodeLooks looks_;
    std::map<NodeId, NodeItem*> nodes_;
    std::map<LinkId, LinkItem*> links_;
    std::map<LinkId, LinkPill*> pills_; ///< one of each link
    std::map<FrameId, FrameItem*> frames_;
    std::map<NoteId, NoteItem*> notes_;
    std::map<NodeId, Point> provided_; ///< for nodes that the project has no position for
    std::set<NodeId> dragged_;
    LinkRouter router_;
    QRectF room_;                 ///< to scroll in
    Flow shownFlow_ = Flow::Down; ///< as the forms have it
    bool showsPreviews_ = false;
};

} // namespace gradwright
