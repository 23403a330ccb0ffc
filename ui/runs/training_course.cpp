// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/runs/training_course.h"

#include "engine/metrics/quality.h"
#include "ui/glossary/explanation.h"
#include "ui/plots/curve_plot.h"
#include "ui/plots/gradient_heatmap.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QAction>
#include <QButtonGroup>
#include <QCheckBox>
#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QResizeEvent>
#include <QSlider>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <limits>

namespace gradwright {
namespace {

constexpr int kRoomForHint = 1100;
constexpr int kRoomForLabels = 830;
constexpr int kRoomForFactor = 720;
constexpr int kSlider = 110;
constexpr int kShortSlider = 70;

/// A schedule's jump gets a mark, its slope does not.
constexpr double kRateJump = 0.15; // of the rate before
constexpr double kRateStep = 0.08; // of the highest: a cosine's end falls steeply to nothing

} // namespace

TrainingCourse::TrainingCourse(ThemeManager& theme, QWidget* parent)
    : QWidget(parent)
    , theme_(&theme)
    , loss_(new CurvePlot(Measure(), theme))
    , quality_(new CurvePlot(qualityMetric(MetricKind::Classes), theme))
    , gradients_(new GradientHeatmap(theme)) {
    makeActions();
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(makeBar());
    layout->addWidget(loss_, 5);
    layout->addWidget(quality_, 4);
    layout->addWidget(gradients_, 3);
    // By the style sheet: a palette of its own would not outlast a switch of the theme.
    setAttribute(Qt::WA_StyledBackground);
    setProperty("role", QStringLiteral("canvas"));

    for (auto* plot : {loss_, quality_}) {
        auto* other = plot == loss_ ? quality_ : loss_;
        connect(plot, &CurvePlot::xRangeChosen, this, [this, other](double lower, double upper) {
            other->setXRange(lower, upper);
            gradients_->setXRange(lower, upper);
        });
        connect(plot, &CurvePlot::viewReset, this, &TrainingCourse::resetViews);
    }
    loss_->setLogScale(true);
}

void TrainingCourse::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    hint_->setVisible(event->size().width() >= kRoomForHint);
    for (auto* const label : labels_)
        label->setVisible(event->size().width() >= kRoomForLabels);
    const bool roomy = event->size().width() >= kRoomForFactor;
    factor_->setVisible(roomy);
    slider_->setFixedWidth(roomy ? kSlider : kShortSlider);
}

void TrainingCourse::makeActions() {
    const auto add = [this](const QString& text, const char* icon, auto run) {
        auto* made = new QAction(theme_->icon(QLatin1String(icon)), text, this);
        connect(made, &QAction::triggered, this, run);
        actions_ << made;
    };
    add(tr("Save loss plot…"), "export", [this] { loss_->saveAs(); });
    add({}, "export", [this] { quality_->saveAs(); });
    saveQuality_ = actions_.back();
    add(tr("Save gradient plot…"), "export", [this] { gradients_->saveAs(); });
    add(tr("Show everything in the plots"), "fit", [this] { resetViews(); });
    nameSaving(qualityMetric(MetricKind::Classes));
}

void TrainingCourse::nameSaving(const MetricDef& metric) {
    saveQuality_->setText(tr("Save %1 plot…").arg(qstr(nameInSentence(metric))));
}

void TrainingCourse::resetViews() {
    loss_->resetView();
    quality_->resetView();
    fitGradients();
}

/// Its axis is the one that has numbers, for the curves above it as well.
void TrainingCourse::fitGradients() {
    gradients_->setXRange(0, kAxisSlack * loss_->wholeWidth());
}

void TrainingCourse::setXUnit(XUnit unit) {
    unit_ = unit;
    for (const auto& [each, button] : units_)
        button->setChecked(each == unit);
    showAxis();
}

