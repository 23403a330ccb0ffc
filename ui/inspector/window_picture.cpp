// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspector/window_picture.h"

#include "ui/glossary/explanation.h"

#include <QMouseEvent>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace gradwright {

namespace {

constexpr int kPictureMargin = 10;
constexpr int kCaptionHeight = 34;
constexpr double kLargestCell = 15;
constexpr int kMostCells = 12; ///< of an axis, where the first two windows need no more
constexpr int kMostWindowCells = 60;
constexpr double kInputShare = 0.6; ///< of the width

/// How much of an axis is drawn: from its beginning, the first two windows at least.
int drawn(const WindowGeometry::Axis& axis) {
    const auto needed =
        std::clamp<std::int64_t>(axis.span() + axis.stride, kMostCells, kMostWindowCells);
    return static_cast<int>(std::min(axis.padded(), needed));
}

/// Output places whose windows are drawn whole.
int drawnOutput(const WindowGeometry::Axis& axis, int cells) {
    const auto whole = (cells - axis.span()) / axis.stride + 1;
    return static_cast<int>(std::clamp<std::int64_t>(whole, 1, axis.output));
}

QString pair(const WindowGeometry& geometry, std::int64_t rows, std::int64_t columns) {
    return geometry.dimensions == 1 ? QString::number(columns)
                                    : QStringLiteral("%1×%2").arg(rows).arg(columns);
}

} // namespace

WindowPicture::WindowPicture(const ThemeManager& themes, QWidget* parent)
    : QWidget(parent)
    , themes_(&themes) {
    setMouseTracking(true);
    setFixedHeight(sizeHint().height());
    connect(themes_, &ThemeManager::changed, this, qOverload<>(&QWidget::update));
}

void WindowPicture::setGeometry2d(const WindowGeometry& geometry, Category category) {
    geometry_ = geometry;
    category_ = category;
    place_ = {};
    setAccessibleName(tr("Window on the input"));
    explain(*this, "window/window-picture",
            caption() + QLatin1Char('\n') +
                tr("Point at the output to see what it is made from. Hatched: padding."));
    update();
}

QString WindowPicture::caption() const {
    const auto& [rows, columns] = geometry_.axes;
    QStringList pads;
    if (geometry_.dimensions > 1)
        pads << QString::number(rows.before) << QString::number(rows.after);
    pads << QString::number(columns.before) << QString::number(columns.after);
    const bool padded = rows.before + rows.after + columns.before + columns.after > 0;
    QString text = tr("kernel %1, stride %2")
                       .arg(pair(geometry_, rows.kernel, columns.kernel),
                            pair(geometry_, rows.stride, columns.stride));
    if (rows.dilation > 1 || columns.dilation > 1)
        text += tr(", dilation %1").arg(pair(geometry_, rows.dilation, columns.dilation));
    const bool even = std::ranges::adjacent_find(pads, std::not_equal_to{}) == pads.end();
    if (padded)
        text += tr(", padding %1").arg(even ? pads.front() : pads.join(QLatin1Char(' ')));
    return text + QLatin1Char('\n') +
           tr("%1 → %2").arg(pair(geometry_, rows.input, columns.input),
                             pair(geometry_, rows.output, columns.output));
}

WindowPicture::Layout WindowPicture::layOut() const {
    const auto& [rows, columns] = geometry_.axes;
    Layout layout;
    layout.rows = drawn(rows);
    layout.columns = drawn(columns);
    layout.outRows = drawnOutput(rows, layout.rows);
    layout.outColumns = drawnOutput(columns, layout.columns);
    const double wide = width() - 2 * kPictureMargin;
    const double high = height() - 2 * kPictureMargin - kCaptionHeight;
    const double left = wide * kInputShare;
    layout.cell = std::min({kLargestCell, left / layout.columns, high / layout.rows});
    layout.outCell =
        std::min({layout.cell, (wide - left - 28) / layout.outColumns, high / layout.outRows});
    layout.input = {kPictureMargin + (left - layout.cell * layout.columns) / 2,
                    kPictureMargin + (high - layout.cell * layout.rows) / 2};
    layout.output = {kPictureMargin + left + 28 +
                         (wide - left - 28 - layout.outCell * layout.outColumns) / 2,
                     kPictureMargin + (high - layout.outCell * layout.outRows) / 2};
    return layout;
}

