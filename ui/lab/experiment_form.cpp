// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/lab/experiment_form.h"

#include "engine/support/error.h"
#include "ui/forms/param_form.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include <cmath>

namespace gradwright {
namespace {

constexpr int kFormWidth = 560;

QLabel* wrappedLabel(const char* role) {
    auto* const label = new QLabel;
    label->setWordWrap(true);
    label->setProperty("textRole", QString::fromLatin1(role));
    return label;
}

} // namespace

QString spanText(double seconds) {
    const auto whole = std::llround(seconds);
    if (whole < 60)
        return ExperimentForm::tr("%1 s").arg(whole);
    if (whole < 3600)
        return ExperimentForm::tr("%1 min %2 s").arg(whole / 60).arg(whole % 60);
    return ExperimentForm::tr("%1 h %2 min").arg(whole / 3600).arg(whole % 3600 / 60);
}

ExperimentForm::ExperimentForm(ThemeManager& theme, QWidget* parent)
    : QWidget(parent)
    , theme_(&theme)
    , title_(new QLabel)
    , doc_(wrappedLabel("muted"))
    , place_(new QVBoxLayout)
    , steps_(wrappedLabel("muted"))
    , time_(wrappedLabel("muted"))
    , problem_(wrappedLabel("error"))
    , start_(new QPushButton(tr("Start"))) {
    title_->setProperty("textRole", QStringLiteral("page"));
    steps_->setObjectName(QStringLiteral("planSteps"));
    time_->setObjectName(QStringLiteral("planTime"));
    problem_->setObjectName(QStringLiteral("planProblem"));
    auto* const heading = new QLabel(tr("Plan"));
    heading->setProperty("textRole", QStringLiteral("section"));
    start_->setObjectName(QStringLiteral("startExperiment"));
    start_->setProperty("kind", QStringLiteral("primary"));
    auto* const back = new QPushButton(tr("Cancel"));
    back->setObjectName(QStringLiteral("cancelPlan"));
    auto* const buttons = new QHBoxLayout;
    buttons->addWidget(start_);
    buttons->addWidget(back);
    buttons->addStretch(1);

    auto* const column = new QWidget;
    column->setMaximumWidth(kFormWidth);
    auto* const layout = new QVBoxLayout(column);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(8);
    layout->addWidget(title_);
    layout->addWidget(doc_);
    layout->addLayout(place_);
    layout->addSpacing(8);
    layout->addWidget(heading);
    layout->addWidget(steps_);
    layout->addWidget(time_);
    layout->addWidget(problem_);
    layout->addLayout(buttons);
    layout->addStretch(1);
    auto* const outer = new QHBoxLayout(this);
    outer->setContentsMargins(20, 16, 20, 16);
    outer->addWidget(column, 1);
    outer->addStretch(0);

    connect(back, &QPushButton::clicked, this, &ExperimentForm::cancelled);
    connect(start_, &QPushButton::clicked, this, [this] {
        if (plan_)
            Q_EMIT startRequested(experiment_, *plan_);
    });
}

void ExperimentForm::show(const ExperimentKind& kind, const Project& project,
                          const ParamValues* settings) {
    experiment_ = {kind.key, project, {}, kind.title};
    if (settings)
        experiment_.settings = *settings;
    else if (kind.suggest)
        experiment_.settings = kind.suggest(project);
    title_->setText(qstr(kind.title));
    doc_->setText(qstr(kind.doc));
    delete params_;
    params_ = new ParamForm(kind.params, "experiment/" + kind.key, *theme_);
    params_->setValues(experiment_.settings);
    place_->addWidget(params_);
    connect(params_, &ParamForm::edited, this,
            [this](const std::string& key, const ParamValue& value) {
                experiment_.settings.insert_or_assign(key, value);
                params_->setValues(experiment_.settings);
                showPlan();
            });
    showPlan();
}

void ExperimentForm::setProject(const Project& project) {
    if (experiment_.kind.empty())
        return;
    experiment_.project = project;
    showPlan();
}

void ExperimentForm::setSecondsPerEpoch(std::optional<double> seconds) {
    secondsPerEpoch_ = seconds;
    if (!experiment_.kind.empty())
        showPlan();
}

void ExperimentForm::showPlan() {
    plan_.reset();
    QString problem;
    try {
        plan_ = experimentKind(experiment_.kind).make(experiment_)->plan();
    } catch (const Error& error) {
        problem = QString::fromUtf8(error.what());
    }
    QStringList steps;
    if (plan_)
        for (const auto& step : plan_->steps)
            steps << qstr(step);
    steps_->setText(steps.join(u'\n'));
    steps_->setVisible(plan_.has_value());
    if (plan_ && secondsPerEpoch_ && plan_->epochs > 0)
        time_->setText(tr("About %1, as long as an epoch of the latest run takes: %2.")
                           .arg(spanText(plan_->epochs * *secondsPerEpoch_),
                                tr("%1 s").arg(QString::number(*secondsPerEpoch_, 'g', 3))));
    else
        time_->setText(tr("The first trial tells how long all of it takes."));
    time_->setVisible(plan_.has_value());
    problem_->setText(problem);
    problem_->setVisible(!problem.isEmpty());
    start_->setEnabled(plan_.has_value());
    start_->setToolTip(problem);
}

} // namespace gradwright