void TrainingCourse::showAxis() {
    loss_->setAxis(unit_, clock_);
    quality_->setAxis(unit_, clock_);
    gradients_->setAxis(unit_, clock_);
    if (!loss_->viewIsChosen())
        fitGradients();
}

QWidget* TrainingCourse::makeUnits() {
    auto* const box = new QFrame;
    box->setProperty("role", QStringLiteral("segments"));
    auto* const row = new QHBoxLayout(box);
    row->setContentsMargins(1, 1, 1, 1);
    row->setSpacing(0);
    box->setFixedHeight(26);
    auto* const group = new QButtonGroup(box);
    const auto add = [&](XUnit unit, const char* name, std::string_view place, const QString& tip) {
        auto* const button = new QToolButton;
        button->setObjectName(QLatin1String(name));
        button->setProperty("kind", QStringLiteral("segment"));
        button->setText(nameOf(unit));
        explain(*button, place, tip);
        button->setCheckable(true);
        button->setAutoExclusive(true);
        button->setFixedSize(52, 22);
        button->setFocusPolicy(Qt::TabFocus);
        group->addButton(button);
        row->addWidget(button);
        units_[unit] = button;
        connect(button, &QToolButton::clicked, this, [this, unit] { setXUnit(unit); });
    };
    add(XUnit::Step, "xStep", "window/steps", tr("Plot over the steps: one batch each"));
    add(XUnit::Epoch, "xEpoch", "window/epochs",
        tr("Plot over the epochs: one pass through the training data each"));
    add(XUnit::Time, "xTime", "window/x-axis",
        tr("Plot over the time of training, without pauses"));
    units_[XUnit::Epoch]->setChecked(true);
    return box;
}

void TrainingCourse::addTool(QAction* action) {
    auto* button = new QToolButton;
    button->setDefaultAction(action);
    button->setIconSize({18, 18});
    button->setFixedSize(28, 28);
    button->setFocusPolicy(Qt::TabFocus);
    tools_->addWidget(button);
}

QWidget* TrainingCourse::makeBar() {
    auto* bar = new QFrame;
    bar->setProperty("role", QStringLiteral("canvasBar"));
    bar->setFixedHeight(36);
    auto* label = new QLabel(tr("Smoothing"));
    label->setProperty("textRole", QStringLiteral("muted"));
    auto* slider = new QSlider(Qt::Horizontal);
    slider->setObjectName(QStringLiteral("smoothing"));
    slider->setAccessibleName(label->text());
    for (QWidget* const each : std::initializer_list<QWidget*>{label, slider})
        explain(*each, "window/smoothing");
    slider->setRange(0, 100);
    slider->setFixedWidth(kSlider);
    slider_ = slider;
    auto* value = new QLabel;
    value->setProperty("textRole", QStringLiteral("muted"));
    value->setFixedWidth(44);
    auto* raw = new QCheckBox(tr("Raw values"));
    raw->setObjectName(QStringLiteral("raw"));
    raw->setChecked(true);
    explain(*raw, "window/raw-values");
    auto* logarithmic = new QCheckBox(tr("Log loss"));
    logarithmic->setObjectName(QStringLiteral("logLoss"));
    logarithmic->setChecked(true);
    explain(*logarithmic, "window/log-loss");
    hint_ = new QLabel(tr("Wheel zooms, drag pans, double click shows everything"));
    hint_->setProperty("textRole", QStringLiteral("caption"));
    auto* layout = new QHBoxLayout(bar);
    layout->setContentsMargins(16, 0, 14, 0);
    layout->setSpacing(12);
    layout->addWidget(label);
    layout->addWidget(slider);
    layout->addWidget(value);
    layout->addWidget(raw);
    layout->addWidget(logarithmic);
    auto* const axis = new QLabel(tr("X axis"));
    explain(*axis, "window/x-axis");
    axis->setProperty("textRole", QStringLiteral("muted"));
    layout->addWidget(axis);
    layout->addWidget(makeUnits());
    labels_ = {label, axis};
    factor_ = value;
    layout->addStretch(1);
    layout->addWidget(hint_);
    tools_ = new QHBoxLayout;
    tools_->setSpacing(2);
    layout->addLayout(tools_);
    auto* save = new QToolButton;
    save->setObjectName(QStringLiteral("savePlots"));
    save->setIcon(theme_->icon(QStringLiteral("export")));
    save->setIconSize({18, 18});
    save->setFixedSize(28, 28);
    save->setToolTip(tr("Save a plot as PNG, SVG, PDF or CSV"));
    save->setAccessibleName(save->toolTip());
    save->setPopupMode(QToolButton::InstantPopup);
    auto* menu = new QMenu(save);
    menu->addActions(actions_.mid(0, 3));
    save->setMenu(menu);
    tools_->addWidget(save);
    // Even steps of the slider are even steps of the time that is averaged over: 1 to 1000 steps.
    const auto smooth = [this, value](int position) {
        const double factor = 1 - std::pow(10, -3.0 * position / 100);
        value->setText(QString::number(factor, 'f', factor > 0.99 ? 3 : 2));
        loss_->setSmoothing(factor);
        quality_->setSmoothing(factor);
    };
    connect(slider, &QSlider::valueChanged, this, smooth);
    slider->setValue(50);
    connect(raw, &QCheckBox::toggled, this, [this](bool on) {
        loss_->setRawShown(on);
        quality_->setRawShown(on);
    });
    connect(logarithmic, &QCheckBox::toggled, this, [this](bool on) { loss_->setLogScale(on); });
    return bar;
}

