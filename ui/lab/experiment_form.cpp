// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/lab/experiment_form.h"

#include "engine/lab/sweep/search_space.h"
#include "engine/lab/sweep/sweep_setting.h"
#include "engine/support/error.h"
#include "ui/forms/param_form.h"
#include "ui/glossary/explanation.h"
#include "ui/theme/counted_text.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <map>
#include <thread>

namespace gradwright {
namespace {

constexpr int kFormWidth = 560;
constexpr int kLabelWidth = 128;

int processors() {
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

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
    , addSetting_(new QPushButton(tr("Add a setting")))
    , jobs_(new QSpinBox)
    , jobsNote_(wrappedLabel("caption"))
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
    addSetting_->setObjectName(QStringLiteral("addSetting"));
    addSetting_->setToolTip(tr("Vary one more setting of the training or of a layer"));
    addSetting_->setMenu(new QMenu(this));
    connect(addSetting_->menu(), &QMenu::aboutToShow, this, &ExperimentForm::fillSettingsMenu);
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
    layout->addWidget(addSetting_, 0, Qt::AlignLeft);
    layout->addLayout(makeJobs());
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
            Q_EMIT startRequested(wanted(), *plan_);
    });
}

QLayout* ExperimentForm::makeJobs() {
    jobs_->setObjectName(QStringLiteral("trialsAtATime"));
    jobs_->setRange(1, std::max(2, processors()));
    jobsNote_->setObjectName(QStringLiteral("trialsAtATimeNote"));
    auto* const label = new QLabel(tr("Trials at a time"));
    label->setProperty("textRole", QStringLiteral("muted")); // as those of the parameters above
    label->setFixedWidth(kLabelWidth);
    label->setBuddy(jobs_);
    explain(*label, "window/trials-at-a-time");
    explain(*jobs_, "window/trials-at-a-time");
    connect(jobs_, &QSpinBox::valueChanged, this, &ExperimentForm::showPlan);
    auto* const row = new QHBoxLayout;
    row->setSpacing(8);
    row->addWidget(label);
    row->addWidget(jobs_);
    row->addWidget(jobsNote_, 1);
    return row;
}

void ExperimentForm::show(const ExperimentKind& kind, const Project& project,
                          const ParamValues* settings) {
    experiment_ = {kind.key, project, {}, kind.title};
    {
        const QSignalBlocker quiet(jobs_);
        jobs_->setValue(1);
    }
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
    addSetting_->setVisible(findParam(kind.params, "over") != nullptr);
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

void ExperimentForm::fillSettingsMenu() {
    auto* const menu = addSetting_->menu();
    menu->clear();
    std::map<QString, QMenu*> groups;
    for (const auto& key : sweepSettingKeys(experiment_.project)) {
        const auto proposal = proposedSearch(experiment_.project, key);
        if (proposal.empty())
            continue;
        // "layer.hidden.units" is in the group of its layer.
        const auto dot = key.rfind('.');
        const auto name = dot == std::string::npos ? tr("training") : qstr(key.substr(0, dot));
        auto& group = groups[name];
        if (!group)
            group = menu->addMenu(name);
        connect(group->addAction(qstr(dot == std::string::npos ? key : key.substr(dot + 1))),
                &QAction::triggered, this, [this, proposal] { addSetting(proposal); });
    }
}

void ExperimentForm::addSetting(const std::string& proposal) {
    const auto key = proposal.substr(0, proposal.find('='));
    const auto found = experiment_.settings.find("over");
    const auto over =
        found == experiment_.settings.end() ? std::string() : std::get<std::string>(found->second);
    // One that is there already takes the proposed values.
    QStringList parts;
    for (const auto& part : qstr(over).split(u';', Qt::SkipEmptyParts))
        if (part.section(u'=', 0, 0).trimmed() != qstr(key))
            parts << part.trimmed();
    parts << qstr(proposal);
    experiment_.settings.insert_or_assign("over", parts.join(QStringLiteral("; ")).toStdString());
    params_->setValues(experiment_.settings);
    showPlan();
}

std::int64_t ExperimentForm::threadsOfTraining() const {
    const auto threads = experiment_.project.training.threads();
    return threads > 0 ? threads : std::max(1, processors() / jobs_->value());
}

Experiment ExperimentForm::wanted() const {
    auto experiment = experiment_;
    if (jobs_->isEnabled() && jobs_->value() > 1) {
        experiment.jobs = jobs_->value();
        experiment.project.training.params["threads"] = threadsOfTraining();
    }
    return experiment;
}

void ExperimentForm::showJobs(const Procedure* procedure) {
    const bool mayBeSeveral = procedure && procedure->trialsAtATime() != TrialsAtATime::One;
    jobs_->setEnabled(mayBeSeveral);
    if (!mayBeSeveral)
        jobsNote_->setText(
            procedure ? tr("One after the other: a trial depends on those before it, or how fast "
                           "it is is measured.")
                      : QString());
    else if (jobs_->value() > 1)
        jobsNote_->setText(
            (procedure->trialsAtATime() == TrialsAtATime::Independent
                 ? tr("Each trains on %1, with the results of one at a time.")
                 : tr("Each trains on %1. Which settings are tried depends on which trials have "
                      "ended by then, which the experiment keeps."))
                .arg(countedText(threadsOfTraining(), tr("1 thread"), tr("%1 threads"))));
    else
        jobsNote_->clear();
}

void ExperimentForm::showPlan() {
    plan_.reset();
    QString problem;
    std::unique_ptr<Procedure> procedure;
    try {
        procedure = experimentKind(experiment_.kind).make(experiment_);
        plan_ = procedure->plan();
    } catch (const Error& error) {
        problem = QString::fromUtf8(error.what());
    }
    showJobs(procedure.get());
    QStringList steps;
    if (plan_)
        for (const auto& step : plan_->steps)
            steps << qstr(step);
    steps_->setText(steps.join(u'\n'));
    steps_->setVisible(plan_.has_value());
    const bool areSeveral = jobs_->isEnabled() && jobs_->value() > 1;
    if (plan_ && secondsPerEpoch_ && plan_->epochs > 0 && !areSeveral)
        time_->setText(tr("About %1, as long as an epoch of the latest run takes: %2.")
                           .arg(spanText(plan_->epochs * *secondsPerEpoch_),
                                tr("%1 s").arg(QString::number(*secondsPerEpoch_, 'g', 3))));
    else
        time_->setText(areSeveral ? tr("The first trials tell how long all of it takes.")
                                  : tr("The first trial tells how long all of it takes."));
    time_->setVisible(plan_.has_value());
    problem_->setText(problem);
    problem_->setVisible(!problem.isEmpty());
    start_->setEnabled(plan_.has_value());
    start_->setToolTip(problem);
}

} // namespace gradwright
