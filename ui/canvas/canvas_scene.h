// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/canvas/canvas_edits.h"
#include "ui/canvas/clipboard.h"
#include "ui/canvas/link_item.h"
#include "ui/canvas/link_router.h"
#include "ui/canvas/node_item.h"
#include "ui/canvas/node_looks.h"
#include "ui/document/graph_scope.h"
#include "ui/document/project_document.h"

#include <QGraphicsScene>

#include <map>
#include <optional>
#include <set>
#include <vector>

class QVariantAnimation;

namespace gradwright {

class CalloutItem;
class FrameItem;
class LayoutJob;
class NoteItem;

/// The drawing of one graph (the main one, or that of a block which has been entered) and the
/// gestures on it. Shows the document, and changes it by edits alone.
class CanvasScene final : public QGraphicsScene {
    Q_OBJECT
public:
    CanvasScene(ProjectDocument& document, const ThemeManager& themes, QObject* parent = nullptr);
    ~CanvasScene() override;

    // ---- what is shown and selected

    [[nodiscard]] const GraphScope& scope() const { return scope_; }
    [[nodiscard]] const Graph& graph() const;
    [[nodiscard]] Flow flow() const { return document_->project().canvas.flow; }
    /// Goes into the block of an instance on this canvas.
    void enter(NodeId instance);
    /// Back outwards, to that many blocks within each other.
    void leaveTo(std::size_t depth);
    /// Shows the graph of that name, wherever it is used first.
    void showGraph(const std::string& graph);

    [[nodiscard]] std::vector<NodeId> selectedNodes() const;
    [[nodiscard]] std::vector<LinkId> selectedLinks() const;
    [[nodiscard]] std::vector<FrameId> selectedFrames() const;
    [[nodiscard]] std::vector<NoteId> selectedNotes() const;
    void selectNodes(const std::vector<NodeId>& nodes);
    void selectAll();
    [[nodiscard]] const std::map<NodeId, NodeItem*>& nodeItems() const { return nodes_; }
    [[nodiscard]] const NodeItem* nodeItem(NodeId id) const;
    [[nodiscard]] const LinkItem* linkItem(LinkId id) const;
    [[nodiscard]] const FrameItem* frameItem(FrameId id) const;
    [[nodiscard]] const NoteItem* noteItem(NoteId id) const;
    [[nodiscard]] const CalloutItem* callout() const { return callout_; }
    /// Nodes and links in the order in which they are read: along the flow.
    [[nodiscard]] std::vector<QGraphicsItem*> readingOrder() const;
    /// Counts the changes of what is on the canvas.
    [[nodiscard]] int revision() const { return revision_; }
    [[nodiscard]] const NodeAnalysis* analysisOf(NodeId id) const;
    [[nodiscard]] const NodeLooks& looks() const { return looks_; }
    /// Of all nodes; of the selected ones, where there are any.
    [[nodiscard]] QRectF contentRect(bool selectedOnly = false) const;
    [[nodiscard]] bool isBlank() const {
        return nodes_.empty() && frames_.empty() && notes_.empty();
    }

    /// What it is drawn on.
    [[nodiscard]] QColor paper() const { return themes_->theme().canvas; }

    // ---- layers

    /// At the place, in the link under it where that fits; without a place, behind the selected
    /// node or below all others. Selects it. The key may also be one of a block.
    void addLayer(const std::string& key, std::optional<QPointF> center = {});
    /// The same, linked with a port.
    void addLinkedLayer(const std::string& key, QPointF center, const Port& port);
    /// Whether a layer could stand behind (an output) or before (an input) the port; without one,
    /// whether it may stand on this canvas at all.
    [[nodiscard]] bool fits(const LayerDef& layer, const std::optional<Port>& port) const;
    /// The same for a block of the project.
    [[nodiscard]] bool fits(const std::string& block, const std::optional<Port>& port) const;
    void renameNode(NodeId id, const QString& name);

    void removeSelection();
    /// What fed the selected layers then feeds what they fed.
    void removeAndClose();
    void copySelection() const;
    void cutSelection();
    void paste();
    void duplicateSelection();
    void moveSelection(QPointF by);

    enum class Edge { Left, Center, Right, Top, Middle, Bottom };
    void align(Edge edge);
    void distribute(Qt::Orientation orientation);

    // ---- blocks

    void groupSelection();
    void ungroupSelection();
    void toggleExpanded();
    void repeatSelection(std::int64_t times);
    void makeSelectionUnique();
    /// The instance that is selected alone, or the one that the canvas is in; nullptr when neither.
    [[nodiscard]] const Node* chosenInstance() const;
    void renameBlock(const std::string& block, const QString& name);

    // ---- frames and notes

    /// Draws a frame around the selected nodes.
    void frameSelection();
    void setFrameTitle(FrameId id, const QString& title);
    void addNote(QPointF at);
    void setNoteText(NoteId id, const QString& text);

    // ---- keys

    /// Selects the next node along a link: up against the flow, down with it, left and right among
    /// those at the same end. With `extend` the selection before stays.
    void walk(Qt::Key arrow, bool extend);
    /// Selects the next of all that is on the canvas: layers, links, frames and notes.
    void selectNext(bool backwards);
    /// Links the selected nodes from top to bottom where that is possible.
    void linkSelection();
    /// Makes the first fix of the problem that is shown.
    void applyFix();

    // ---- layout

