// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/canvas/canvas_edits.h"
#include "ui/canvas/link_item.h"
#include "ui/canvas/node_item.h"
#include "ui/document/project_document.h"

#include <QGraphicsScene>

#include <map>
#include <optional>
#include <thread>
#include <vector>

class QVariantAnimation;

namespace gradwright {

class CalloutItem;
class FrameItem;

/// The drawing of the main graph and the gestures on it. Shows the document, and changes it by
/// edits alone.
class CanvasScene final : public QGraphicsScene {
    Q_OBJECT
public:
    CanvasScene(ProjectDocument& document, const ThemeManager& themes, QObject* parent = nullptr);
    ~CanvasScene() override;

    [[nodiscard]] std::vector<NodeId> selectedNodes() const;
    void selectNodes(const std::vector<NodeId>& nodes);
    [[nodiscard]] const NodeItem* nodeItem(NodeId id) const;
    [[nodiscard]] const LinkItem* linkItem(LinkId id) const;
    [[nodiscard]] const CalloutItem* callout() const { return callout_; }

    /// At the place, in the link under it where that fits; without a place, behind the selected
    /// node or below all others. Selects it.
    void addLayer(const std::string& layer, std::optional<QPointF> center = {});

    /// The same, linked with a port.
    void addLinkedLayer(const std::string& layer, QPointF center, const Port& port);
    /// Whether a layer could stand behind (an output) or before (an input) the port; without one,
    /// whether it may stand on this canvas at all.
    [[nodiscard]] bool fits(const LayerDef& layer, const std::optional<Port>& port) const;
    void renameNode(NodeId id, const QString& name);

    /// Draws a frame around the selected nodes.
    void frameSelection();
    void setFrameTitle(FrameId id, const QString& title);
    [[nodiscard]] const FrameItem* frameItem(FrameId id) const;
    [[nodiscard]] std::vector<FrameId> selectedFrames() const;

    /// Selects the next node along a link: up against the flow, down with it, left and right among
    /// those at the same end. With `extend` the selection before stays.
    void walk(Qt::Key arrow, bool extend);
    /// Links the selected nodes from top to bottom where that is possible.
    void linkSelection();
    /// Makes the first fix of the problem that is shown.
    void applyFix();

    void removeSelection();
    void copySelection() const;
    void cutSelection();
    void paste();
    void duplicateSelection();
    void moveSelection(QPointF by);
    void selectAll();
    /// Lays all nodes out, computed off the GUI thread; undone as one step.
    void layOut();

    /// Of all nodes; of the selected ones, where there are any.
    [[nodiscard]] QRectF contentRect(bool selectedOnly = false) const;

Q_SIGNALS:
    /// Why a gesture was refused or what it is about to do; empty when there is nothing to say.
    void hint(const QString& text);
    void nodesSelected();
    /// Nodes have got their first positions by layout.
    void laidOut();
    /// A link was dropped on free canvas: what shall stand there?
    void linkDroppedOnVoid(const gradwright::Port& from, QPointF at);
    void frameMade(gradwright::FrameId frame);
    void nodeActivated(gradwright::NodeId node);
    void frameActivated(gradwright::FrameId frame);
    void voidActivated(QPointF at);

protected:
    void mousePressEvent(QGraphicsSceneMouseEvent* event) override;
    void mouseMoveEvent(QGraphicsSceneMouseEvent* event) override;
    void mouseReleaseEvent(QGraphicsSceneMouseEvent* event) override;
    void mouseDoubleClickEvent(QGraphicsSceneMouseEvent* event) override;

private:
    struct LinkDrag {
        Port from;
        std::optional<LinkId> replaced; ///< whose end is being moved
        QGraphicsPathItem* line = nullptr;
    };
    struct FrameDrag {
        FrameId id;
        Frame before;
        QPointF start;
        std::map<NodeId, Point> inside; ///< nodes that move with it
        bool resizes = false;
    };
    struct MoveDrag {
        QPointF start;
        std::map<NodeId, Point> positions;
    };

    void onChanged(ProjectDocument::Changes what);
    void syncItems();
    void syncLooks();
    void syncPositions();
    void syncFrames();
    void syncCallout();
    void placeCallout(QPointF node);
    [[nodiscard]] bool isFree(const QRectF& rect) const;
    void routeLinks();
    void provisionPositions();
    void runLayout(bool asEdit);
    void takeLayout(const Graph& graph, std::map<NodeId, Point> positions, bool asEdit);
    void animateFrom(const std::map<NodeId, QPointF>& before);

    [[nodiscard]] Point positionOf(NodeId id) const;
    [[nodiscard]] std::optional<Port> portAt(QPointF at) const;
    [[nodiscard]] const LinkItem* linkAt(QPointF at) const;
    [[nodiscard]] std::optional<QString> whyNot(const Port& from, const Port& to,
                                                std::optional<LinkId> replaced) const;

    void startLink(Port port, QPointF at);
    void dragLink(QPointF at);
    void dropLink(QPointF at);
    void dragNodes(QPointF at);
    bool startFrameDrag(QPointF at);
    void dragFrame(QPointF at);
    bool perform(const QString& title, const ProjectEdit& edit);
    void pasteText(const std::string& text, Point offset, const QString& title);

    ProjectDocument* document_;
    const ThemeManager* themes_;
    std::map<NodeId, NodeItem*> nodes_;
    std::map<LinkId, LinkItem*> links_;
    std::map<NodeId, Point> provisional_; ///< of nodes that the project has no position for
    std::map<FrameId, FrameItem*> frames_;
    CalloutItem* callout_ = nullptr;
    std::optional<LinkDrag> linkDrag_;
    std::optional<MoveDrag> moveDrag_;
    std::optional<FrameDrag> frameDrag_;
    QVariantAnimation* animation_ = nullptr;
    std::optional<NodeId> walker_; ///< where walk() stands
    std::jthread layout_;
};

} // namespace gradwright
