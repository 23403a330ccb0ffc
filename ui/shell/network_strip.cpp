// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/network_strip.h"

#include "engine/graph/graph_index.h"
#include "engine/layers/catalog.h"

#include <QPainterPath>

#include <algorithm>
#include <map>

namespace gradwright {

namespace {

constexpr double kMargin = 16;
constexpr double kWidestPitch = 26;
constexpr double kBarShare = 0.48; // of the pitch
constexpr double kBarGap = 4;      // between a bar and the arc that begins at it

double heightOf(Category category) {
    switch (category) {
    case Category::InputOutput:
        return 46;
    case Category::Convolution:
        return 40;
    case Category::Dense:
        return 34;
    default:
        return 26;
    }
}

} // namespace

NetworkStrip::NetworkStrip(const Graph& graph) {
    std::map<NodeId, int> places;
    for (const NodeId id : topologicalOrder(graph)) {
        const LayerUse* const use = graph.find(id)->layerUse();
        const LayerDef* const layer = use != nullptr ? findLayer(use->layer) : nullptr;
        places.emplace(id, static_cast<int>(bars_.size()));
        bars_.push_back(layer != nullptr ? layer->category : Category::Merge);
    }
    for (const auto& [id, link] : graph.links()) {
        const auto from = places.find(link.from.node);
        const auto to = places.find(link.to.node);
        if (from != places.end() && to != places.end() && to->second > from->second + 1)
            skips_.emplace_back(from->second, to->second);
    }
}

void NetworkStrip::paint(QPainter& painter, const QRectF& rect, const Theme& theme) const {
    if (bars_.empty())
        return;
    const auto count = static_cast<double>(bars_.size());
    const double pitch = std::min(kWidestPitch, (rect.width() - 2 * kMargin) / count);
    const double left = rect.center().x() - pitch * (count - 1) / 2;
    const double middle = rect.center().y() + (skips_.empty() ? 0 : 6);
    const auto xOf = [&](int bar) { return left + pitch * bar; };
    painter.save();
    painter.setPen(QPen(theme.wire, 1.5));
    painter.setBrush(Qt::NoBrush);
    painter.drawLine(QPointF(left, middle),
                     QPointF(xOf(static_cast<int>(bars_.size()) - 1), middle));
    for (const auto& [from, to] : skips_) {
        const auto topOf = [&](int bar) {
            return middle - heightOf(bars_[static_cast<std::size_t>(bar)]) / 2 - kBarGap;
        };
        const double top = std::max(rect.top() + 6, middle - 40);
        QPainterPath arc({xOf(from), topOf(from)});
        arc.cubicTo(QPointF(xOf(from), top), QPointF(xOf(to), top), QPointF(xOf(to), topOf(to)));
        painter.drawPath(arc);
    }
    painter.setPen(Qt::NoPen);
    for (std::size_t i = 0; i < bars_.size(); ++i) {
        const double height = heightOf(bars_[i]);
        painter.setBrush(theme.category(bars_[i]));
        painter.drawRoundedRect(QRectF(xOf(static_cast<int>(i)) - pitch * kBarShare / 2,
                                       middle - height / 2, pitch * kBarShare, height),
                                2, 2);
    }
    painter.restore();
}

} // namespace gradwright