    /// Lays all nodes out, computed off the GUI thread; undone as one step.
    void layOut();
    void cancelLayout();
    [[nodiscard]] bool isLayingOut() const { return layout_ != nullptr; }
    /// Another direction, and a layout for it.
    void setFlow(Flow flow);

Q_SIGNALS:
    /// Why a gesture was refused or what it is about to do; empty when there is nothing to say.
    void hint(const QString& text);
    void nodesSelected();
    /// Another graph is shown, or the way to it has changed.
    void scopeChanged();
    void layoutStarted();
    void layoutEnded();
    /// Nodes have got their first positions by layout.
    void laidOut();
    /// A link was dropped on free canvas: what shall stand there?
    void linkDroppedOnVoid(const gradwright::Port& from, QPointF at);
    void frameMade(gradwright::FrameId frame);
    void noteMade(gradwright::NoteId note);
    void nodeActivated(gradwright::NodeId node);
    void frameActivated(gradwright::FrameId frame);
    void noteActivated(gradwright::NoteId note);
    void voidActivated(QPointF at);

protected:
    void mousePressEvent(QGraphicsSceneMouseEvent* event) override;
    void helpEvent(QGraphicsSceneHelpEvent* event) override;
    void mouseMoveEvent(QGraphicsSceneMouseEvent* event) override;
    void mouseReleaseEvent(QGraphicsSceneMouseEvent* event) override;
    void mouseDoubleClickEvent(QGraphicsSceneMouseEvent* event) override;

private:
    struct LinkDrag {
        Port from;
        std::optional<LinkId> replaced; ///< whose end is being moved
        QGraphicsPathItem* line = nullptr;
        std::set<NodeId> cyclic; ///< a link to (from) these would close a cycle
    };
    /// What is dragged, and where it was.
    struct MoveDrag {
        QPointF start;
        NodeId grabbed;
        std::map<NodeId, Point> nodes;
        std::map<FrameId, Frame> frames;
        std::map<NoteId, Note> notes;
        bool moved = false;
        bool pullsOut = false;        ///< out of the links that run through it
        std::optional<LinkId> target; ///< the link that it would be put into
        QPointF by = {};
    };
    /// Of a frame or a note, by its corner.
    struct SizeDrag {
        QPointF start;
        std::optional<std::pair<FrameId, Frame>> frame = {};
        std::optional<std::pair<NoteId, Note>> note = {};
    };

    void onChanged(ProjectDocument::Changes what);
    void setScope(GraphScope scope);
    void forgetItems();
    void syncItems();
    void syncForms();
    void syncLooks();
    /// Whether a block on this canvas shows what is in it.
    [[nodiscard]] bool hasPreviews() const;
    void syncPositions();
    void makeRoom();
    void syncFrames();
    void syncNotes();
    /// A key may take away what is being dragged.
    void endStaleDrags();
    void endDrags();
    void syncCallout();
    void placeCallout(const NodeItem& node);
    [[nodiscard]] bool isFree(const QRectF& rect) const;
    void routeLinks();
    void provisionPositions();
    /// As an edit, which may join the one before, or as places for as long as nobody moves a node.
    void runLayout(bool asEdit, bool joins = false);
    void takeLayout(const std::map<NodeId, Point>& positions, bool asEdit, bool joins);
    void animateFrom(const std::map<NodeId, QPointF>& before);

    [[nodiscard]] Point positionOf(NodeId id) const;
    [[nodiscard]] Point pitch() const;
    [[nodiscard]] Point placeForNew() const;
    [[nodiscard]] std::optional<NodeId> openEnd() const;
    [[nodiscard]] std::optional<Port> portAt(QPointF at) const;
    [[nodiscard]] LinkItem* linkAt(QPointF at) const;
    [[nodiscard]] std::optional<Port> fixedEnd(const LinkItem& link, QPointF at) const;
    [[nodiscard]] std::optional<QString> whyNot(const Port& to) const;
    [[nodiscard]] QString shapeProblem(const Port& to) const;

    void startLink(Port fixed, std::optional<LinkId> replaced, QPointF at);
    void dragLink(QPointF at);
    void dropLink(QPointF at);
    void startMove(QPointF at);
    void dragItems(QPointF at, Qt::KeyboardModifiers keys);
    [[nodiscard]] std::vector<NodeId> draggedNodes() const;
    void findTarget();
    void showTarget(std::optional<LinkId> link);
    void dropItems();
    QPointF snapped(QPointF by);
    bool startSizing(QPointF at);
    void dragSize(QPointF at);
    bool perform(const QString& title, const ProjectEdit& edit);
    void performMerged(const QString& title, const ProjectEdit& edit, const QString& key);
    [[nodiscard]] Copied copiedItems() const;
    void pasteText(const std::string& text, Point offset, const QString& title);
    void arrange(const QString& title, const std::map<NodeId, Point>& to);

    ProjectDocument* document_;
    const ThemeManager* themes_;
    GraphScope scope_;
    NodeLooks looks_;
    std::map<NodeId, NodeItem*> nodes_;
    std::map<LinkId, LinkItem*> links_;
    LinkRouter router_;
    QRectF room_;                         ///< to scroll in
    std::map<NodeId, Point> provisional_; ///< of nodes that the project has no position for
    std::map<FrameId, FrameItem*> frames_;
    std::map<NoteId, NoteItem*> notes_;
    CalloutItem* callout_ = nullptr;
    QGraphicsPathItem* guides_ = nullptr;
    std::optional<LinkDrag> linkDrag_;
    std::optional<MoveDrag> moveDrag_;
    std::optional<SizeDrag> sizeDrag_;
    QVariantAnimation* animation_ = nullptr;
    std::optional<NodeId> walker_; ///< where walk() stands
    LayoutJob* layout_ = nullptr;
    int revision_ = 0;
    Flow shownFlow_ = Flow::Down; ///< as the looks have it
    bool showsPreviews_ = false;
    bool looksAreNew_ = false; ///< the analysis that is about to be announced is shown already
};

} // namespace gradwright
