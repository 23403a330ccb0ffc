// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPointF>
#include <Qt>

namespace gradwright {

class CanvasContext;

enum class Edge { Left, Center, Right, Top, Middle, Bottom };

void moveSelection(CanvasContext& canvas, QPointF by);
void align(CanvasContext& canvas, Edge edge);
void distribute(CanvasContext& canvas, Qt::Orientation orientation);

} // namespace gradwright
