// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/canvas/canvas_context.h"
#include "ui/canvas/canvas_layout.h"
#include "ui/canvas/gesture.h"
#include "ui/canvas/layer_commands.h"

#include <QGraphicsScene>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gradwright {

/// The drawing of one graph. It lets the items follow the document and hands the mouse to gestures;
/// what commands do is in *_commands.h, and what they work on is canvas().
class CanvasScene final : public QGraphicsScene {
    Q_OBJECT
public:
    CanvasScene(ProjectDocument& document, const ThemeManager& themes, QObject* parent = nullptr);
    ~CanvasScene() override;

    [[nodiscard]] CanvasContext& canvas() { return canvas_; }
    [[nodiscard]] const CanvasContext& canvas() const { return canvas_; }
    [[nodiscard]] CanvasLayout& layout() { return layout_; }

    // ---- which graph is shown

    [[nodiscard]] const GraphScope& scope() const { return canvas_.scope(); }
    [[nodiscard]] const Graph& graph() const { return canvas_.graph(); }
    /// Goes into the block of an instance on this canvas.
    void enter(NodeId instance);
    /// Back outwards, to that many blocks within each other.
    void leaveTo(std::size_t depth);
    /// Shows the graph of that name, wherever it is used first.
    void showGraph(const std::string& graph);
    /// Counts the changes of what is on the canvas.
    [[nodiscard]] int revision() const { return revision_; }
    /// What it is drawn on.
    [[nodiscard]] QColor paper() const { return canvas_.themes().theme().canvas; }

    // ---- what is asked for most

    [[nodiscard]] std::vector<NodeId> selectedNodes() const { return canvas_.selection().nodes(); }
    [[nodiscard]] std::vector<LinkId> selectedLinks() const { return canvas_.selection().links(); }
    [[nodiscard]] std::vector<FrameId> selectedFrames() const {
        return canvas_.selection().frames();
    }
    void selectNodes(const std::vector<NodeId>& nodes) { canvas_.selection().select(nodes); }
    void selectAll() { canvas_.selection().selectAll(); }
    [[nodiscard]] const NodeItem* nodeItem(NodeId id) const { return canvas_.items().node(id); }
    [[nodiscard]] const LinkItem* linkItem(LinkId id) const { return canvas_.items().link(id); }
    [[nodiscard]] const FrameItem* frameItem(FrameId id) const { return canvas_.items().frame(id); }
    [[nodiscard]] const NoteItem* noteItem(NoteId id) const { return canvas_.items().note(id); }
    [[nodiscard]] const CalloutItem* callout() const { return canvas_.callout().item(); }
    [[nodiscard]] QRectF contentRect(bool selectedOnly = false) const {
        return canvas_.items().contentRect(selectedOnly);
    }
    void addLayer(const std::string& key, std::optional<QPointF> center = {}) {
        gradwright::addLayer(canvas_, key, center);
    }
    void layOut() { layout_.layOut(); }
    void setFlow(Flow flow) { layout_.setFlow(flow); }
    [[nodiscard]] bool isLayingOut() const { return layout_.isRunning(); }

Q_SIGNALS:
    /// Why a gesture was refused or what it is about to do; empty when there is nothing to say.
    void hint(const QString& text);
    void nodesSelected();
    /// What is on the canvas follows a change of the document.
    void revised();
    /// Another graph is shown, or the way to it has changed.
    void scopeChanged();
    void layoutStarted();
    void layoutEnded();
    /// Nodes have got their places by layout.
    void laidOut();
    /// A link was dropped on free canvas: what shall stand there?
    void linkDroppedOnVoid(const gradwright::Port& from, QPointF at);
    void nodeActivated(gradwright::NodeId node);
    void frameActivated(gradwright::FrameId frame);
    void noteActivated(gradwright::NoteId note);
    void voidActivated(QPointF at);

protected:
    void mousePressEvent(QGraphicsSceneMouseEvent* event) override;
    void mouseMoveEvent(QGraphicsSceneMouseEvent* event) override;
    void mouseReleaseEvent(QGraphicsSceneMouseEvent* event) override;
    void mouseDoubleClickEvent(QGraphicsSceneMouseEvent* event) override;
    void helpEvent(QGraphicsSceneHelpEvent* event) override;

private:
    void onChanged(ProjectDocument::Changes what);
    void onPlacesChanged();
    void setScope(GraphScope scope);
    void forget();
    [[nodiscard]] std::unique_ptr<Gesture> gestureAt(QPointF at);
    void askForLayer(const Port& from, QPointF at) { Q_EMIT linkDroppedOnVoid(from, at); }

    CanvasContext canvas_;
    CanvasLayout layout_;
    std::unique_ptr<Gesture> gesture_;
    int revision_ = 0;
    bool looksAreNew_ = false; ///< the analysis that is about to be announced is shown already
};

} // namespace gradwright
