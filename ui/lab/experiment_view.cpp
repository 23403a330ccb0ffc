// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/lab/experiment_view.h"

#include "ui/glossary/explanation.h"
#include "ui/lab/batch_size_chart.h"
#include "ui/lab/experiment_form.h"
#include "ui/lab/experiment_panels.h"
#include "ui/lab/landscape_chart.h"
#include "ui/lab/running_trials.h"
#include "ui/lab/sweep_chart.h"
#include "ui/theme/counted_text.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <utility>

namespace gradwright {
namespace {

constexpr int kShownRows = 12;

QPushButton* labButton(const QString& text, const char* name) {
    auto* const button = new QPushButton(text);
    button->setObjectName(QString::fromLatin1(name));
    return button;
}

LabChart* chartFor(const std::string& kind, ThemeManager& theme) {
    using View = ExperimentView;
    const auto panels = [&](const QString& name, PanelChart::Panels make,
                            PanelChart::Choices choices = {}) -> LabChart* {
        return new PanelChart(theme, name, std::move(make), std::move(choices));
    };
    LabChart* chart = nullptr;
    if (kind == "batch-size")
        chart = new BatchSizeChart(theme);
    else if (kind == "sweep")
        chart = new SweepChart(theme);
    else if (kind == "landscape")
        chart = new LandscapeChart(theme);
    else if (kind == "precision")
        chart = panels(View::tr("Precisions and layouts"), precisionPanels);
    else if (kind == "data-amount")
        chart = panels(View::tr("Quality by amount of data"), dataAmountPanels);
    else if (kind == "baselines")
        chart = panels(View::tr("Methods and network"), baselinesPanels, baselinesChoices);
    else if (kind == "ensemble")
        chart = panels(View::tr("Members and ensemble"), ensemblePanels);
    else if (kind == "cross-validation")
        chart = panels(View::tr("Folds"), crossValidationPanels);
    else if (kind == "depth")
        chart = panels(View::tr("Gradients by layer"), depthPanels, depthChoices);
    else if (kind == "seeds")
        chart = panels(View::tr("Results by seed"), seedsPanels);
    if (chart)
        explain(*chart, "window/experiment-" + kind);
    return chart;
}

bool isNumberText(const QString& text) {
    return !text.isEmpty() && (text.front().isDigit() || text.front() == u'-');
}

} // namespace

ExperimentView::ExperimentView(ThemeManager& theme, QWidget* parent)
    : QWidget(parent)
    , theme_(&theme)
    , title_(new QLabel)
    , subtitle_(new QLabel)
    , resume_(labButton(tr("Resume"), "resumeExperiment"))
    , pause_(labButton(tr("Pause"), "pauseExperiment"))
    , cancel_(labButton(tr("Cancel"), "cancelExperiment"))
    , repeat_(labButton(tr("Repeat…"), "repeatExperiment"))
    , export_(labButton(tr("Export report…"), "exportReport"))
    , bar_(new QProgressBar)
    , note_(new QLabel)
    , running_(new RunningTrials)
    , choiceLabel_(new QLabel)
    , choice_(new QComboBox)
    , chartPlace_(new QVBoxLayout)
    , answer_(new QLabel)
    , use_(labButton({}, "useRecommendation"))
    , tablePlace_(new QVBoxLayout)
    , remarks_(new QLabel) {
    layOut();
    between_.setSingleShot(true);
    connect(&between_, &QTimer::timeout, this, &ExperimentView::catchUp);
    connect(resume_, &QPushButton::clicked, this, &ExperimentView::resumeRequested);
    connect(pause_, &QPushButton::clicked, this, &ExperimentView::pauseRequested);
    connect(cancel_, &QPushButton::clicked, this, &ExperimentView::cancelRequested);
    connect(repeat_, &QPushButton::clicked, this, &ExperimentView::repeatRequested);
    connect(export_, &QPushButton::clicked, this, &ExperimentView::exportRequested);
    connect(choice_, &QComboBox::activated, this, [this](int number) {
        if (chart_)
            chart_->choose(number);
    });
    connect(use_, &QPushButton::clicked, this, [this] {
        if (recommendation_)
            Q_EMIT recommendationAccepted(*recommendation_);
    });
}

void ExperimentView::layOut() {
    title_->setProperty("textRole", QStringLiteral("page"));
    title_->setObjectName(QStringLiteral("experimentTitle"));
    subtitle_->setProperty("textRole", QStringLiteral("muted"));
    subtitle_->setObjectName(QStringLiteral("experimentState"));
    note_->setProperty("textRole", QStringLiteral("muted"));
    note_->setObjectName(QStringLiteral("experimentNote"));
    note_->setWordWrap(true);
    bar_->setRange(0, 1000);
    bar_->setTextVisible(false);
    bar_->setFixedHeight(6);
    bar_->setAccessibleName(tr("Progress of the experiment"));
    answer_->setWordWrap(true);
    answer_->setObjectName(QStringLiteral("answer"));
    answer_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    remarks_->setWordWrap(true);
    remarks_->setProperty("textRole", QStringLiteral("muted"));
    use_->setProperty("kind", QStringLiteral("primary"));
    repeat_->setToolTip(tr("Plan the same experiment again, with this project as it is now"));

    auto* const header = new QHBoxLayout;
    header->setSpacing(8);
    header->addWidget(title_);
    header->addWidget(subtitle_);
    header->addStretch(1);
    for (auto* const button : {resume_, pause_, cancel_, repeat_, export_})
        header->addWidget(button);
    auto* const choice = new QHBoxLayout;
    choice_->setObjectName(QStringLiteral("pictureChoice"));
    choice_->setSizeAdjustPolicy(QComboBox::AdjustToContents); // they come later
    choiceLabel_->setBuddy(choice_);
    choice->addWidget(choiceLabel_);
    choice->addWidget(choice_);
    choice->addStretch(1);
    auto* const found = new QHBoxLayout;
    found->addWidget(answer_, 1);
    found->addWidget(use_, 0, Qt::AlignVCenter);
    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(20, 14, 20, 14);
    layout->setSpacing(8);
    layout->addLayout(header);
    layout->addWidget(bar_);
    layout->addWidget(note_);
    layout->addWidget(running_);
    layout->addLayout(choice);
    layout->addLayout(chartPlace_, 1);
    layout->addLayout(found);
    layout->addLayout(tablePlace_);
    layout->addWidget(remarks_);
    layout->addStretch(0);
}

void ExperimentView::show(ShownExperiment shown) {
    const bool isOther = !shown_ || shown_->experiment.kind != shown.experiment.kind;
    shown_ = std::move(shown);
    if (isOther) {
        delete chart_;
        chart_ = chartFor(shown_->experiment.kind, *theme_);
        if (chart_) {
            chart_->setObjectName(QStringLiteral("experimentChart"));
            chart_->setMinimumHeight(260);
            chartPlace_->addWidget(chart_);
        }
    }
    title_->setText(qstr(shown_->experiment.name));
    session_ = LabState::Idle;
    refresh();
}

void ExperimentView::clear() {
    shown_.reset();
    isBehind_ = false;
}

void ExperimentView::add(const TrialResult& result) {
    if (!shown_)
        return;
    // The list may have been read when the trial was in its file already.
    if (result.trial.number == static_cast<std::int64_t>(shown_->results.size()))
        shown_->results.push_back(result);
    isBehind_ = true;
    if (!between_.isActive())
        catchUp();
}

void ExperimentView::catchUp() {
    if (!isBehind_)
        return;
    refresh();
    constexpr int kWithoutPicture = 500; // ms
    between_.start(chart_ ? chart_->pauseBetween() : kWithoutPicture);
}

void ExperimentView::setState(ExperimentState state) {
    if (!shown_)
        return;
    shown_->state = state;
    refresh();
}

void ExperimentView::refresh() {
    isBehind_ = false;
    report_ = shown_->procedure->report(shown_->results);
    recommendation_ = shown_->procedure->recommendation(shown_->results);
    if (chart_)
        chart_->setData(report_.data);
    showChoices();
    answer_->setText(report_.paragraphs.empty() ? QString() : qstr(report_.paragraphs.front()));
    answer_->setVisible(!report_.paragraphs.empty());
    QStringList rest;
    for (std::size_t i = 1; i < report_.paragraphs.size(); ++i)
        rest << qstr(report_.paragraphs[i]);
    remarks_->setText(rest.join(QStringLiteral("\n")));
    remarks_->setVisible(!rest.isEmpty());
    showTables();
    showButtons();
}

void ExperimentView::showChoices() {
    const auto choices = chart_ ? chart_->choices() : PanelChoices();
    choiceLabel_->setText(choices.label);
    QStringList shown;
    for (int i = 0; i < choice_->count(); ++i)
        shown << choice_->itemText(i);
    if (shown != choices.names) {
        const QSignalBlocker quiet(choice_);
        choice_->clear();
        choice_->addItems(choices.names);
    }
    if (chart_ && !choices.names.isEmpty()) {
        const auto last = static_cast<int>(choices.names.size()) - 1;
        choice_->setCurrentIndex(std::min(chart_->chosen(), last));
    }
    choiceLabel_->setVisible(choices.names.size() > 1);
    choice_->setVisible(choices.names.size() > 1);
}

void ExperimentView::showTables() {
    while (tables_.size() > report_.tables.size()) {
        delete tables_.back();
        delete tableTitles_.back();
        tables_.pop_back();
        tableTitles_.pop_back();
    }
    while (tables_.size() < report_.tables.size()) {
        auto* const title = new QLabel;
        title->setProperty("textRole", QStringLiteral("section"));
        auto* const table = new QTableWidget;
        table->setObjectName(QStringLiteral("reportTable%1").arg(tables_.size()));
        table->setEditTriggers(QAbstractItemView::NoEditTriggers);
        table->setSelectionBehavior(QAbstractItemView::SelectRows);
        table->setTabKeyNavigation(false); // Tab leads on to the next control
        table->verticalHeader()->hide();
        table->setShowGrid(false);
        table->horizontalHeader()->setHighlightSections(false);
        tablePlace_->addWidget(title);
        tablePlace_->addWidget(table);
        tables_.push_back(table);
        tableTitles_.push_back(title);
    }
    for (std::size_t i = 0; i < tables_.size(); ++i) {
        const auto title = qstr(report_.tables[i].title);
        tableTitles_[i]->setText(title);
        tables_[i]->setAccessibleName(title);
        fill(*tables_[i], report_.tables[i]);
    }
}

void ExperimentView::fill(QTableWidget& table, const ReportTable& from) {
    QStringList columns;
    for (const auto& column : from.columns)
        columns << qstr(column);
    table.setColumnCount(static_cast<int>(columns.size()));
    table.setHorizontalHeaderLabels(columns);
    table.setRowCount(static_cast<int>(from.rows.size()));
    for (int column = 0; column < table.columnCount(); ++column) {
        const auto at = static_cast<std::size_t>(column);
        const auto textAt = [&](int row) {
            const auto& cells = from.rows[static_cast<std::size_t>(row)];
            return at < cells.size() ? qstr(cells[at]) : QString();
        };
        bool isOfNumbers = false;
        for (int row = 0; row < table.rowCount(); ++row)
            isOfNumbers = isOfNumbers || isNumberText(textAt(row));
        const auto alignment = (isOfNumbers ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter;
        table.horizontalHeaderItem(column)->setTextAlignment(alignment);
        for (int row = 0; row < table.rowCount(); ++row) {
            auto* item = table.item(row, column);
            if (!item) {
                item = new QTableWidgetItem;
                table.setItem(row, column, item);
            }
            if (const auto text = textAt(row); item->text() != text)
                item->setText(text);
            item->setTextAlignment(alignment);
        }
    }
    table.horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    const int rows = std::min(table.rowCount(), kShownRows);
    int height = table.horizontalHeader()->sizeHint().height() + 4;
    for (int row = 0; row < rows; ++row)
        height += table.rowHeight(row);
    if (table.horizontalHeader()->length() > table.viewport()->width())
        height += table.style()->pixelMetric(QStyle::PM_ScrollBarExtent);
    table.setFixedHeight(height);
}

void ExperimentView::setSession(LabState state, const ExperimentProgress& progress) {
    session_ = state;
    if (shown_ && state != LabState::Idle) {
        bar_->setValue(static_cast<int>(std::lround(progress.share * 1000)));
        QStringList parts;
        if (state == LabState::Queued)
            parts << tr("Waits until the training before it has ended");
        else if (progress.trials > 0 && shown_->experiment.jobs > 1)
            parts << tr("%1 of %2 trials are done, %3 run at a time")
                         .arg(progress.done)
                         .arg(progress.trials)
                         .arg(shown_->experiment.jobs);
        else if (progress.trials > 0)
            parts << tr("Trial %1 of %2").arg(progress.done + 1).arg(progress.trials)
                  << qstr(progress.title);
        else
            parts << tr("Begins");
        if (state == LabState::Paused)
            parts << tr("paused");
        else if (state == LabState::Stopping)
            parts << tr("is being cancelled");
        else if (!progress.note.empty() && shown_->experiment.jobs == 1)
            parts << qstr(progress.note);
        if (progress.secondsLeft && state == LabState::Running)
            parts << tr("%1 left").arg(spanText(*progress.secondsLeft));
        note_->setText(parts.join(QStringLiteral(" · ")));
        running_->setTrials(progress.running);
    }
    showButtons();
}

void ExperimentView::showButtons() {
    if (!shown_)
        return;
    const bool isActive = session_ != LabState::Idle;
    const bool isElsewhere = !isActive && shown_->state == ExperimentState::Running;
    const bool isDone = shown_->state == ExperimentState::Finished;
    bar_->setVisible(isActive);
    note_->setVisible(isActive);
    const bool areSeveral = shown_->experiment.jobs > 1;
    running_->setVisible(isActive && areSeveral && running_->rowCount() > 0);
    cancel_->setToolTip(areSeveral ? tr("Give up the trials that run; finished ones stay")
                                   : tr("Give up the trial that runs; finished ones stay"));
    pause_->setToolTip(
        areSeveral ? tr("Hold the trials that run, so that other trainings have the processor")
                   : tr("Hold the trial that runs, so that other trainings have the processor"));
    resume_->setVisible(session_ == LabState::Paused || (!isActive && !isDone));
    resume_->setEnabled(!isElsewhere);
    resume_->setToolTip(isElsewhere ? tr("Another program works on this experiment")
                                    : tr("Do the trials that are left"));
    pause_->setVisible(session_ == LabState::Running);
    cancel_->setVisible(isActive);
    cancel_->setEnabled(session_ != LabState::Stopping);
    repeat_->setVisible(!isActive);
    export_->setVisible(!isActive);
    export_->setEnabled(!shown_->results.empty());
    use_->setVisible(recommendation_.has_value());
    if (recommendation_) {
        use_->setText(qstr(recommendation_->title));
        QStringList settings;
        for (const auto& [key, value] : recommendation_->settings)
            settings << qstr(key) + QStringLiteral(" = ") + qstr(value);
        use_->setToolTip(tr("Change this project: %1").arg(settings.join(QStringLiteral(", "))));
    }
    const auto count = static_cast<int>(shown_->results.size());
    const auto state = isActive      ? tr("running")
                       : isElsewhere ? tr("runs in another program")
                       : isDone      ? tr("finished")
                       : count > 0   ? tr("stopped")
                                     : tr("not begun");
    subtitle_->setText(tr("%1 · %2 · %3")
                           .arg(qstr(shown_->experiment.project.name),
                                countedText(count, tr("1 trial"), tr("%1 trials")), state));
}

} // namespace gradwright