void WindowPicture::paintInput(QPainter& painter, const Layout& layout) const {
    const Theme& theme = themes_->theme();
    const auto& [rows, columns] = geometry_.axes;
    const auto outside = [](const WindowGeometry::Axis& axis, int at) {
        return at < axis.before || at >= axis.before + axis.input;
    };
    for (int row = 0; row < layout.rows; ++row)
        for (int column = 0; column < layout.columns; ++column) {
            const QRectF cell(layout.input.x() + column * layout.cell,
                              layout.input.y() + row * layout.cell, layout.cell, layout.cell);
            const bool pad = outside(rows, row) || outside(columns, column);
            painter.setPen(QPen(theme.divider, 1));
            painter.setBrush(pad ? theme.field : theme.hover);
            painter.drawRect(cell);
            if (pad) {
                painter.setPen(Qt::NoPen);
                painter.setBrush(QBrush(theme.text3, Qt::BDiagPattern));
                painter.setOpacity(0.6);
                painter.drawRect(cell.adjusted(1, 1, -1, -1));
                painter.setOpacity(1);
            }
        }
}

void WindowPicture::paintWindow(QPainter& painter, const Layout& layout, int outRow,
                                int outColumn) const {
    const auto& rows = geometry_.axes[0];
    const auto& columns = geometry_.axes[1];
    const QColor color = themes_->theme().category(category_);
    QColor fill = color;
    fill.setAlphaF(0.6F);
    for (int row = 0; row < layout.rows; ++row)
        for (int column = 0; column < layout.columns; ++column)
            if (geometry_.reads(0, outRow, row) && geometry_.reads(1, outColumn, column))
                painter.fillRect(QRectF(layout.input.x() + column * layout.cell + 1,
                                        layout.input.y() + row * layout.cell + 1, layout.cell - 1,
                                        layout.cell - 1),
                                 fill);
    const auto outline = [&](int atRow, int atColumn, Qt::PenStyle style) {
        painter.setPen(QPen(color, 2, style));
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(
            QRectF(layout.input.x() + static_cast<double>(atColumn * columns.stride) * layout.cell,
                   layout.input.y() + static_cast<double>(atRow * rows.stride) * layout.cell,
                   static_cast<double>(columns.span()) * layout.cell,
                   static_cast<double>(rows.span()) * layout.cell));
    };
    if (outColumn + 1 < layout.outColumns)
        outline(outRow, outColumn + 1, Qt::DashLine); // how far it moves
    outline(outRow, outColumn, Qt::SolidLine);
}

void WindowPicture::paintOutput(QPainter& painter, const Layout& layout) const {
    const Theme& theme = themes_->theme();
    for (int row = 0; row < layout.outRows; ++row)
        for (int column = 0; column < layout.outColumns; ++column) {
            const bool here = place_ == QPoint(column, row);
            painter.setPen(QPen(theme.divider, 1));
            painter.setBrush(here ? theme.category(category_) : theme.hover);
            painter.drawRect(QRectF(layout.output.x() + column * layout.outCell,
                                    layout.output.y() + row * layout.outCell, layout.outCell,
                                    layout.outCell));
        }
}

void WindowPicture::paintEvent(QPaintEvent*) {
    const Theme& theme = themes_->theme();
    const Layout layout = layOut();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(theme.divider, 1));
    painter.setBrush(theme.field);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6);
    paintInput(painter, layout);
    paintWindow(painter, layout, place_.y(), place_.x());
    paintOutput(painter, layout);
    const double middle = kPictureMargin + (height() - 2 * kPictureMargin - kCaptionHeight) / 2.0;
    const double arrow = kPictureMargin + (width() - 2 * kPictureMargin) * kInputShare + 6;
    painter.setPen(QPen(theme.wire, 1.5));
    painter.drawLine(QPointF(arrow, middle), QPointF(arrow + 16, middle));
    painter.drawLine(QPointF(arrow + 11, middle - 4), QPointF(arrow + 16, middle));
    painter.drawLine(QPointF(arrow + 11, middle + 4), QPointF(arrow + 16, middle));
    painter.setFont(textFont(type::kCaption));
    painter.setPen(theme.text2);
    painter.drawText(rect().adjusted(kPictureMargin, 0, -kPictureMargin, -5),
                     Qt::AlignHCenter | Qt::AlignBottom, caption());
}

void WindowPicture::mouseMoveEvent(QMouseEvent* event) {
    const Layout layout = layOut();
    const QPointF at = (event->position() - layout.output) / layout.outCell;
    const QPoint place(static_cast<int>(std::floor(at.x())), static_cast<int>(std::floor(at.y())));
    const bool inside = QRect(0, 0, layout.outColumns, layout.outRows).contains(place);
    if (inside && place != place_) {
        place_ = place;
        update();
    }
}

void WindowPicture::leaveEvent(QEvent*) {
    place_ = {};
    update();
}

} // namespace gradwright

#include "moc_window_picture.cpp"
