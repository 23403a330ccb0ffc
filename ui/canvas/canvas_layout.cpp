// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/auto_layout.h"
#include "ui/canvas/canvas_scene.h"
#include "ui/canvas/node_item.h"

#include <QSettings>
#include <QVariantAnimation>

#include <algorithm>

// Where nodes and links lie: places for new nodes, automatic layout, routes.
namespace gradwright {

namespace {

constexpr int kAnimationMs = 200;
constexpr std::size_t kMostAnimated = 300; // more cannot be followed by eye, nor drawn in time

bool reducedMotion() {
    return QSettings().value(QStringLiteral("reducedMotion"), false).toBool();
}

} // namespace

void CanvasScene::provisionPositions() {
    const Graph& graph = document_->project().network.main;
    const auto& graphs = document_->project().canvas.positions;
    std::map<NodeId, Point> placed;
    if (const auto at = graphs.find(kMainGraph); at != graphs.end())
        placed = at->second;
    std::erase_if(provisional_, [&](const auto& entry) {
        return placed.contains(entry.first) || graph.find(entry.first) == nullptr;
    });
    placed.insert(provisional_.begin(), provisional_.end());
    if (std::ranges::all_of(graph.nodes(),
                            [&](const auto& entry) { return placed.contains(entry.first); }))
        return;
    const bool nothingPlaced = placed.empty();
    provisional_.merge(stackedLayout(graph, placed));
    if (nothingPlaced)
        runLayout(false);
}

void CanvasScene::routeLinks() {
    const Graph& graph = document_->project().network.main;
    // By their upper edge: what a link may meet lies in one stretch, since all are equally high.
    struct Obstacle {
        double top;
        NodeId owner;
        QRectF rect;
    };
    std::vector<Obstacle> all;
    all.reserve(nodes_.size());
    for (const auto& [id, item] : nodes_)
        all.push_back({item->y(), id, metrics::nodeRect().translated(item->pos())});
    std::ranges::sort(all, {}, &Obstacle::top);
    for (const auto& [id, item] : links_) {
        const Link& link = *graph.find(id);
        const QPointF from = nodes_.at(link.from.node)->portPos({link.from, false});
        const QPointF to = nodes_.at(link.to.node)->portPos({link.to, true});
        const QRectF span = QRectF(from, to).normalized().adjusted(-2, 2, 2, -2);
        std::vector<QRectF> obstacles;
        auto each =
            std::ranges::upper_bound(all, span.top() - metrics::kNodeHeight, {}, &Obstacle::top);
        for (; each != all.end() && each->top < span.bottom(); ++each)
            if (each->owner != link.from.node && each->owner != link.to.node)
                obstacles.push_back(each->rect);
        item->setRoute(routeLink(from, to, obstacles));
    }
}

void CanvasScene::layOut() {
    runLayout(true);
}

void CanvasScene::runLayout(bool asEdit) {
    Graph graph = document_->project().network.main;
    if (graph.nodes().empty())
        return;
    // Assigning joins the one before; its answer, on its way, is dropped as outdated or applied.
    layout_ = std::jthread([this, asEdit, graph = std::move(graph)] {
        try {
            std::map<NodeId, Point> positions = layeredLayout(graph);
            QMetaObject::invokeMethod(
                this, [this, asEdit, graph, positions] { takeLayout(graph, positions, asEdit); });
        } catch (const std::exception& error) {
            QMetaObject::invokeMethod(
                this, [this, text = QString::fromUtf8(error.what())] { Q_EMIT hint(text); });
        }
    });
}

void CanvasScene::takeLayout(const Graph& graph, std::map<NodeId, Point> positions, bool asEdit) {
    const Graph& now = document_->project().network.main;
    if (!std::ranges::equal(
            now.nodes(), graph.nodes(), {}, [](const auto& e) { return e.first; },
            [](const auto& e) { return e.first; }))
        return; // edited meanwhile; this is the answer to another question
    if (asEdit) {
        std::map<NodeId, QPointF> before;
        for (const auto& [id, item] : nodes_)
            before[id] = item->pos();
        MoveNodes move{kMainGraph, {positions.begin(), positions.end()}};
        if (perform(tr("Automatic layout"), {std::move(move)}))
            animateFrom(before);
    } else {
        for (const auto& [id, at] : positions)
            if (provisional_.contains(id))
                provisional_[id] = at;
        syncPositions();
        routeLinks();
        syncCallout();
    }
    Q_EMIT laidOut();
}

void CanvasScene::animateFrom(const std::map<NodeId, QPointF>& before) {
    if (reducedMotion() || nodes_.size() > kMostAnimated)
        return;
    std::map<NodeId, QPointF> after;
    for (const auto& [id, item] : nodes_)
        after[id] = item->pos();
    delete animation_;
    animation_ = new QVariantAnimation(this);
    animation_->setDuration(kAnimationMs);
    animation_->setEasingCurve(QEasingCurve::OutCubic);
    animation_->setStartValue(0.0);
    animation_->setEndValue(1.0);
    connect(animation_, &QVariantAnimation::valueChanged, this,
            [this, before, after](const QVariant& value) {
                const double share = value.toDouble();
                for (const auto& [id, to] : after) {
                    const auto item = nodes_.find(id);
                    const auto from = before.find(id);
                    if (item != nodes_.end() && from != before.end())
                        item->second->setPos(from->second + share * (to - from->second));
                }
                routeLinks();
            });
    animation_->start();
}

} // namespace gradwright
