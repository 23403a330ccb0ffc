// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/canvas_view.h"

#include "ui/canvas/arrange_commands.h"
#include "ui/canvas/callout_item.h"
#include "ui/canvas/canvas_accessible.h"
#include "ui/canvas/minimap.h"
#include "ui/theme/text.h"

#include <QContextMenuEvent>
#include <QDragEnterEvent>
#include <QKeyEvent>
#include <QMimeData>
#include <QMouseEvent>
#include <QNativeGestureEvent>
#include <QPainter>
#include <QScrollBar>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace gradwright {

namespace {

constexpr double kFitMargin = 32;
constexpr double kReadableZoom = 0.8;
constexpr double kWheelStep = 1.0015; ///< a unit of the wheel, of which a notch has 120

bool hasLayer(const QMimeData* data) {
    return data->hasFormat(QString::fromLatin1(kLayerMimeType));
}

/// Shift extends a selection as Ctrl does; Qt knows Ctrl alone.
template <class F>
bool withCtrlForShift(QMouseEvent& event, F handle) {
    if (!event.modifiers().testFlag(Qt::ShiftModifier) || event.button() != Qt::LeftButton)
        return false;
    QMouseEvent asCtrl(event.type(), event.position(), event.scenePosition(),
                       event.globalPosition(), event.button(), event.buttons(), Qt::ControlModifier,
                       event.pointingDevice());
    handle(asCtrl);
    event.setAccepted(asCtrl.isAccepted());
    return true;
}

} // namespace

CanvasView::CanvasView(CanvasScene& scene, const ThemeManager& themes, QWidget* parent)
    : QGraphicsView(&scene, parent)
    , scene_(&scene)
    , themes_(&themes) {
    makeCanvasesAccessible();
    setFrameShape(NoFrame);
    setDragMode(RubberBandDrag);
    setTransformationAnchor(NoAnchor);
    setResizeAnchor(AnchorViewCenter);
    setViewportUpdateMode(SmartViewportUpdate);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setAcceptDrops(true);
    viewport()->setMouseTracking(true);
    setAccessibleName(tr("Network canvas"));
    connect(scene_, &QGraphicsScene::selectionChanged, this,
            [this] { announceCurrentItem(*this); });
    for (const auto changed : {&CanvasScene::revised, &CanvasScene::scopeChanged})
        connect(scene_, changed, this, [this] { announceItems(*this); });
    connect(themes_, &ThemeManager::changed, viewport(), qOverload<>(&QWidget::update));
    minimap_ = new Minimap(*this, scene, themes);
    editors_ = new CanvasEditors(*this, scene);
}

void CanvasView::showSelection() {
    for (QGraphicsItem* const item : scene_->selectedItems())
        ensureVisible(item, 40, 40);
}

void CanvasView::walkAlongLinks(bool on) {
    walker_.follow(scene_->canvas(), on, false);
    showWalked();
}

void CanvasView::showWalked() {
    if (const auto selected = scene_->selectedNodes(); !selected.empty())
        ensureVisible(scene_->nodeItem(selected.back()), 40, 40);
}

void CanvasView::setZoom(double zoom) {
    zoomAbout(QRectF(viewport()->rect()).center(), zoom);
}

void CanvasView::zoomAbout(QPointF viewportPoint, double zoom) {
    if (!std::isfinite(zoom))
        return;
    zoom = std::clamp(zoom, kMinZoom, kMaxZoom);
    const QPointF before = mapToScene(viewportPoint.toPoint());
    setTransform(QTransform::fromScale(zoom, zoom));
    const QPointF shift = mapFromScene(before) - viewportPoint;
    horizontalScrollBar()->setValue(horizontalScrollBar()->value() + qRound(shift.x()));
    verticalScrollBar()->setValue(verticalScrollBar()->value() + qRound(shift.y()));
    Q_EMIT zoomChanged(zoom);
}

void CanvasView::fit(bool selectedOnly) {
    QRectF content = scene_->contentRect(selectedOnly);
    if (content.isEmpty())
        content = scene_->contentRect();
    if (content.isEmpty()) {
        setZoom(1);
        centerOn(0, 0);
        return;
    }
    const double width = std::max(1.0, viewport()->width() - 2 * kFitMargin);
    const double height = std::max(1.0, viewport()->height() - 2 * kFitMargin);
    setZoom(std::min({1.0, width / content.width(), height / content.height()}));
    centerOn(content.center());
}

