// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/lab/experiment.h"
#include "engine/lab/kinds.h"

#include <QWidget>

#include <optional>
#include <string>

class QLabel;
class QLayout;
class QPushButton;
class QSpinBox;
class QVBoxLayout;

namespace gradwright {

class ParamForm;
class ThemeManager;

/// Plans an experiment: the settings of its kind, what would be done and about how long it takes.
class ExperimentForm : public QWidget {
    Q_OBJECT

public:
    explicit ExperimentForm(ThemeManager& theme, QWidget* parent = nullptr);

    /// Begins with the kind's suggestions for the project, or with an experiment's settings.
    void show(const ExperimentKind& kind, const Project& project, const ParamValues* settings);
    /// The project has been changed.
    void setProject(const Project& project);
    /// How long an epoch takes, by an earlier run; nothing: not known.
    void setSecondsPerEpoch(std::optional<double> seconds);

    [[nodiscard]] const std::string& kind() const { return experiment_.kind; }
    [[nodiscard]] ParamForm* params() const { return params_; }

Q_SIGNALS:
    void startRequested(const gradwright::Experiment& experiment, const gradwright::Plan& plan);
    void cancelled();

private:
    QLayout* makeJobs();
    void showPlan();
    /// Whether several trials can run at a time, and what that means.
    void showJobs(const Procedure* procedure);
    /// Of each training, where so many trials run at a time.
    [[nodiscard]] std::int64_t threadsOfTraining() const;
    [[nodiscard]] Experiment wanted() const;
    void fillSettingsMenu();
    void addSetting(const std::string& proposal);

    ThemeManager* theme_;
    Experiment experiment_;
    std::optional<Plan> plan_;
    std::optional<double> secondsPerEpoch_;
    QLabel* title_;
    QLabel* doc_;
    QVBoxLayout* place_; ///< of the parameters
    ParamForm* params_ = nullptr;
    QPushButton* addSetting_; ///< to what a sweep varies
    QSpinBox* jobs_;          ///< trials at a time
    QLabel* jobsNote_;
    QLabel* steps_;
    QLabel* time_;
    QLabel* problem_;
    QPushButton* start_;
};

/// "40 s", "3 min 20 s", "2 h 5 min"
QString spanText(double seconds);

} // namespace gradwright
