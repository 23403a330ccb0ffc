// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/curve_plot.h"

#include "ui/glossary/explanation.h"
#include "ui/plots/qcp.h"
#include "ui/plots/scale.h"
#include "ui/plots/value_ticker.h"
#include "ui/plots/x_ticker.h"
#include "ui/theme/theme_manager.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace gradwright {
namespace {

constexpr int kCurveInterval = 66; // ms: 15 Hz, every repaint costs the training time

const QString kOverlayLayer = QStringLiteral("overlays");
constexpr float kRawAlpha = 0.3F;
constexpr float kDenseRawAlpha = 0.16F; // where they would be a solid block

QVector<double> toVector(const std::vector<double>& values) {
    return {values.begin(), values.end()};
}

QPainterPath starPath() {
    QPolygonF star;
    for (int i = 0; i < 10; ++i) {
        const double angle = i * std::numbers::pi / 5;
        const double radius = i % 2 == 0 ? 7 : 3;
        star << QPointF(radius * std::sin(angle), -radius * std::cos(angle));
    }
    QPainterPath path;
    path.addPolygon(star);
    path.closeSubpath();
    return path;
}

} // namespace

CurvePlot::CurvePlot(Measure measure, ThemeManager& theme, QWidget* parent)
    : QWidget(parent)
    , measure_(measure)
    , theme_(&theme)
    , title_(new QLabel(measure.name()))
    , legend_(new CurveLegend(theme))
    , plot_(new QCustomPlot)
    , crosshair_(new QFrame(plot_))
    , readout_(new QLabel(plot_))
    , refreshing_(*this, kCurveInterval, [this] { refresh(); }) {
    title_->setProperty("textRole", QStringLiteral("title"));
    auto* header = new QHBoxLayout;
    header->setContentsMargins(16, 0, kPlotRight, 0);
    header->setSpacing(8);
    header->addWidget(title_);
    header->addWidget(legend_, 1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 6, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(header);
    layout->addWidget(plot_, 1);
    plot_->setMinimumHeight(80);
    nameMeasure();

    buildPlot();
    buildCrosshair();
    connect(&theme, &ThemeManager::changed, this, &CurvePlot::applyTheme);
    applyTheme();
    reset(1);
}

CurvePlot::~CurvePlot() = default;

void CurvePlot::nameMeasure() {
    title_->setText(measure_.name());
    setAccessibleName(measure_.name());
    plot_->setAccessibleName(measure_.name());
    plot_->setFocusPolicy(Qt::NoFocus); // it takes no keys; a click leaves the focus where it is
    explain(*title_, measure_.place());
    explain(*this, measure_.place());
    setToolTip({}); // the pointer reads values here
}

void CurvePlot::buildPlot() {
    auto* axes = plot_->axisRect();
    axes->setAutoMargins(QCP::msNone);
    axes->setMargins(QMargins(kPlotLeft, measure_.isLoss() ? 24 : 12, kPlotRight, 10));
    for (auto* axis : {plot_->xAxis, plot_->yAxis}) {
        axis->setTickPen(Qt::NoPen);
        axis->setSubTicks(false);
        axis->setTickLabelFont(textFont(type::kCaption));
        axis->grid()->setZeroLinePen(Qt::NoPen);
    }
    plot_->xAxis->setTickLabels(false);
    plot_->xAxis->setTickLength(0);
    plot_->yAxis->setTickLength(0);
    plot_->yAxis->setTickLabelPadding(8);
    plot_->yAxis->setTicker(QSharedPointer<ValueTicker>::create(measure_, false));
    plot_->xAxis->setTicker(QSharedPointer<XTicker>::create(unit_));
    plot_->setInteractions(QCP::iRangeDrag | QCP::iRangeZoom);
    plot_->setNoAntialiasingOnDrag(true);

    // From below: raw values under the grid, other runs, then what the plot is about.
    plot_->addLayer(kOverlayLayer, plot_->layer(QStringLiteral("main")), QCustomPlot::limBelow);
    rawGraph_ = plot_->addGraph();
    rawGraph_->setLayer(QStringLiteral("background"));
    smoothGraph_ = plot_->addGraph();
    validationGraph_ = plot_->addGraph();
    bestGraph_ = plot_->addGraph();
    rawGraph_->setAntialiased(false);
    bestGraph_->setLineStyle(QCPGraph::lsNone);
    nowLine_ = new QCPItemStraightLine(plot_);
    nowLine_->setVisible(false);
    nowText_ = new QCPItemText(plot_);
    nowText_->setVisible(false);
    nowText_->setClipToAxisRect(false);
    nowText_->setText(tr("now"));
    nowText_->setFont(textFont(type::kCaption));
    nowText_->setPositionAlignment(Qt::AlignLeft | Qt::AlignBottom);
    nowText_->setPadding(QMargins(5, 0, 0, 2));
    nowText_->position->setTypeY(QCPItemPosition::ptAxisRectRatio);

    // Only the user's own zooming and panning stop the view from following the data.
    const auto choose = [this] { chosenView_ = chosenView_ || !isEmpty(); };
    connect(plot_, &QCustomPlot::mouseWheel, this, choose);
    connect(plot_, &QCustomPlot::mousePress, this, [this](QMouseEvent* event) {
        if (event->button() == Qt::RightButton)
            showMenu(event->globalPosition().toPoint());
    });
    connect(plot_, &QCustomPlot::mouseMove, this, [choose](QMouseEvent* event) {
        if (event->buttons() & Qt::LeftButton)
            choose();
    });
    connect(plot_->xAxis, qOverload<const QCPRange&>(&QCPAxis::rangeChanged), this,
            [this](const QCPRange&) {
                keepInView();
                spaceMarkers();
                const QCPRange range = plot_->xAxis->range();
                if (chosenView_)
                    Q_EMIT xRangeChosen(range.lower, range.upper);
            });
    connect(plot_->yAxis, qOverload<const QCPRange&>(&QCPAxis::rangeChanged), this,
            &CurvePlot::keepInView);
    connect(plot_, &QCustomPlot::mouseDoubleClick, this, [this] {
        resetView();
        Q_EMIT viewReset();
    });
}

void CurvePlot::applyTheme() {
    const auto& theme = theme_->theme();
    plot_->setBackground(QBrush(theme.canvas));
    for (auto* axis : {plot_->xAxis, plot_->yAxis}) {
        axis->setBasePen(axis == plot_->xAxis ? QPen(theme.axis, 1) : QPen(Qt::NoPen));
        axis->setTickLabelColor(theme.axis);
        axis->grid()->setPen(QPen(theme.grid, 1));
    }
    smoothGraph_->setPen(QPen(theme.training, 2.2, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    styleGraph(validationGraph_, CurveRole::Validation, 2);
    for (std::size_t i = 0; i < overlayGraphs_.size(); ++i)
        styleOverlay(overlayGraphs_[i], overlays_[i]);
    bestGraph_->setScatterStyle(
        QCPScatterStyle(starPath(), QPen(theme.canvas, 1), theme.warning, 6));
    nowLine_->setPen(QPen(theme.axis, 1));
    nowText_->setColor(theme.text3);
    for (const auto& mark : marks_) {
        mark.line->setPen(QPen(theme.focus, 1, Qt::DashLine));
        mark.text->setColor(theme.focus);
    }
    crosshair_->setStyleSheet(
        QStringLiteral("background: %1; border: none;").arg(theme.text3.name()));
    readout_->setStyleSheet(
        QStringLiteral("background: %1; color: %2; border: 1px solid %3; border-radius: 6px;"
                       "padding: 4px 8px; font-size: 11px;")
            .arg(theme.raised.name(), theme.text.name(), theme.border.name()));
    scheduleRefresh();
    plot_->replot(QCustomPlot::rpQueuedReplot);
}

void CurvePlot::styleGraph(QCPGraph* graph, CurveRole role, double width) {
    const auto color = colorOf(role, theme_->theme());
    graph->setPen(QPen(color, width, dashOf(role), Qt::FlatCap, Qt::RoundJoin));
    graph->setScatterStyle(QCPScatterStyle(markerOf(role), QPen(Qt::NoPen), color, 6));
}

void CurvePlot::reset(double epochs) {
    epochs_ = std::max(epochs, 1e-9);
    training_.clear();
    validationX_.clear();
    validationY_.clear();
    for (const auto& mark : marks_) {
        plot_->removeItem(mark.line);
        plot_->removeItem(mark.text);
    }
    marks_.clear();
    best_.reset();
    clock_.clear();
    fitted_ = false;
    setNow({});
    resetView();
}

void CurvePlot::addTraining(double epoch, double value) {
    training_.add(epoch, value);
    scheduleRefresh();
}

void CurvePlot::previewTraining(double epoch, double value) {
    training_.preview(epoch, value);
    scheduleRefresh();
}

void CurvePlot::endPreview() {
    training_.endPreview();
    scheduleRefresh();
}

void CurvePlot::addValidation(double epoch, double value) {
    validationX_.push_back(epoch);
    validationY_.push_back(value);
    scheduleRefresh();
}

void CurvePlot::setMeasure(Measure measure) {
    if (measure == measure_)
        return;
    measure_ = measure;
    nameMeasure();
    plot_->yAxis->setTicker(QSharedPointer<ValueTicker>::create(measure_, logarithmic_));
    reset(epochs_);
}

void CurvePlot::settleAxis() {
    if (!measure_.isLoss())
        fitted_ = false;
    scheduleRefresh();
    sayTextChanged(*this);
}

void CurvePlot::setLogScale(bool logarithmic) {
    if (logarithmic == logarithmic_)
        return;
    logarithmic_ = logarithmic;
    plot_->yAxis->setScaleType(logarithmic ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    plot_->yAxis->setTicker(QSharedPointer<ValueTicker>::create(measure_, logarithmic));
    fitted_ = false;
    resetView();
}

void CurvePlot::setSmoothing(double factor) {
    smoothing_ = factor;
    training_.setSmoothing(factor);
    for (auto& overlay : overlays_)
        overlay.training.setSmoothing(factor);
    scheduleRefresh();
}

void CurvePlot::setRawShown(bool shown) {
    rawShown_ = shown;
    scheduleRefresh();
}

void CurvePlot::setXRange(double lower, double upper) {
    const QSignalBlocker quiet(plot_->xAxis);
    chosenView_ = true;
    plot_->xAxis->setRange(lower, upper);
    scheduleRefresh();
}

void CurvePlot::resetView() {
    chosenView_ = false;
    scheduleRefresh();
}

std::pair<double, double> CurvePlot::xRange() const {
    return {plot_->xAxis->range().lower, plot_->xAxis->range().upper};
}

std::pair<double, double> CurvePlot::valueRange() const {
    return {plot_->yAxis->range().lower, plot_->yAxis->range().upper};
}

void CurvePlot::scheduleRefresh() {
    refreshing_.later();
}

void CurvePlot::refresh() {
    const auto places = placesOf(training_.x(), clock_);
    const auto x = toVector(places);
    const bool known = !x.isEmpty() || training_.size() == 0; // the times of an old run are not
    rawGraph_->setVisible(rawShown_ && known);
    smoothGraph_->setVisible(known);
    QColor raw = theme_->theme().training;
    const bool dense = x.size() > plot_->axisRect()->width() / 2;
    raw.setAlphaF(dense ? kDenseRawAlpha : kRawAlpha);
    rawGraph_->setPen(QPen(raw, 1));
    if (known) {
        rawGraph_->setData(x, toVector(training_.raw()), true);
        smoothGraph_->setData(x, toVector(training_.smooth()), true);
    }
    const auto validated = toVector(placesOf(validationX_, clock_));
    validationGraph_->setData(
        validated, validated.isEmpty() ? QVector<double>() : toVector(validationY_), true);
    showOverlays();
    fitValueAxis();
    if (!chosenView_) {
        plot_->xAxis->setRange(0, kAxisSlack * wholeWidth());
        plot_->yAxis->setRange(lower_, upper_);
    }
    plot_->setInteraction(QCP::iRangeZoom, !isEmpty());
    plot_->setInteraction(QCP::iRangeDrag, !isEmpty());
    placeMarks();
    spaceMarkers();
    legend_->setEntries(lastValues());
    plot_->replot(QCustomPlot::rpQueuedReplot);
}

void CurvePlot::fitValueAxis() {
    double least = std::numeric_limits<double>::infinity();
    double most = -least;
    const auto take = [&](const std::vector<double>& x, const std::vector<double>& y, double from) {
        for (std::size_t i = 0; i < y.size(); ++i) {
            if (!std::isfinite(y[i]) || x[i] < from || (logarithmic_ && y[i] <= 0))
                continue;
            least = std::min(least, y[i]);
            most = std::max(most, y[i]);
        }
    };
    // The steep rise of the first epoch would press all that follows against the top.
    const bool afterFirst = !measure_.isLoss() && !validationY_.empty();
    take(training_.x(), training_.smooth(), afterFirst ? 0.5 : 0);
    take(validationX_, validationY_, 0);
    for (const auto& overlay : overlays_) {
        const double from = measure_.isLoss() ? 0 : 0.5;
        take(overlay.x, overlay.y, from);
        take(overlay.training.x(), overlay.training.smooth(), overlay.x.empty() ? from : 1);
    }
    const bool empty = !(least <= most);

    double lower = 0;
    double upper = 1;
    if (measure_.endsAtOne()) {
        const bool settled = !validationY_.empty() || (training_.size() == 0 && !overlays_.empty());
        // R² falls below 0 where a network is worse than the mean. Once one is better, its first
        // steps, however bad, would press what follows against the top.
        const double reach = measure_.isShare() ? 1.0 : most > 0 ? 2.0 : 100.0;
        if (fitted_)
            lower_ = std::max(lower_, 1 - reach);
        lower = settled && !empty ? 1 - std::clamp(roundUp125(1 - least + 1e-4), 0.01, reach) : 0;
        upper = 1;
    } else if (logarithmic_) {
        lower = empty ? 0.01 : roundDown125(least);
        upper = empty ? 3 : std::max(roundUp125(most), 3 * lower);
    } else {
        const double step = roundUp125((empty ? 1 : std::max(most, 1e-9)) / 5);
        upper = step * std::ceil((empty ? 1 : most) / step);
        upper = std::max(upper, step);
    }
    lower_ = fitted_ ? std::min(lower, lower_) : lower;
    upper_ = fitted_ ? std::max(upper, upper_) : upper;
    fitted_ = !empty;
}

QString CurvePlot::format(double value) const {
    return measure_.text(value);
}

std::vector<CurveLegend::Entry> CurvePlot::lastValues() const {
    std::vector<CurveLegend::Entry> entries;
    if (training_.size() > 0)
        entries.push_back({CurveRole::Training, tr("training"), format(training_.smooth().back())});
    if (!validationY_.empty())
        entries.push_back({CurveRole::Validation, tr("validation"), format(validationY_.back())});
    for (const auto& overlay : overlays_)
        if (!overlay.y.empty())
            entries.push_back({overlay.role, overlay.name, format(overlay.y.back())});
        else if (overlay.training.size() > 0)
            entries.push_back(
                {overlay.role, overlay.name, format(overlay.training.smooth().back())});
    return entries;
}

} // namespace gradwright

#include "moc_curve_plot.cpp"
