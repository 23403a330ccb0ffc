// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/lab/lab_page.h"

#include "engine/lab/recommendation.h"
#include "engine/support/error.h"
#include "ui/glossary/explanation.h"
#include "ui/lab/experiment_care.h"
#include "ui/lab/experiment_form.h"
#include "ui/lab/experiment_list.h"
#include "ui/lab/lab_chart.h"
#include "ui/lab/lab_files.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QAction>
#include <QFrame>
#include <QLabel>
#include <QMenu>
#include <QMessageBox>
#include <QPushButton>
#include <QScrollArea>
#include <QShortcut>
#include <QShowEvent>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <utility>

namespace gradwright {
namespace {

constexpr int kListWidth = 232;

QScrollArea* scrolled(QWidget* content) {
    auto* const scroll = new QScrollArea;
    scroll->setWidget(content);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setFocusPolicy(Qt::NoFocus); // what is in it takes the keys
    scroll->viewport()->setAutoFillBackground(false);
    content->setAutoFillBackground(false);
    return scroll;
}

} // namespace

LabPage::LabPage(ProjectDocument& document, ThemeManager& theme, TrainingSession& session,
                 QWidget* parent)
    : Page(parent)
    , document_(&document)
    , theme_(&theme)
    , session_(session.queue().shared_from_this())
    , list_(new ExperimentList(theme))
    , stack_(new QStackedWidget)
    , form_(new ExperimentForm(theme))
    , view_(new ExperimentView(theme))
    , care_(new ExperimentCare(theme)) {
    layOut();
    makeCare();
    connectSession();
    connect(form_, &ExperimentForm::startRequested, this, &LabPage::begin);
    connect(form_, &ExperimentForm::cancelled, this, &LabPage::showChosen);
    connect(view_, &ExperimentView::resumeRequested, this, &LabPage::resume);
    connect(view_, &ExperimentView::pauseRequested, &session_, &ExperimentSession::pause);
    connect(view_, &ExperimentView::cancelRequested, &session_, &ExperimentSession::stop);
    connect(view_, &ExperimentView::repeatRequested, this, [this] {
        if (const auto& shown = view_->shown())
            plan(shown->experiment.kind, &shown->experiment.settings);
    });
    connect(view_, &ExperimentView::exportRequested, this, &LabPage::exportReport);
    connect(view_, &ExperimentView::recommendationAccepted, this, &LabPage::take);
    connect(list_, &QListWidget::currentRowChanged, this, &LabPage::showChosen);
    connect(document_, &ProjectDocument::changed, this, [this](ProjectDocument::Changes what) {
        form_->setProject(document_->project());
        if (what & ProjectDocument::ReplacedChange) {
            session_.stop();
            view_->clear();
            refreshList();
        }
    });
    connect(document_, &ProjectDocument::fileChanged, this, &LabPage::refreshList);
    showChosen();
}

std::vector<Page::Actions> LabPage::menuActions() const {
    return {{PageMenu::Run, tr("New experiment"), {kindActions_.begin(), kindActions_.end()}},
            {PageMenu::Run, tr("Experiment"), {rename_, remove_}}};
}

bool LabPage::mayLeave() {
    if (!session_.isActive())
        return true;
    QMessageBox question(
        QMessageBox::Question, tr("An experiment is running"),
        tr("%1 stops with this project. Finished trials are kept, and it can be resumed later.")
            .arg(view_->shown() && isShownActive() ? qstr(view_->shown()->experiment.name)
                                                   : tr("The experiment")),
        QMessageBox::NoButton, window());
    auto* const stop = question.addButton(tr("Stop it"), QMessageBox::AcceptRole);
    question.setDefaultButton(question.addButton(QMessageBox::Cancel));
    question.exec();
    return question.clickedButton() == stop;
}

/// Commands for the chosen experiment: in its context menu, by keys and in the window's menu.
void LabPage::makeCare() {
    rename_ = new QAction(tr("Rename…"), this);
    rename_->setShortcut(Qt::Key_F2);
    remove_ = new QAction(tr("Delete…"), this);
    remove_->setShortcut(QKeySequence::Delete);
    for (auto* const action : {rename_, remove_})
        action->setShortcutContext(Qt::WidgetShortcut);
    list_->addActions({rename_, remove_});
    connect(rename_, &QAction::triggered, this, [this] {
        Q_EMIT pageWanted();
        if (const auto folder = list_->chosen(); !folder.empty())
            care_->rename(folder, list_->chosenName());
    });
    connect(remove_, &QAction::triggered, this, [this] {
        Q_EMIT pageWanted();
        const auto folder = list_->chosen();
        if (folder.empty())
            return;
        if (session_.isActive() && folder == session_.folder())
            showProblem(tr("This experiment is running; cancel it before it is deleted."));
        else
            care_->remove(folder, list_->chosenName());
    });
    connect(care_, &ExperimentCare::failed, this, &LabPage::showProblem);
    connect(care_, &ExperimentCare::changed, this, [this] {
        if (!isShownActive())
            view_->clear(); // what is shown may have another name, or be gone
        refreshList();
    });
    // Of the list alone: elsewhere Undo is the project's.
    auto* const keys = new QShortcut(QKeySequence::Undo, list_);
    keys->setContext(Qt::WidgetShortcut);
    connect(keys, &QShortcut::activated, care_, &ExperimentCare::undo);
}

void LabPage::layOut() {
    for (const auto& kind : experimentKinds()) {
        auto* const action = new QAction(qstr(kind.title), this);
        action->setToolTip(qstr(kind.doc));
        connect(action, &QAction::triggered, this, [this, key = kind.key] {
            Q_EMIT pageWanted();
            plan(key);
        });
        kindActions_.push_back(action);
    }
    startPage_ = scrolled(makeStart());
    formPage_ = scrolled(form_);
    viewPage_ = scrolled(view_);
    for (auto* const page : {startPage_, formPage_, viewPage_})
        stack_->addWidget(page);
    auto* const right = new QVBoxLayout;
    right->setSpacing(0);
    right->addWidget(makeBanner());
    right->addWidget(care_);
    right->addWidget(stack_, 1);
    auto* const layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(makeList());
    layout->addLayout(right, 1);
}

QMenu* LabPage::makeKindsMenu() {
    auto* const menu = new QMenu(this);
    menu->setToolTipsVisible(true);
    for (auto* const action : kindActions_)
        menu->addAction(action);
    return menu;
}

QWidget* LabPage::makeList() {
    auto* const panel = new QFrame;
    panel->setProperty("role", QStringLiteral("leftPanel"));
    panel->setFixedWidth(kListWidth);
    auto* const title = new QLabel(tr("Experiments"));
    title->setProperty("textRole", QStringLiteral("title"));
    explain(*title, "window/experiments");
    auto* const add = new QPushButton(tr("New experiment"));
    add->setObjectName(QStringLiteral("newExperiment"));
    add->setMenu(makeKindsMenu());
    auto* const note = new QLabel(
        tr("Each result keeps its network, settings and seed, and can be done again from here."));
    note->setWordWrap(true);
    note->setProperty("textRole", QStringLiteral("caption"));
    auto* const layout = new QVBoxLayout(panel);
    layout->setContentsMargins(12, 10, 12, 12);
    layout->setSpacing(8);
    layout->addWidget(title);
    layout->addWidget(list_, 1);
    layout->addWidget(note);
    layout->addWidget(add);
    return panel;
}

QWidget* LabPage::makeStart() {
    auto* const page = new QWidget;
    auto* const column = new QVBoxLayout(page);
    column->setContentsMargins(20, 16, 20, 16);
    column->setSpacing(10);
    auto* const title = new QLabel(tr("What do you want to know?"));
    title->setProperty("textRole", QStringLiteral("page"));
    auto* const purpose = new QLabel(
        tr("The Lab answers questions that take more than one training. An experiment has a plan, "
           "runs in the background, can be paused and resumed, and its report is kept."));
    purpose->setWordWrap(true);
    purpose->setObjectName(QStringLiteral("labPurpose"));
    purpose->setProperty("textRole", QStringLiteral("muted"));
    column->addWidget(title);
    column->addWidget(purpose);
    for (const auto& kind : experimentKinds()) {
        auto* const card = new QFrame;
        card->setProperty("role", QStringLiteral("card"));
        auto* const name = new QLabel(qstr(kind.title));
        name->setProperty("textRole", QStringLiteral("section"));
        explain(*name, "window/experiment-" + kind.key);
        auto* const doc = new QLabel(qstr(kind.doc));
        doc->setWordWrap(true);
        doc->setProperty("textRole", QStringLiteral("muted"));
        auto* const button = new QPushButton(tr("Plan"));
        button->setObjectName(QStringLiteral("plan-") + qstr(kind.key));
        button->setAccessibleName(tr("Plan: %1").arg(qstr(kind.title)));
        connect(button, &QPushButton::clicked, this, [this, key = kind.key] { plan(key); });
        auto* const texts = new QVBoxLayout;
        texts->setSpacing(2);
        texts->addWidget(name);
        texts->addWidget(doc);
        auto* const row = new QHBoxLayout(card);
        row->setContentsMargins(14, 10, 12, 10);
        row->addLayout(texts, 1);
        row->addWidget(button, 0, Qt::AlignVCenter);
        column->addWidget(card);
    }
    column->addStretch(1);
    return page;
}

QWidget* LabPage::makeBanner() {
    banner_ = new QFrame;
    banner_->setObjectName(QStringLiteral("labFailure"));
    problem_ = new QLabel;
    problem_->setObjectName(QStringLiteral("labProblem"));
    problem_->setWordWrap(true);
    problem_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto* const close = new QPushButton(tr("Dismiss"));
    auto* const row = new QHBoxLayout(banner_);
    row->setContentsMargins(14, 8, 12, 8);
    row->addWidget(problem_, 1);
    row->addWidget(close);
    connect(close, &QPushButton::clicked, banner_, &QWidget::hide);
    const auto applyTheme = [this] {
        const auto& theme = theme_->theme();
        banner_->setStyleSheet(QStringLiteral("QFrame#labFailure { background: %1; border: none;"
                                              "border-bottom: 1px solid %2; }")
                                   .arg(theme.errorTint.name(), theme.error.name()));
    };
    applyTheme();
    connect(theme_, &ThemeManager::changed, this, applyTheme);
    banner_->hide();
    return banner_;
}

void LabPage::connectSession() {
    connect(&session_, &ExperimentSession::stateChanged, this, [this](LabState state) {
        if (isShownActive())
            view_->setSession(state, session_.progress());
        list_->setState(session_.folder(), sessionText());
    });
    connect(&session_, &ExperimentSession::progressed, this,
            [this](const ExperimentProgress& progress) {
                if (isShownActive())
                    view_->setSession(session_.state(), progress);
                list_->setState(session_.folder(), sessionText());
            });
    connect(&session_, &ExperimentSession::trialDone, this, [this](const TrialResult& result) {
        ++told_;
        if (isShownActive())
            view_->add(result);
    });
    connect(&session_, &ExperimentSession::ended, this, &LabPage::experimentEnded);
}

void LabPage::showEvent(QShowEvent* event) {
    Page::showEvent(event);
    refreshList();
    measureEpoch();
}

bool LabPage::isShownActive() const {
    return view_->shown() && view_->shown()->folder == session_.folder();
}

QString LabPage::sessionText() const {
    const auto& progress = session_.progress();
    switch (session_.state()) {
    case LabState::Idle:
        return {};
    case LabState::Queued:
        return tr("waits for its turn");
    case LabState::Paused:
        return tr("paused");
    case LabState::Stopping:
        return tr("is being cancelled");
    case LabState::Running:
        break;
    }
    return progress.trials > 0 ? tr("running, %1 of %2").arg(progress.done + 1).arg(progress.trials)
                               : tr("begins");
}

void LabPage::refreshList() {
    jobs_.cancel(listing_);
    listing_ = jobs_.start(
        [this, project = document_->project(), file = document_->file()](const std::stop_token&) {
            QString problem;
            auto listed = readExperiments(project, file, problem);
            return [this, listed = std::move(listed), problem] {
                takeList(listed);
                if (!problem.isEmpty())
                    showProblem(problem);
            };
        });
}

void LabPage::takeList(const std::vector<ListedExperiment>& listed) {
    list_->setExperiments(listed, session_.isActive() ? session_.folder() : std::filesystem::path(),
                          sessionText(), std::exchange(wanted_, {}));
    if (stack_->currentWidget() != formPage_)
        showChosen();
}

void LabPage::showChosen() {
    if (const auto chosen = list_->chosen(); !chosen.empty())
        open(chosen);
    else
        stack_->setCurrentWidget(startPage_);
}

void LabPage::open(const std::filesystem::path& folder) {
    if (view_->shown() && view_->shown()->folder == folder) {
        stack_->setCurrentWidget(viewPage_);
        if (isShownActive())
            return; // it is told of all that happens
    }
    read(folder, true);
}

void LabPage::read(const std::filesystem::path& folder, bool turnsToIt) {
    jobs_.cancel(opening_);
    opening_ = jobs_.start([this, folder, turnsToIt,
                            told = told_](const std::stop_token&) -> BackgroundJobs::Delivery {
        try {
            return [this, shown = readExperiment(folder), turnsToIt, told] {
                view_->show(shown);
                if (turnsToIt)
                    stack_->setCurrentWidget(viewPage_);
                if (isShownActive())
                    showActive(told);
            };
        } catch (const Error& error) {
            return [this, problem = QString::fromUtf8(error.what())] { showProblem(problem); };
        }
    });
}

/// What has been read may be older than what the session has told since.
void LabPage::showActive(int told) {
    view_->setSession(session_.state(), session_.progress());
    if (told != told_)
        read(session_.folder(), false);
    else if (!session_.isActive() && !std::filesystem::exists(session_.folder() / "picture.png"))
        keepPicture();
}

void LabPage::measureEpoch() {
    jobs_.cancel(measuring_);
    measuring_ = jobs_.start([this, folders = document_->runsFolders()](const std::stop_token&) {
        const auto seconds = secondsPerEpoch(folders);
        return [this, seconds] { form_->setSecondsPerEpoch(seconds); };
    });
}

void LabPage::plan(const std::string& kind, const ParamValues* settings) {
    const auto copy = settings ? std::optional(*settings) : std::nullopt;
    form_->show(experimentKind(kind), document_->project(), copy ? &*copy : nullptr);
    stack_->setCurrentWidget(formPage_);
    form_->setFocus();
    measureEpoch();
}

void LabPage::begin(const Experiment& experiment, const Plan& plan) {
    if (session_.isActive()) {
        showProblem(tr("Another experiment of this window is running; wait until it has ended, or "
                       "cancel it."));
        return;
    }
    if (document_->analysis().hasErrors()) {
        showProblem(tr("The network cannot be trained yet: the Problems panel says why."));
        return;
    }
    try {
        const auto directory = ExperimentDirectory::create(
            labFolder(experiment.project, document_->file()), experiment, plan);
        wanted_ = directory.path();
        banner_->hide();
        session_.start(directory);
    } catch (const Error& error) {
        showProblem(QString::fromUtf8(error.what()));
        return;
    }
    stack_->setCurrentWidget(viewPage_);
    open(session_.folder());
    refreshList();
}

void LabPage::resume() {
    if (session_.state() == LabState::Paused && isShownActive()) {
        session_.resume();
        return;
    }
    const auto& shown = view_->shown();
    if (!shown)
        return;
    if (session_.isActive()) {
        showProblem(tr("Another experiment of this window is running; wait until it has ended, or "
                       "cancel it."));
        return;
    }
    try {
        session_.start(ExperimentDirectory::open(shown->folder));
        banner_->hide();
    } catch (const Error& error) {
        showProblem(QString::fromUtf8(error.what()));
    }
}

void LabPage::experimentEnded() {
    ++told_;
    if (!session_.failure().isEmpty())
        showProblem(session_.failure());
    if (isShownActive()) {
        try {
            const auto state = ExperimentDirectory::open(session_.folder()).state();
            view_->setSession(LabState::Idle, {});
            view_->setState(state);
            keepPicture();
        } catch (const Error& error) {
            showProblem(QString::fromUtf8(error.what()));
        }
    }
    refreshList();
}

void LabPage::keepPicture() {
    const auto& shown = view_->shown();
    if (!view_->chart() || shown->state != ExperimentState::Finished)
        return;
    try {
        keepReport(shown->folder, view_->report(), *view_->chart());
    } catch (const Error& error) {
        showProblem(QString::fromUtf8(error.what()));
    }
}

void LabPage::exportReport() {
    if (!view_->shown())
        return;
    try {
        if (const auto file = askAndExportReport(*this, view_->report(), view_->chart());
            !file.isEmpty())
            Q_EMIT hint(tr("The report was written to %1").arg(file));
    } catch (const Error& error) {
        showProblem(QString::fromUtf8(error.what()));
    }
}

void LabPage::take(const Recommendation& what) {
    try {
        document_->perform(qstr(what.title), editOf(document_->project(), what));
        Q_EMIT hint(tr("The project has changed; Undo brings it back"));
    } catch (const Error& error) {
        showProblem(QString::fromUtf8(error.what()));
    }
}

void LabPage::showProblem(const QString& problem) {
    problem_->setText(problem);
    banner_->show();
}

} // namespace gradwright
