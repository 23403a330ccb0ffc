// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/drawing/drawing_pad.h"

#include "ui/drawing/image_pixels.h"
#include "ui/theme/theme_manager.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <QTabletEvent>
#include <QTouchEvent>

#include <algorithm>

namespace gradwright {
namespace {

constexpr int kInk = 560; // drawn at twice the size that is read, so that it looks smooth
constexpr int kReadSide = 280;
constexpr int kSmoothFrom = 128; // pixels of a picture
constexpr QRgb kNightGrid = 0xFF2A2A2A;
constexpr double kInkPerPixel = static_cast<double>(kInk) / kReadSide;

} // namespace

DrawingPad::DrawingPad(ThemeManager& theme, QWidget* parent)
    : QWidget(parent)
    , theme_(&theme)
    , ink_(kInk, kInk, QImage::Format_Grayscale8) {
    ink_.fill(0);
    setMinimumSize(160, 160);
    setMouseTracking(true);
    setAttribute(Qt::WA_AcceptTouchEvents);
    setFocusPolicy(Qt::StrongFocus);
    setCursor(Qt::CrossCursor);
    setAccessibleName(tr("Drawing pad"));
    setSubject({}, true);
    auto policy = sizePolicy();
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
    connect(&theme, &ThemeManager::changed, this, qOverload<>(&QWidget::update));
}

void DrawingPad::setTool(PadTool tool) {
    if (tool == tool_)
        return;
    tool_ = tool;
    Q_EMIT toolChanged(tool);
}

void DrawingPad::setBrush(double width) {
    brush_ = width;
    update();
}

void DrawingPad::undo() {
    drawing_ = false; // the stroke in hand may be the one that goes
    if (strokes_.empty())
        return;
    undone_.push_back(std::move(strokes_.back()));
    strokes_.pop_back();
    redraw();
}

void DrawingPad::redo() {
    drawing_ = false;
    if (undone_.empty())
        return;
    strokes_.push_back(std::move(undone_.back()));
    undone_.pop_back();
    redraw();
}

void DrawingPad::clear() {
    strokes_.clear();
    undone_.clear();
    picture_ = {};
    drawing_ = false;
    redraw();
}

void DrawingPad::setPicture(const QImage& picture) {
    drawing_ = false;
    strokes_.clear();
    undone_.clear();
    picture_ = picture;
    redraw();
}

void DrawingPad::setSubject(const QString& invitation, bool isDrawing) {
    invitation_ = invitation;
    isDrawing_ = isDrawing;
    update();
}

QString DrawingPad::spokenText() const {
    if (!picture_.isNull())
        return tr("A picture of %1 × %2 pixels.").arg(picture_.width()).arg(picture_.height());
    return strokes_.empty() ? invitation_ : tr("Strokes: %1.").arg(strokes_.size());
}

GrayImage DrawingPad::image() const {
    return grayImage(
        ink_.scaled(kReadSide, kReadSide, Qt::IgnoreAspectRatio, Qt::SmoothTransformation));
}

QRectF DrawingPad::square() const {
    const double side = std::min(width(), height());
    return {(width() - side) / 2, (height() - side) / 2, side, side};
}

QPointF DrawingPad::toInk(QPointF position) const {
    const auto box = square();
    return (position - box.topLeft()) * (kInk / box.width());
}

void DrawingPad::begin(QPointF position, bool erases, double pressure) {
    if (!picture_.isNull()) {
        picture_ = {};
        ink_.fill(0);
    }
    undone_.clear();
    strokes_.push_back({erases, brush_ * kInkPerPixel * (0.4 + 0.6 * pressure), {toInk(position)}});
    drawing_ = true;
    drawSegment(strokes_.back(), 0);
    update();
    Q_EMIT changed();
}

void DrawingPad::extend(QPointF position) {
    cursor_ = position;
    if (drawing_) {
        auto& stroke = strokes_.back();
        stroke.points.push_back(toInk(position));
        drawSegment(stroke, stroke.points.size() - 1);
        Q_EMIT changed();
    }
    update();
}

void DrawingPad::end() {
    drawing_ = false;
}

void DrawingPad::drawSegment(const Stroke& stroke, std::size_t from) {
    QPainter painter(&ink_);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(stroke.erases ? Qt::black : Qt::white, stroke.width, Qt::SolidLine,
                        Qt::RoundCap, Qt::RoundJoin));
    // The same strokes of the brush as while it was drawn, so that undo brings back every pixel.
    if (from == 0)
        painter.drawPoint(stroke.points.front());
    for (std::size_t i = std::max<std::size_t>(from, 1); i < stroke.points.size(); ++i)
        painter.drawLine(stroke.points[i - 1], stroke.points[i]);
}

void DrawingPad::redraw() {
    ink_.fill(0);
    for (const auto& stroke : strokes_)
        drawSegment(stroke, 0);
    update();
    Q_EMIT changed();
}