void CanvasView::centerOnNode(NodeId id) {
    const NodeItem* const item = scene_->nodeItem(id);
    if (item == nullptr)
        return;
    if (zoom() < kReadableZoom)
        setZoom(kReadableZoom);
    centerOn(item->sceneBoundingRect().center());
}

void CanvasView::showNode(NodeId id) {
    const NodeItem* const item = scene_->nodeItem(id);
    if (item == nullptr)
        return;
    const QRectF node = item->sceneRect();
    const QRectF seen = mapToScene(viewport()->rect()).boundingRect();
    if (zoom() < kReadableZoom || !seen.contains(node))
        centerOnNode(id);
    if (const CalloutItem* const callout = scene_->callout())
        ensureVisible(node | callout->sceneBoundingRect(), kFitMargin / 2, kFitMargin / 2);
}

void CanvasView::drawBackground(QPainter* painter, const QRectF& rect) {
    const Theme& theme = themes_->theme();
    painter->fillRect(rect, theme.canvas);
    if (zoom() < metrics::kDetailZoom)
        return;
    const double left = std::floor(rect.left() / metrics::kDots) * metrics::kDots;
    const double top = std::floor(rect.top() / metrics::kDots) * metrics::kDots;
    QVector<QPointF> dots;
    for (double x = left; x < rect.right(); x += metrics::kDots)
        for (double y = top; y < rect.bottom(); y += metrics::kDots)
            dots.append({x, y});
    QPen pen(theme.divider, 1.5);
    pen.setCosmetic(true);
    painter->setPen(pen);
    painter->drawPoints(dots.constData(), static_cast<int>(dots.size()));
}

void CanvasView::drawForeground(QPainter* painter, const QRectF&) {
    if (!scene_->canvas().items().isBlank())
        return;
    // An empty canvas says how to begin.
    painter->save();
    painter->resetTransform();
    painter->setPen(themes_->theme().text3);
    painter->setFont(textFont(type::kPanelTitle));
    painter->drawText(viewport()->rect(), Qt::AlignCenter,
                      scene_->scope().graph.empty()
                          ? tr("Drag a layer here, or press A to add one.\n"
                               "Or start with a network that works: File, New from template.")
                          : tr("Drag a layer here, or press A to add one."));
    painter->restore();
}

void CanvasView::wheelEvent(QWheelEvent* event) {
    const bool touchpad = !event->pixelDelta().isNull();
    if (touchpad && !event->modifiers().testFlag(Qt::ControlModifier)) {
        horizontalScrollBar()->setValue(horizontalScrollBar()->value() - event->pixelDelta().x());
        verticalScrollBar()->setValue(verticalScrollBar()->value() - event->pixelDelta().y());
    } else {
        zoomAbout(event->position(), zoom() * std::pow(kWheelStep, event->angleDelta().y()));
    }
    event->accept();
}

bool CanvasView::viewportEvent(QEvent* event) {
    if (event->type() == QEvent::NativeGesture) {
        const auto* const gesture = static_cast<QNativeGestureEvent*>(event);
        if (gesture->gestureType() == Qt::ZoomNativeGesture) {
            zoomAbout(gesture->position(), zoom() * (1 + gesture->value()));
            return true;
        }
    }
    return QGraphicsView::viewportEvent(event);
}

void CanvasView::mousePressEvent(QMouseEvent* event) {
    if (!(spacePan_ && event->button() == Qt::LeftButton) &&
        withCtrlForShift(*event, [this](QMouseEvent& as) { QGraphicsView::mousePressEvent(&as); }))
        return;
    const bool pans =
        event->button() == Qt::MiddleButton || (spacePan_ && event->button() == Qt::LeftButton);
    if (pans) {
        panFrom_ = event->pos();
        viewport()->setCursor(Qt::ClosedHandCursor);
        return;
    }
    QGraphicsView::mousePressEvent(event);
}

void CanvasView::mouseMoveEvent(QMouseEvent* event) {
    if (panFrom_) {
        const QPoint by = event->pos() - *std::exchange(panFrom_, event->pos());
        horizontalScrollBar()->setValue(horizontalScrollBar()->value() - by.x());
        verticalScrollBar()->setValue(verticalScrollBar()->value() - by.y());
        return;
    }
    QGraphicsView::mouseMoveEvent(event);
}

