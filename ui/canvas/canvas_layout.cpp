// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/canvas_layout.h"

#include "ui/canvas/auto_layout.h"
#include "ui/canvas/canvas_context.h"
#include "ui/canvas/layout_job.h"

#include <QSettings>
#include <QVariantAnimation>

#include <algorithm>
#include <utility>

namespace gradwright {

namespace {

constexpr int kAnimationMs = 200;
constexpr QSizeF kPage{860, 590};          // of the canvas in a window of 1440 × 900, at 100 %
constexpr std::size_t kMostAnimated = 300; // more cannot be followed by eye, nor drawn in time

bool reducedMotion() {
    return QSettings().value(QStringLiteral("reducedMotion"), false).toBool();
}

std::map<NodeId, QPointF> placesOf(const CanvasItems& items) {
    std::map<NodeId, QPointF> places;
    for (const auto& [id, item] : items.nodes())
        places[id] = item->pos();
    return places;
}

} // namespace

CanvasLayout::CanvasLayout(CanvasContext& canvas)
    : canvas_(&canvas) {}

void CanvasLayout::layOut() {
    run(Take::AsEdit);
}

void CanvasLayout::provide() {
    run(Take::Provided);
}

void CanvasLayout::setFlow(Flow flow) {
    if (flow == canvas_->flow())
        return;
    if (canvas_->perform(flow == Flow::Down ? tr("Flow from top to bottom")
                                            : tr("Flow from left to right"),
                         {gradwright::SetFlow{flow}}))
        run(Take::WithLastEdit);
}

void CanvasLayout::cancel() {
    if (job_ == nullptr)
        return;
    delete std::exchange(job_, nullptr);
    Q_EMIT ended();
}

void CanvasLayout::run(Take take) {
    cancel();
    if (canvas_->graph().nodes().empty())
        return;
    LayoutRequest request{canvas_->graph(), {}, canvas_->flow(), kPage};
    for (const auto& [id, item] : canvas_->items().nodes())
        if (item->rect() != metrics::nodeRect())
            request.sizes[id] = item->rect().size();
    job_ = new LayoutJob(std::move(request), this);
    const int step = canvas_->document().undoStack().index();
    connect(job_, &LayoutJob::done, this,
            [this, take, step](const std::map<NodeId, Point>& positions) {
                // What was changed meanwhile is a step of its own.
                const bool isLast = step == canvas_->document().undoStack().index();
                this->take(positions, take == Take::WithLastEdit && !isLast ? Take::AsEdit : take);
            });
    connect(job_, &LayoutJob::failed, this, [this](const QString& reason) {
        cancel();
        Q_EMIT canvas_->hint(reason);
    });
    Q_EMIT started();
}

void CanvasLayout::take(const std::map<NodeId, Point>& found, Take how) {
    const std::map<NodeId, Point> positions = found;
    std::exchange(job_, nullptr)->deleteLater();
    Q_EMIT ended();
    const auto id = [](const auto& entry) { return entry.first; };
    if (!std::ranges::equal(canvas_->graph().nodes(), positions, {}, id, id))
        return; // edited meanwhile; this is the answer to another question
    if (how == Take::Provided) {
        canvas_->items().provide(positions);
        (void)canvas_->items().syncPositions();
        canvas_->items().routeLinks();
        canvas_->callout().sync();
    } else {
        const auto before = placesOf(canvas_->items());
        MoveNodes move{canvas_->graphName(), {positions.begin(), positions.end()}};
        ProjectDocument& document = canvas_->document();
        canvas_->attempt([&] {
            if (how == Take::WithLastEdit)
                document.performJoined(document.undoStack().undoText(), {std::move(move)});
            else
                document.perform(tr("Automatic layout"), {std::move(move)});
            animateFrom(before);
        });
    }
    Q_EMIT laidOut();
}

void CanvasLayout::endAnimation() {
    delete std::exchange(animation_, nullptr);
}

void CanvasLayout::animateFrom(const std::map<NodeId, QPointF>& before) {
    if (reducedMotion() || canvas_->items().nodes().size() > kMostAnimated)
        return;
    endAnimation();
    animation_ = new QVariantAnimation(this);
    animation_->setDuration(kAnimationMs);
    animation_->setEasingCurve(QEasingCurve::OutCubic);
    animation_->setStartValue(0.0);
    animation_->setEndValue(1.0);
    connect(animation_, &QVariantAnimation::valueChanged, this,
            [this, before, after = placesOf(canvas_->items())](const QVariant& value) {
                const double share = value.toDouble();
                for (const auto& [id, to] : after) {
                    NodeItem* const item = canvas_->items().node(id);
                    const auto from = before.find(id);
                    if (item != nullptr && from != before.end())
                        item->setPos(from->second + share * (to - from->second));
                }
                canvas_->items().routeLinks();
            });
    animation_->start();
}

} // namespace gradwright

#include "moc_canvas_layout.cpp"
