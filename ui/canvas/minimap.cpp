// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/minimap.h"

#include "ui/canvas/node_item.h"

#include <QMouseEvent>
#include <QPainter>
#include <QScrollBar>

#include <algorithm>

namespace gradwright {

namespace {

constexpr QSize kMinimapSize{188, 124};
constexpr int kDistance = 12; // from the view's corner
constexpr int kMinimapMargin = 8;
constexpr int kRefreshMs = 40;
constexpr std::size_t kMostRounded = 500; // more are drawn as plain rectangles
constexpr double kLeastNode = 3; // px, so that a layer of a large network can still be seen

} // namespace

Minimap::Minimap(CanvasView& view, CanvasScene& scene, const ThemeManager& themes)
    : QFrame(&view)
    , view_(&view)
    , scene_(&scene)
    , themes_(&themes)
    , refresh_(*this, kRefreshMs, [this] { update(); }) {
    setObjectName(QStringLiteral("minimap"));
    setAccessibleName(tr("Minimap"));
    setToolTip(tr("Click or drag to go there (M hides it)"));
    setFixedSize(kMinimapSize);
    setCursor(Qt::PointingHandCursor);
    const auto later = [this] {
        showIfNeeded();
        refresh_.later();
    };
    connect(scene_, &QGraphicsScene::changed, this, [this, later] {
        picture_ = {};
        content_ = {};
        later();
    });
    connect(view_, &CanvasView::zoomChanged, this, later);
    for (QScrollBar* const bar : {view_->horizontalScrollBar(), view_->verticalScrollBar()})
        connect(bar, &QScrollBar::valueChanged, this, later);
    connect(themes_, &ThemeManager::changed, this, [this, later] {
        picture_ = {};
        later();
    });
    view_->installEventFilter(this);
}

/// Keeps to the lower right corner of the view.
void Minimap::place() {
    move(view_->width() - width() - kDistance, view_->height() - height() - kDistance);
}

void Minimap::setWanted(bool wanted) {
    wanted_ = wanted;
    showIfNeeded();
}

void Minimap::showIfNeeded() {
    setVisible(wanted_ && !contentRect().isEmpty() && !shownScene().contains(contentRect()));
}

QRectF Minimap::contentRect() const {
    if (content_.isNull())
        content_ = scene_->contentRect();
    return content_;
}

bool Minimap::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::Resize || event->type() == QEvent::Show) {
        place();
        showIfNeeded();
    }
    return QFrame::eventFilter(watched, event);
}

QRectF Minimap::shownScene() const {
    return view_->mapToScene(view_->viewport()->rect()).boundingRect();
}

QTransform Minimap::fromScene() const {
    const QRectF content = contentRect() | shownScene();
    const QRectF room =
        QRectF(rect()).adjusted(kMinimapMargin, kMinimapMargin, -kMinimapMargin, -kMinimapMargin);
    const double scale = std::min(room.width() / std::max(content.width(), 1.0),
                                  room.height() / std::max(content.height(), 1.0));
    QTransform transform;
    transform.translate(room.center().x(), room.center().y());
    transform.scale(scale, scale);
    transform.translate(-content.center().x(), -content.center().y());
    return transform;
}

void Minimap::paintEvent(QPaintEvent*) {
    const Theme& theme = themes_->theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(theme.divider, 1));
    painter.setBrush(theme.panel);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8);
    const QTransform transform = fromScene();
    // Panning moves the frame alone; the nodes are drawn when they change.
    if (picture_.isNull() || transform != pictured_ ||
        !qFuzzyCompare(picture_.devicePixelRatio(), devicePixelRatioF()))
        drawNodes(transform);
    painter.drawPixmap(0, 0, picture_);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(theme.focus, 1.5));
    painter.drawRoundedRect(transform.mapRect(shownScene()) & QRectF(rect()).adjusted(2, 2, -2, -2),
                            3, 3);
}

void Minimap::drawNodes(const QTransform& transform) {
    const Theme& theme = themes_->theme();
    picture_ = QPixmap(size() * devicePixelRatioF());
    picture_.setDevicePixelRatio(devicePixelRatioF());
    picture_.fill(Qt::transparent);
    pictured_ = transform;
    QPainter painter(&picture_);
    const bool tiny = scene_->canvas().items().nodes().size() > kMostRounded;
    painter.setRenderHint(QPainter::Antialiasing, !tiny);
    painter.setPen(Qt::NoPen);
    for (const auto& [id, node] : scene_->canvas().items().nodes()) {
        QRectF box = transform.mapRect(node->sceneRect());
        box.setHeight(std::max(box.height(), kLeastNode));
        box.setWidth(std::max(box.width(), kLeastNode));
        const QColor color = scene_->canvas().items().looks().isWrong(id)
                                 ? theme.error
                                 : theme.category(scene_->canvas().items().looks().categoryOf(id));
        if (tiny) {
            painter.fillRect(box, color);
            continue;
        }
        painter.setBrush(color);
        painter.drawRoundedRect(box, 1, 1);
    }
}

void Minimap::goTo(QPointF position) {
    view_->centerOn(fromScene().inverted().map(position));
}

void Minimap::mousePressEvent(QMouseEvent* event) {
    goTo(event->position());
}

void Minimap::mouseMoveEvent(QMouseEvent* event) {
    if (event->buttons().testFlag(Qt::LeftButton))
        goTo(event->position());
}

} // namespace gradwright

#include "moc_minimap.cpp"
