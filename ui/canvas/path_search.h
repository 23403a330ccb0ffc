// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPolygonF>
#include <QRectF>

#include <span>

namespace gradwright {

/// The shortest way of vertical and horizontal parts, corners counted as a detour, that leaves
/// downwards, arrives from above and meets no obstacle; empty when there is none.
QPolygonF searchRoute(QPointF from, QPointF to, std::span<const QRectF> obstacles);

} // namespace gradwright
