// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme.h"

#include <QColor>
#include <QPainter>
#include <QString>

namespace gradwright {

/// Draws the line icon `name` in a colour, its lines 1.5 logical pixels wide at every size.
/// Pixmaps are cached.
void drawIcon(QPainter& painter, const QRectF& rect, const QString& name, const QColor& color);

} // namespace gradwright