void TrainingCourse::begin(std::int64_t epochs, const std::vector<std::string>& weights,
                           const MetricDef& metric) {
    quality_->setMeasure(metric);
    nameSaving(metric);
    epochs_ = epochs;
    epoch_ = 0;
    rate_ = 0;
    highestRate_ = 0;
    gathered_ = {};
    clock_.clear();
    loss_->reset(static_cast<double>(epochs));
    quality_->reset(static_cast<double>(epochs));
    gradients_->reset(kAxisSlack * static_cast<double>(epochs), weights);
    showAxis();
}

void TrainingCourse::addPoint(const Point& point) {
    loss_->addTraining(point.epoch, point.loss);
    quality_->addTraining(point.epoch, point.quality);
    if (point.norms)
        gradients_->add(point.epoch, *point.norms);
    clock_.add(point.epoch, static_cast<double>(point.step), point.seconds);
    if (point.rate > 0) {
        highestRate_ = std::max(highestRate_, point.rate);
        const double change = std::abs(point.rate - rate_);
        const bool jumped =
            rate_ > 0 && change > kRateJump * rate_ && change > kRateStep * highestRate_;
        if (rate_ == 0 || jumped) // 0: the first
            addRateMark(epoch_, point.rate);
        rate_ = point.rate;
    }
    epoch_ = point.epoch;
}

void TrainingCourse::addSteps(std::span<const StepDone> steps) {
    for (const auto& step : steps) {
        const auto samples = static_cast<double>(step.samples);
        gathered_.loss += step.loss * samples;
        gathered_.quality += step.quality.value * samples;
        gathered_.samples += step.samples;
        if (!step.gradientNorms)
            continue;
        const auto count = static_cast<double>(gathered_.samples);
        addPoint({step.epoch, step.step, gathered_.loss / count, gathered_.quality / count,
                  step.learningRate, step.seconds, step.gradientNorms.get()});
        gathered_ = {};
    }
    const double now = steps.back().epoch;
    if (gathered_.samples > 0) {
        const auto count = static_cast<double>(gathered_.samples);
        loss_->previewTraining(now, gathered_.loss / count);
        quality_->previewTraining(now, gathered_.quality / count);
    }
    loss_->setNow(now);
    quality_->setNow(now);
    gradients_->setNow(now);
    showAxis();
}

