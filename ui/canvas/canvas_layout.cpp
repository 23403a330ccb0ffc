// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/error.h"
#include "ui/canvas/auto_layout.h"
#include "ui/canvas/canvas_scene.h"
#include "ui/canvas/layout_job.h"
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
    const auto& graphs = document_->project().canvas.positions;
    static const std::map<NodeId, Point> nowhere;
    const auto found = graphs.find(scope_.graph);
    const auto& kept = found == graphs.end() ? nowhere : found->second;
    // Mostly all are: both are in the order of ids.
    const auto id = [](const auto& entry) { return entry.first; };
    if (std::ranges::includes(kept, graph().nodes(), {}, id, id)) {
        provisional_.clear();
        return;
    }
    auto placed = kept;
    std::erase_if(provisional_, [&](const auto& entry) {
        return placed.contains(entry.first) || graph().find(entry.first) == nullptr;
    });
    placed.insert(provisional_.begin(), provisional_.end());
    if (std::ranges::all_of(graph().nodes(),
                            [&](const auto& entry) { return placed.contains(entry.first); }))
        return;
    const bool nothingPlaced = placed.empty();
    provisional_.merge(stackedLayout(graph(), placed, flow()));
    if (nothingPlaced)
        runLayout(false);
}

void CanvasScene::routeLinks() {
    LinkRouter::Places obstacles;
    obstacles.reserve(nodes_.size());
    std::vector<std::pair<NodeId, const NodeItem*>> nodes;
    nodes.reserve(nodes_.size());
    for (const auto& [id, item] : nodes_) {
        nodes.emplace_back(id, item);
        // What is being dragged is in nobody's way: it may be about to go into a link.
        if (!moveDrag_ || !moveDrag_->nodes.contains(id))
            obstacles.emplace_back(id, item->sceneRect());
    }
    router_.place(std::move(obstacles), flow());
    const auto portAt = [&](const PortRef& port, bool isInput) {
        const auto node = std::ranges::lower_bound(nodes, port.node, {},
                                                   [](const auto& entry) { return entry.first; });
        return node->second->portPos({port, isInput});
    };
    // Both maps have the same links in the same order.
    auto item = links_.begin();
    for (const auto& [id, link] : graph().links()) {
        LinkItem& drawn = *(item++)->second;
        drawn.setRoute(router_.route(drawn.corners(), portAt(link.from, false), link.from.node,
                                     portAt(link.to, true), link.to.node));
    }
}

void CanvasScene::layOut() {
    runLayout(true);
}

void CanvasScene::cancelLayout() {
    if (layout_ == nullptr)
        return;
    delete std::exchange(layout_, nullptr);
    Q_EMIT layoutEnded();
}

void CanvasScene::setFlow(Flow flow) {
    if (flow == this->flow())
        return;
    if (perform(flow == Flow::Down ? tr("Flow from top to bottom") : tr("Flow from left to right"),
                {gradwright::SetFlow{flow}}))
        runLayout(true, true);
}

void CanvasScene::runLayout(bool asEdit, bool joins) {
    cancelLayout();
    if (graph().nodes().empty())
        return;
    LayoutRequest request{graph(), {}, flow()};
    for (const auto& [id, item] : nodes_)
        if (item->rect() != metrics::nodeRect())
            request.sizes[id] = item->rect().size();
    layout_ = new LayoutJob(std::move(request), this);
    const int step = document_->undoStack().index();
    connect(layout_, &LayoutJob::done, this,
            [this, asEdit, joins, step](const std::map<NodeId, Point>& positions) {
                // What was changed meanwhile is a step of its own.
                const bool isLast = step == document_->undoStack().index();
                takeLayout(positions, asEdit, joins && isLast);
            });
    connect(layout_, &LayoutJob::failed, this, [this](const QString& reason) {
        cancelLayout();
        Q_EMIT hint(reason);
    });
    Q_EMIT layoutStarted();
}

void CanvasScene::takeLayout(const std::map<NodeId, Point>& found, bool asEdit, bool joins) {
    const std::map<NodeId, Point> positions = found;
    std::exchange(layout_, nullptr)->deleteLater();
    Q_EMIT layoutEnded();
    if (!std::ranges::equal(
            graph().nodes(), positions, {}, [](const auto& e) { return e.first; },
            [](const auto& e) { return e.first; }))
        return; // edited meanwhile; this is the answer to another question
    if (asEdit) {
        std::map<NodeId, QPointF> before;
        for (const auto& [id, item] : nodes_)
            before[id] = item->pos();
        MoveNodes move{scope_.graph, {positions.begin(), positions.end()}};
        try {
            if (joins)
                document_->performJoined(document_->undoStack().undoText(), {std::move(move)});
            else
                document_->perform(tr("Automatic layout"), {std::move(move)});
            animateFrom(before);
        } catch (const Error& error) {
            Q_EMIT hint(QString::fromUtf8(error.what()));
        }
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
