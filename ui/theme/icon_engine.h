// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme.h"

#include <QColor>
#include <QPainter>
#include <QSize>
#include <QString>

namespace gradwright {

/// Draws the line icon `name` in a colour, its lines 1.5 logical pixels wide at every size.
/// Pixmaps are cached.
void drawIcon(QPainter& painter, const QRectF& rect, const QString& name, const QColor& color);

/// The icon size of a button that has a text beside its icon: the icon is drawn as a square at the
/// left, the rest keeps the text at a distance.
[[nodiscard]] constexpr QSize iconBesideText(int side) {
    constexpr int gap = 4;
    return {side + gap, side};
}

} // namespace gradwright
