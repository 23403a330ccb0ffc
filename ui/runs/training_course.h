// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/training/events.h"
#include "ui/plots/curve_legend.h"
#include "ui/plots/measure.h"
#include "ui/plots/run_clock.h"
#include "ui/session/run_history.h"

#include <QList>
#include <QWidget>

#include <cmath>
#include <map>
#include <span>
#include <vector>

class QAction;
class QHBoxLayout;
class QLabel;
class QSlider;
class QToolButton;

namespace gradwright {

class CurvePlot;
class GradientHeatmap;
class ThemeManager;

/// The course of one training: loss, quality and gradients on one axis of steps, epochs or time.
/// While it runs it is drawn in the points that its metrics.jsonl gets, so that it looks the same,
/// to the digit, when the run is shown later; the point that is being gathered is a preview.
class TrainingCourse : public QWidget {
    Q_OBJECT

public:
    explicit TrainingCourse(ThemeManager& theme, QWidget* parent = nullptr);

    /// `metric`: of all qualities to come.
    void begin(std::int64_t epochs, const std::vector<std::string>& weights,
               const MetricDef& metric);
    void addSteps(std::span<const StepDone> steps);
    void addEpoch(const EpochDone& event);
    void markRate(const LearningRateChanged& event);
    /// No "now" line when the training has ended.
    void end();
    /// Shows what a run wrote down, up to a step.
    void showRun(const RunHistory& run, std::int64_t lastStep = -1);

    struct OverlayRun {
        CurveRole role;
        QString name;
        const RunHistory* run;
    };
    void setOverlays(const std::vector<OverlayRun>& runs);

    /// For menus: saving the plots, and the view of everything.
    [[nodiscard]] const QList<QAction*>& plotActions() const { return actions_; }
    /// A button at the right of the bar.
    void addTool(QAction* action);
    /// Of the last point.
    [[nodiscard]] double epoch() const { return epoch_; }
    [[nodiscard]] double learningRate() const { return std::abs(rate_); }
    void setXUnit(XUnit unit);
    [[nodiscard]] CurvePlot& loss() { return *loss_; }
    [[nodiscard]] CurvePlot& quality() { return *quality_; }
    [[nodiscard]] GradientHeatmap& gradients() { return *gradients_; }

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    QWidget* makeBar();
    QWidget* makeUnits();
    void showAxis();
    void makeActions();
    void nameSaving(const MetricDef& metric);
    void resetViews();
    void fitGradients();
    /// What metrics.jsonl has in a line.
    struct Point {
        double epoch;
        std::int64_t step;
        double loss, quality, rate, seconds;
        const std::vector<double>* norms;
    };
    void addPoint(const Point& point);
    void addRateMark(double epoch, double rate);
    void addValidation(double epoch, double loss, double quality, bool validated, bool best);

    ThemeManager* theme_;
    QLabel* hint_ = nullptr;
    // In the bar, where there is room.
    std::vector<QLabel*> labels_;
    QLabel* factor_ = nullptr;  ///< of the smoothing
    QSlider* slider_ = nullptr; ///< of the smoothing
    std::map<XUnit, QToolButton*> units_;
    QHBoxLayout* tools_ = nullptr;
    QList<QAction*> actions_;
    QAction* saveQuality_ = nullptr;
    CurvePlot* loss_;
    CurvePlot* quality_;
    GradientHeatmap* gradients_;
    std::int64_t epochs_ = 1;
    double epoch_ = 0;
    double rate_ = 0; ///< 0: none yet; less than 0: set just now, and marked already
    double highestRate_ = 0;
    RunClock clock_;
    XUnit unit_ = XUnit::Epoch;
    /// Sums over the samples since the last point.
    struct {
        double loss = 0, quality = 0;
        std::int64_t samples = 0;
    } gathered_;
};

} // namespace gradwright