void DrawingPad::paintEvent(QPaintEvent*) {
    const auto& theme = theme_->theme();
    const auto box = square().adjusted(0.5, 0.5, -0.5, -0.5);
    QPainter painter(this);
    painter.setRenderHints(QPainter::Antialiasing | QPainter::SmoothPixmapTransform);
    QPainterPath frame;
    frame.addRoundedRect(box, 6, 6);
    painter.fillPath(frame, isDrawing_ ? theme.field : QColor(Qt::black));
    painter.setClipPath(frame);
    painter.setPen(QPen(isDrawing_ ? theme.grid : QColor(kNightGrid), 1));
    for (int i = 1; i < 4; ++i) {
        const double at = box.width() * i / 4;
        painter.drawLine(QPointF(box.left() + at, box.top()),
                         QPointF(box.left() + at, box.bottom()));
        painter.drawLine(QPointF(box.left(), box.top() + at), QPointF(box.right(), box.top() + at));
    }
    if (!picture_.isNull()) {
        const auto size = QSizeF(picture_.size()).scaled(box.size(), Qt::KeepAspectRatio);
        QRectF target(QPointF(), size);
        target.moveCenter(box.center());
        // The few pixels of a sample are seen as what they are.
        painter.setRenderHint(QPainter::SmoothPixmapTransform, picture_.width() > kSmoothFrom);
        painter.drawImage(target, picture_);
    } else {
        QImage strokes(ink_.size(), QImage::Format_ARGB32_Premultiplied);
        strokes.fill(isDrawing_ ? theme.text : QColor(Qt::white));
        strokes.setAlphaChannel(ink_);
        painter.drawImage(box, strokes);
    }
    if (isBlank()) {
        painter.setPen(isDrawing_ ? theme.text3 : QColor(Qt::lightGray));
        painter.setFont(textFont(type::kBody));
        painter.drawText(box, Qt::AlignCenter, invitation_);
    }
    if (cursor_) {
        const double radius = brush_ / 2 * box.width() / kReadSide;
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(theme.focus, 1.5));
        painter.drawEllipse(*cursor_, radius, radius);
    }
    painter.setClipping(false);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(hasFocus() ? theme.focus : theme.border, 1));
    painter.drawPath(frame);
}

void DrawingPad::mousePressEvent(QMouseEvent* event) {
    if (event->button() == Qt::LeftButton || event->button() == Qt::RightButton)
        begin(event->position(), tool_ == PadTool::Eraser || event->button() == Qt::RightButton);
}

void DrawingPad::mouseMoveEvent(QMouseEvent* event) {
    extend(event->position());
}

void DrawingPad::mouseReleaseEvent(QMouseEvent*) {
    end();
}

void DrawingPad::tabletEvent(QTabletEvent* event) {
    const bool erases =
        tool_ == PadTool::Eraser || event->pointerType() == QPointingDevice::PointerType::Eraser;
    if (event->type() == QEvent::TabletPress)
        begin(event->position(), erases, event->pressure());
    else if (event->type() == QEvent::TabletMove)
        extend(event->position());
    else
        end();
    event->accept(); // else it comes again as a mouse event
}

bool DrawingPad::touch(QEvent* event) {
    const auto* touches = static_cast<QTouchEvent*>(event);
    if (event->type() == QEvent::TouchCancel || touches->points().isEmpty())
        end();
    else if (event->type() == QEvent::TouchBegin)
        begin(touches->points().front().position(), tool_ == PadTool::Eraser);
    else if (event->type() == QEvent::TouchUpdate)
        extend(touches->points().front().position());
    else
        end();
    cursor_.reset();
    event->accept();
    return true;
}

bool DrawingPad::event(QEvent* event) {
    switch (event->type()) {
    case QEvent::TouchBegin:
    case QEvent::TouchUpdate:
    case QEvent::TouchEnd:
    case QEvent::TouchCancel:
        return touch(event);
    case QEvent::ShortcutOverride: {
        // While the pad has the focus, undo is about strokes, not about the project.
        const auto* key = static_cast<QKeyEvent*>(event);
        if (key->matches(QKeySequence::Undo) || key->matches(QKeySequence::Redo)) {
            event->accept();
            return true;
        }
        return QWidget::event(event);
    }
    default:
        return QWidget::event(event);
    }
}

void DrawingPad::keyPressEvent(QKeyEvent* event) {
    if (event->matches(QKeySequence::Undo))
        undo();
    else if (event->matches(QKeySequence::Redo))
        redo();
    else
        QWidget::keyPressEvent(event);
}

void DrawingPad::leaveEvent(QEvent*) {
    cursor_.reset();
    update();
}

} // namespace gradwright

#include "moc_drawing_pad.cpp"