/// What the schedule makes of a rate that was set counts, as it does for all other marks.
void TrainingCourse::markRate(const LearningRateChanged& event) {
    addRateMark(event.epoch, event.scheduledRate);
    rate_ = -event.scheduledRate; // marked already: the next point's is only remembered
}

void TrainingCourse::addRateMark(double epoch, double rate) {
    for (auto* const plot : {loss_, quality_})
        plot->addRateMark(epoch, rate);
}

void TrainingCourse::addValidation(double epoch, double loss, double quality, bool validated,
                                   bool best) {
    if (validated) {
        loss_->addValidation(epoch, loss);
        quality_->addValidation(epoch, quality);
        if (best)
            quality_->setBest(epoch, quality);
    }
    loss_->settleAxis();
    quality_->settleAxis();
}

void TrainingCourse::addEpoch(const EpochDone& event) {
    const auto& score = event.validation ? *event.validation : event.training;
    addValidation(static_cast<double>(event.epoch), score.loss, score.quality.value,
                  event.validation.has_value(), event.best);
}

void TrainingCourse::end() {
    // A point that was not ended has no line in metrics.jsonl.
    loss_->endPreview();
    quality_->endPreview();
    gathered_ = {};
    loss_->setNow({});
    quality_->setNow({});
    gradients_->setNow({});
}

void TrainingCourse::showRun(const RunHistory& run, std::int64_t lastStep) {
    begin(run.totalEpochs, run.weights, *run.metric);
    const auto isShown = [&](std::int64_t step) { return lastStep < 0 || step <= lastStep; };
    auto change = run.rateChanges.begin();
    // A version that did not log what the schedule made of a rate: the next point has it.
    const auto markUntil = [&](std::int64_t step, double rateThen) {
        for (; change != run.rateChanges.end() && change->step < step; ++change)
            if (const double rate = std::isnan(change->rate) ? rateThen : change->rate; rate > 0)
                markRate(
                    {change->step, rate, std::isnan(change->epoch) ? epoch_ : change->epoch, rate});
    };
    for (const auto& step : run.steps) {
        if (!isShown(step.step))
            continue;
        markUntil(step.step, step.learningRate);
        addPoint({step.epoch, step.step, step.loss, step.quality.value, step.learningRate,
                  step.seconds, &step.gradientNorms});
    }
    markUntil(lastStep < 0 ? std::numeric_limits<std::int64_t>::max() : lastStep + 1, 0);
    for (const auto& epoch : run.epochs)
        if (lastStep < 0 || static_cast<double>(epoch.epoch) <= epoch_)
            addValidation(static_cast<double>(epoch.epoch), epoch.loss, epoch.quality.value,
                          epoch.validated, epoch.best);
    showAxis();
}

void TrainingCourse::setOverlays(const std::vector<OverlayRun>& runs) {
    std::vector<CurvePlot::Overlay> losses;
    std::vector<CurvePlot::Overlay> qualities;
    for (const auto& each : runs) {
        CurvePlot::Overlay loss{each.role, each.name, {}, {}};
        CurvePlot::Overlay quality = loss;
        for (const auto& step : each.run->steps) {
            loss.training.add(step.epoch, step.loss);
            quality.training.add(step.epoch, step.quality.value);
            loss.clock.add(step.epoch, static_cast<double>(step.step), step.seconds);
        }
        quality.clock = loss.clock;
        for (const auto& epoch : each.run->epochs) {
            if (!epoch.validated)
                continue;
            loss.x.push_back(static_cast<double>(epoch.epoch));
            loss.y.push_back(epoch.loss);
            quality.x.push_back(static_cast<double>(epoch.epoch));
            quality.y.push_back(epoch.quality.value);
        }
        losses.push_back(std::move(loss));
        qualities.push_back(std::move(quality));
    }
    loss_->setOverlays(std::move(losses));
    quality_->setOverlays(std::move(qualities));
    if (!loss_->viewIsChosen())
        fitGradients();
}

} // namespace gradwright

#include "moc_training_course.cpp"
