// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme.h"

#include <QPainter>
#include <QRectF>

namespace gradwright::resizeCorner {

/// The corner by which the size of a frame or note is changed.
inline QRectF rectOf(QSizeF size) {
    constexpr double kSide = 16;
    return {size.width() - kSide, size.height() - kSide, kSide, kSide};
}

inline void paint(QPainter& painter, const Theme& theme, QSizeF size) {
    painter.setPen(QPen(theme.focus, 1.5));
    const QPointF corner(size.width() - 5, size.height() - 5);
    for (const double length : {5.0, 9.0})
        painter.drawLine(corner - QPointF(length, 0), corner - QPointF(0, length));
}

} // namespace gradwright::resizeCorner