void CanvasView::mouseReleaseEvent(QMouseEvent* event) {
    if (panFrom_) {
        panFrom_.reset();
        viewport()->setCursor(spacePan_ ? Qt::OpenHandCursor : Qt::ArrowCursor);
        return;
    }
    if (withCtrlForShift(*event,
                         [this](QMouseEvent& as) { QGraphicsView::mouseReleaseEvent(&as); }))
        return;
    QGraphicsView::mouseReleaseEvent(event);
}

void CanvasView::contextMenuEvent(QContextMenuEvent* event) {
    event->accept();
    if (event->reason() == QContextMenuEvent::Mouse) {
        QGraphicsItem* const item = itemAt(event->pos());
        if (item == nullptr)
            scene_->clearSelection();
        else if (!item->isSelected() && item->flags().testFlag(QGraphicsItem::ItemIsSelectable)) {
            scene_->clearSelection();
            item->setSelected(true);
        }
        Q_EMIT contextMenuRequested(event->globalPos());
        return;
    }
    requestMenuByKey();
}

/// At what is selected.
void CanvasView::requestMenuByKey() {
    showSelection();
    const auto selected = scene_->selectedItems();
    const QPoint at = selected.isEmpty()
                          ? viewport()->rect().center()
                          : mapFromScene(selected.first()->sceneBoundingRect().center());
    Q_EMIT contextMenuRequested(viewport()->mapToGlobal(at));
}

void CanvasView::setSpacePan(bool on) {
    spacePan_ = on;
    viewport()->setCursor(on ? Qt::OpenHandCursor : Qt::ArrowCursor);
}

void CanvasView::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Escape && scene_->isLayingOut()) {
        scene_->layout().cancel();
        return;
    }
    if (event->key() == Qt::Key_Space) {
        if (!event->isAutoRepeat())
            setSpacePan(true);
        return;
    }
    // Qt knows the menu key alone, which many keyboards lack.
    if (event->key() == Qt::Key_F10 && event->modifiers() == Qt::ShiftModifier) {
        requestMenuByKey();
        return;
    }
    const std::map<int, QPointF> arrows = {{Qt::Key_Left, {-1, 0}},
                                           {Qt::Key_Right, {1, 0}},
                                           {Qt::Key_Up, {0, -1}},
                                           {Qt::Key_Down, {0, 1}}};
    if (const auto arrow = arrows.find(event->key()); arrow != arrows.end()) {
        // Where nothing is selected there is nothing to move: an arrow begins to walk.
        if (event->modifiers().testFlag(Qt::AltModifier) || scene_->selectedItems().isEmpty()) {
            walker_.walk(scene_->canvas(), static_cast<Qt::Key>(event->key()),
                         event->modifiers().testFlag(Qt::ShiftModifier));
            showWalked();
            return;
        }
        const bool far = event->modifiers().testFlag(Qt::ControlModifier);
        moveSelection(scene_->canvas(), arrow->second * (far ? metrics::kDots : metrics::kGrid));
        return;
    }
    QGraphicsView::keyPressEvent(event);
}

void CanvasView::keyReleaseEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Space && !event->isAutoRepeat())
        setSpacePan(false);
    else
        QGraphicsView::keyReleaseEvent(event);
}

void CanvasView::dragEnterEvent(QDragEnterEvent* event) {
    if (hasLayer(event->mimeData()))
        event->acceptProposedAction();
    else
        event->ignore();
}

void CanvasView::dragMoveEvent(QDragMoveEvent* event) {
    if (hasLayer(event->mimeData()))
        event->acceptProposedAction();
    else
        event->ignore();
}

void CanvasView::dropEvent(QDropEvent* event) {
    if (!hasLayer(event->mimeData()))
        return;
    const QByteArray key = event->mimeData()->data(QString::fromLatin1(kLayerMimeType));
    const bool added = scene_->canvas().attempt(
        [&] { scene_->addLayer(key.toStdString(), mapToScene(event->position().toPoint())); });
    if (!added)
        return;
    event->acceptProposedAction();
    setFocus();
}

} // namespace gradwright

#include "moc_canvas_view.cpp"
