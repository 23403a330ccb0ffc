// SPDX-License-Identifier: GPL-3.0-or-later
// What a CurvePlot shows beside its own curves: other runs, marks, and where
// all of it lies on the horizontal axis.
#include "ui/plots/curve_plot.h"
#include "ui/plots/qcp.h"
#include "ui/plots/scale.h"
#include "ui/plots/x_ticker.h"
#include "ui/theme/theme_manager.h"

#include <algorithm>
#include <cmath>

namespace gradwright {
namespace {

constexpr double kMarkLabelWidth = 64; // px, of "▼ lr 2.5e-3"
constexpr double kOverlayWidth = 1.6;
constexpr double kOverlayTrainingWidth = 1;
constexpr float kOverlayTrainingAlpha = 0.6F;

} // namespace

void CurvePlot::setAxis(XUnit unit, const RunClock& clock) {
    clock_ = clock;
    if (unit != unit_) {
        unit_ = unit;
        plot_->xAxis->setTicker(QSharedPointer<XTicker>::create(unit));
        resetView();
    }
    scheduleRefresh();
}

double CurvePlot::wholeWidth() const {
    double width = clock_.at(epochs_, unit_);
    for (const auto& overlay : overlays_) {
        const double last = std::max(overlay.x.empty() ? 0 : overlay.x.back(),
                                     overlay.training.size() > 0 ? overlay.training.x().back() : 0);
        const double end = overlay.clock.at(std::ceil(last - 1e-9), unit_);
        width = std::isfinite(width) ? std::max(width, std::isfinite(end) ? end : 0) : end;
    }
    return std::isfinite(width) && width > 0 ? width : 1;
}

/// Nothing where the run's times are not known.
std::vector<double> CurvePlot::placesOf(const std::vector<double>& epochs,
                                        const RunClock& clock) const {
    if (unit_ == XUnit::Time && !clock.hasTimes())
        return {};
    return clock.at(epochs, unit_);
}

bool CurvePlot::isEmpty() const {
    return training_.size() == 0 && validationY_.empty() && overlays_.empty();
}

/// The view may be any part of what there is, but not beyond it.
void CurvePlot::keepInView() {
    if (!chosenView_)
        return;
    const auto bound = [](QCPAxis& axis, double lower, double upper) {
        const QCPRange bounded = axis.range().bounded(lower, upper);
        if (bounded != axis.range())
            axis.setRange(bounded);
    };
    bound(*plot_->xAxis, 0, kAxisSlack * wholeWidth());
    if (measure_.endsAtOne())
        bound(*plot_->yAxis, measure_.isShare() ? 0 : std::min(lower_, -1.0), 1);
    else if (logarithmic_)
        bound(*plot_->yAxis, lower_ / 10, 10 * upper_);
    else
        bound(*plot_->yAxis, 0, 1.2 * upper_);
}

void CurvePlot::setBest(double epoch, double value) {
    best_ = {epoch, value};
    scheduleRefresh();
}

void CurvePlot::addRateMark(double epoch, double learningRate) {
    auto* const line = new QCPItemStraightLine(plot_);
    auto* const text = new QCPItemText(plot_);
    text->setClipToAxisRect(false);
    text->setFont(textFont(type::kCaption));
    // The first says what the marks are about; they stand above the loss alone.
    text->setText(!measure_.isLoss() ? QString()
                                     : QStringLiteral("▼ %1%2").arg(
                                           marks_.empty() ? QStringLiteral("lr ") : QString(),
                                           shortReal(learningRate)));
    text->setPositionAlignment(Qt::AlignLeft | Qt::AlignBottom);
    text->setPadding(QMargins(0, 0, 0, 2));
    text->position->setTypeY(QCPItemPosition::ptAxisRectRatio);
    line->setPen(QPen(theme_->theme().focus, 1, Qt::DashLine));
    text->setColor(theme_->theme().focus);
    marks_.push_back({line, text, epoch});
    scheduleRefresh();
}

QString CurvePlot::rateMark(std::size_t index) const {
    return marks_[index].text->text();
}

void CurvePlot::setNow(std::optional<double> epoch) {
    now_ = epoch;
    scheduleRefresh();
}

/// A label that would lie on the one before it is left out.
void CurvePlot::placeMarks() {
    const auto area = plot_->axisRect();
    double free = -kMarkLabelWidth; // px, from which on there is no label
    for (const auto& mark : marks_) {
        const double x = clock_.at(mark.epoch, unit_);
        const bool known = std::isfinite(x);
        mark.line->setVisible(known);
        if (known) {
            mark.line->point1->setCoords(x, 1);
            mark.line->point2->setCoords(x, 2);
            mark.text->position->setCoords(x, 0);
        }
        const double pixel = known ? plot_->xAxis->coordToPixel(x) : 0;
        const bool shown =
            known && pixel >= free && pixel >= area->left() - 1 && pixel <= area->right();
        mark.text->setVisible(shown);
        if (shown)
            free = pixel + kMarkLabelWidth;
    }
    const double now = now_ ? clock_.at(*now_, unit_) : std::nan("");
    const bool running = std::isfinite(now);
    nowLine_->setVisible(running);
    nowText_->setVisible(false);
    if (running) {
        nowLine_->point1->setCoords(now, 1);
        nowLine_->point2->setCoords(now, 2);
        nowText_->position->setCoords(now, 0);
        const double pixel = plot_->xAxis->coordToPixel(now);
        nowText_->setVisible(
            measure_.isLoss() && std::ranges::none_of(marks_, [&](const auto& mark) {
                return mark.text->visible() &&
                       std::abs(pixel - plot_->xAxis->coordToPixel(mark.line->point1->key())) <
                           kMarkLabelWidth;
            }));
    }
    const double best = best_ ? clock_.at(best_->first, unit_) : std::nan("");
    if (std::isfinite(best))
        bestGraph_->setData({best}, {best_->second});
    else
        bestGraph_->data()->clear();
}

void CurvePlot::setOverlays(std::vector<Overlay> overlays) {
    for (const auto& lines : overlayGraphs_) {
        plot_->removeGraph(lines.training);
        plot_->removeGraph(lines.validation);
    }
    overlayGraphs_.clear();
    overlays_ = std::move(overlays);
    for (auto& overlay : overlays_) {
        overlay.training.setSmoothing(smoothing_);
        OverlayLines lines{plot_->addGraph(), plot_->addGraph()};
        for (auto* const graph : {lines.training, lines.validation})
            graph->setLayer(QStringLiteral("overlays"));
        styleOverlay(lines, overlay);
        overlayGraphs_.push_back(lines);
    }
    fitted_ = false;
    scheduleRefresh();
}

/// Training is a thin line without markers in the same colour and dash; where it is all there is,
/// it is as strong as validation.
void CurvePlot::styleOverlay(const OverlayLines& lines, const Overlay& overlay) {
    styleGraph(lines.validation, overlay.role, kOverlayWidth);
    QColor color = colorOf(overlay.role, theme_->theme());
    const bool alone = overlay.x.empty();
    if (!alone)
        color.setAlphaF(kOverlayTrainingAlpha);
    lines.training->setPen(QPen(color, alone ? kOverlayWidth : kOverlayTrainingWidth,
                                dashOf(overlay.role), Qt::FlatCap));
}

/// Markers tell curves apart; those of many epochs would lie over each other as a thick band, which
/// hides the curves beneath. The lines keep every point.
void CurvePlot::spaceMarkers() {
    constexpr double kLeastGap = 14; // pixels from one marker to the next
    const QCPRange shown = plot_->xAxis->range();
    const auto space = [&](QCPGraph& graph) {
        bool known = false;
        const QCPRange held = graph.getKeyRange(known);
        const auto gaps = graph.dataCount() - 1;
        if (!known || gaps < 1 || !(held.size() > 0) || !(shown.size() > 0))
            return graph.setScatterSkip(0);
        const double gap = plot_->axisRect()->width() * held.size() / shown.size() / gaps;
        graph.setScatterSkip(std::clamp(static_cast<int>(std::ceil(kLeastGap / gap)) - 1, 0, gaps));
    };
    space(*validationGraph_);
    for (const auto& lines : overlayGraphs_)
        space(*lines.validation);
}

void CurvePlot::showOverlays() {
    const auto set = [](QCPGraph& graph, const std::vector<double>& x,
                        const std::vector<double>& y) {
        if (x.size() == y.size())
            graph.setData({x.begin(), x.end()}, {y.begin(), y.end()}, true);
        else
            graph.data()->clear();
    };
    for (std::size_t i = 0; i < overlays_.size(); ++i) {
        const auto& overlay = overlays_[i];
        set(*overlayGraphs_[i].validation, placesOf(overlay.x, overlay.clock), overlay.y);
        set(*overlayGraphs_[i].training, placesOf(overlay.training.x(), overlay.clock),
            overlay.training.smooth());
    }
}

} // namespace gradwright
