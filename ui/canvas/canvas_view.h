// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/canvas/canvas_editors.h"
#include "ui/canvas/canvas_scene.h"
#include "ui/canvas/walker.h"

#include <QGraphicsView>

#include <optional>

namespace gradwright {

class Minimap;

/// The kind of drag by which a layer comes from the palette; its data is the layer's key.
inline constexpr auto kLayerMimeType = "application/x-gradwright-layer";

/// The window on the scene: zoom, pan, grid and drops.
class CanvasView final : public QGraphicsView {
    Q_OBJECT
public:
    static constexpr double kMinZoom = 0.05;
    static constexpr double kMaxZoom = 4.0;

    CanvasView(CanvasScene& scene, const ThemeManager& themes, QWidget* parent = nullptr);

    [[nodiscard]] double zoom() const { return transform().m11(); }
    /// About the middle of the view; kept within the limits.
    void setZoom(double zoom);
    void zoomIn() { setZoom(zoom() * 1.25); }
    void zoomOut() { setZoom(zoom() / 1.25); }
    /// Shows everything, or what is selected, at 100 % at most.
    void fit(bool selectedOnly = false);
    /// Brings it into the middle, large enough for its texts to be read.
    void centerOnNode(NodeId id);
    /// Scrolls no further than it takes to show the node and what is said of it.
    void showNode(NodeId id);

    /// Brings what is selected into view.
    void showSelection();
    /// Selects a layer behind the selected one (`on`) or one before it, and brings it into view.
    void walkAlongLinks(bool on);
    [[nodiscard]] CanvasScene& canvasScene() const { return *scene_; }
    [[nodiscard]] CanvasEditors& editors() { return *editors_; }
    [[nodiscard]] Minimap& minimap() { return *minimap_; }

Q_SIGNALS:
    void zoomChanged(double zoom);
    /// What is under the pointer is selected.
    void contextMenuRequested(QPoint global);

protected:
    void drawBackground(QPainter* painter, const QRectF& rect) override;
    void drawForeground(QPainter* painter, const QRectF& rect) override;
    void wheelEvent(QWheelEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void keyReleaseEvent(QKeyEvent* event) override;
    bool viewportEvent(QEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dragMoveEvent(QDragMoveEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    void zoomAbout(QPointF viewportPoint, double zoom);
    void setSpacePan(bool on);
    void requestMenuByKey();
    void showWalked();

    CanvasScene* scene_;
    const ThemeManager* themes_;
    std::optional<QPoint> panFrom_;
    bool spacePan_ = false;
    Minimap* minimap_;
    CanvasEditors* editors_;
    Walker walker_;
};

} // namespace gradwright
