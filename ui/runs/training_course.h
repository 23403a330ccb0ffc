// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/training/events.h"
#include "ui/plots/curve_legend.h"
#include "ui/plots/measure.h"
#include "ui/session/run_history.h"

#include <QList>
#include <QWidget>

#include <span>
#include <vector>

class QAction;
class QHBoxLayout;
class QLabel;

namespace gradwright {

class CurvePlot;
class GradientHeatmap;
class ThemeManager;

/// The course of one training: loss, quality and gradients on one axis of epochs.
class TrainingCourse : public QWidget {
    Q_OBJECT

public:
    explicit TrainingCourse(ThemeManager& theme, QWidget* parent = nullptr);

    /// `metric`: of all qualities to come.
    void begin(std::int64_t epochs, const std::vector<std::string>& weights,
               const MetricDef& metric);
    void addSteps(std::span<const StepDone> steps);
    void addEpoch(const EpochDone& event);
    void markRate(double learningRate);
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
    [[nodiscard]] double epoch() const { return epoch_; }
    [[nodiscard]] CurvePlot& loss() { return *loss_; }
    [[nodiscard]] CurvePlot& quality() { return *quality_; }
    [[nodiscard]] GradientHeatmap& gradients() { return *gradients_; }

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    QWidget* makeBar();
    void makeActions();
    void nameSaving(const MetricDef& metric);
    void resetViews();
    void fitGradients();
    void addStep(double epoch, double loss, double quality, double rate,
                 const std::vector<double>* norms);
    void addValidation(double epoch, double loss, double quality, bool validated, bool best);

    ThemeManager* theme_;
    QLabel* hint_ = nullptr;
    QHBoxLayout* tools_ = nullptr;
    QList<QAction*> actions_;
    QAction* saveQuality_ = nullptr;
    CurvePlot* loss_;
    CurvePlot* quality_;
    GradientHeatmap* gradients_;
    std::int64_t epochs_ = 1;
    double overlaid_ = 0; ///< last epoch of the runs laid over
    double epoch_ = 0;
    double rate_ = 0;
    double highestRate_ = 0;
};

} // namespace gradwright
