// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/data/data_preview.h"

#include "engine/data/catalog.h"
#include "engine/data/images/image_folder.h"
#include "engine/data/own_data.h"
#include "engine/project/class_balance.h"
#include "engine/project/own_project.h"
#include "engine/support/error.h"
#include "ui/data/column_table.h"
#include "ui/data/count_bars.h"
#include "ui/data/data_label.h"
#include "ui/data/problem_list.h"
#include "ui/document/setting_words.h"
#include "ui/forms/data_text.h"
#include "ui/theme/counted_text.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QScrollArea>
#include <QStackedWidget>
#include <QStyle>
#include <QTabBar>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>
#include <exception>
#include <utility>

namespace gradwright {
namespace {

constexpr QSize kPreviewSize{940, 660};
constexpr int kRoomBesidePreview = 40;      ///< px that of the window stays in sight
constexpr std::size_t kMostPreviewed = 200; ///< classes
constexpr int kNotesHeight = 92;            ///< px: more of them scroll
/// Files that are decoded to be compared: some ten seconds' worth.
constexpr std::int64_t kMostComparedHere = 20'000;
constexpr int kPreviewProgress = 1000;

/// What of the project's choice is about samples in general.
void keepSplit(DataChoice& choice, const DataChoice& before) {
    const bool wasText = before.dataset == "text" || before.dataset == "king-james-bible";
    if (choice.dataset != "text" && !wasText)
        choice.validationFraction = before.validationFraction;
    choice.splitSeed = before.splitSeed;
}

QScrollArea* scrolledPart(QWidget* part) {
    auto* const scroll = new QScrollArea;
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->setWidget(part);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->viewport()->setAutoFillBackground(false);
    part->setAutoFillBackground(false);
    return scroll;
}

} // namespace

DataPreview::DataPreview(ThemeManager& themes, BackgroundJobs& jobs, Project before,
                         QWidget* parent)
    : QDialog(parent)
    , before_(std::move(before))
    , title_(dataLabel("previewTitle", "title"))
    , state_(dataLabel("previewState", "muted"))
    , notes_(dataLabel("previewNotes", "caption"))
    , faults_(new QPlainTextEdit)
    , progress_(new QProgressBar)
    , tabs_(new QTabBar)
    , stack_(new QStackedWidget)
    , columns_(new ColumnTable(themes))
    , classes_(new CountBars(themes))
    , problems_(new ProblemList(themes))
    , accept_(new QPushButton(tr("Use these data")))
    , leaveOut_(new QPushButton)
    , jobs_(&jobs) {
    setObjectName(QStringLiteral("dataPreview"));
    setWindowTitle(tr("Replace the data"));
    setAttribute(Qt::WA_DeleteOnClose);
    const QSize room = parent == nullptr
                           ? kPreviewSize
                           : parent->size() - QSize(kRoomBesidePreview, kRoomBesidePreview);
    resize(kPreviewSize.boundedTo(room.expandedTo(minimumSizeHint())));
    progress_->setObjectName(QStringLiteral("previewProgress"));
    progress_->setRange(0, 0);
    progress_->setTextVisible(false);
    progress_->setAccessibleName(tr("Reading the data"));
    makeFaults();
    notesArea_ = scrolledPart(notes_);
    notesArea_->setFocusPolicy(Qt::TabFocus);
    notesArea_->setAccessibleName(tr("What was noted while reading"));
    notesArea_->hide();
    accept_->setObjectName(QStringLiteral("useData"));
    accept_->setProperty("kind", QStringLiteral("primary"));
    accept_->setEnabled(false);
    auto* const cancel = new QPushButton(tr("Cancel"));
    cancel->setObjectName(QStringLiteral("cancelData"));
    connect(accept_, &QPushButton::clicked, this, &QDialog::accept);
    connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
    auto* const buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addWidget(leaveOut_);
    buttons->addStretch(1);
    buttons->addWidget(cancel);
    buttons->addWidget(accept_);
    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(18, 16, 18, 16);
    layout->setSpacing(8);
    layout->addWidget(title_);
    layout->addWidget(state_);
    layout->addWidget(progress_);
    layout->addWidget(notesArea_);
    layout->addWidget(faults_, 3);
    layout->addWidget(makeParts(themes), 3);
    layout->addLayout(buttons);
}

DataPreview::~DataPreview() {
    if (jobs_)
        jobs_->cancel(job_);
}

void DataPreview::makeFaults() {
    faults_->setObjectName(QStringLiteral("previewFaults"));
    faults_->setAccessibleName(tr("Images that cannot be read"));
    faults_->setReadOnly(true);
    faults_->setTabChangesFocus(true);
    faults_->hide();
    leaveOut_->setObjectName(QStringLiteral("leaveOutUnreadable"));
    leaveOut_->setToolTip(tr("The other images are read; their files stay where they are"));
    leaveOut_->hide();
    connect(leaveOut_, &QPushButton::clicked, this, [this] {
        refused_.params.insert_or_assign("unreadable", std::string("leave_out"));
        edit(refused_);
    });
}

QWidget* DataPreview::makeParts(ThemeManager& themes) {
    auto* const frame = new QFrame;
    frame->setObjectName(QStringLiteral("previewParts"));
    frame->setProperty("role", QStringLiteral("card"));
    tabs_->setObjectName(QStringLiteral("previewTabs"));
    tabs_->setAccessibleName(tr("Parts of the preview"));
    tabs_->setExpanding(false);
    tabs_->setDrawBase(false);
    for (const QString& title : {tr("Columns"), tr("Classes"), tr("Problems")})
        tabs_->addTab(title);
    columns_->setFirstValuesWanted(true);
    columns_->view().setObjectName(QStringLiteral("previewColumns"));
    classes_->setObjectName(QStringLiteral("previewClasses"));
    classes_->setAccessibleName(tr("Samples of each class"));
    auto* const bars = new QWidget;
    auto* const margins = new QVBoxLayout(bars);
    margins->setContentsMargins(14, 10, 14, 10);
    margins->addWidget(classes_);
    margins->addStretch(1);
    problems_->setSamplesShown(false);
    stack_->addWidget(columns_);
    stack_->addWidget(scrolledPart(bars));
    stack_->addWidget(scrolledPart(problems_));
    auto* const rows = new QVBoxLayout(frame);
    rows->setContentsMargins(0, 4, 0, 4);
    rows->setSpacing(0);
    rows->addWidget(tabs_);
    rows->addWidget(stack_, 1);
    frame->hide();
    connect(tabs_, &QTabBar::currentChanged, stack_, &QStackedWidget::setCurrentIndex);
    connect(columns_, &ColumnTable::edited, this,
            [this](const QString&, const DataChoice& choice) { edit(choice); });
    connect(problems_, &ProblemList::remedyChosen, this, &DataPreview::cure);
    connect(problems_, &ProblemList::failureCureWanted, this, [this] {
        if (lastUsable_)
            edit(*lastUsable_);
    });
    connect(problems_, &ProblemList::columnWanted, this, [this](const std::string& column) {
        showTab(Columns);
        columns_->selectColumn(column);
        columns_->view().setFocus();
    });
    connect(&themes, &ThemeManager::changed, frame, [frame] { frame->update(); });
    return frame;
}

void DataPreview::read(const std::vector<std::filesystem::path>& files) {
    QStringList names;
    for (const auto& file : files)
        names << QString::fromStdString(file.filename().string());
    start(names.join(QStringLiteral(", ")), [files] { return dataFrom(files); });
}

void DataPreview::read(const std::string& key) {
    start(qstr(dataset(key).title), [key] { return DataChoice{.dataset = key}; });
}

void DataPreview::read(const QString& title, const DataChoice& choice) {
    start(title, [choice] { return choice; });
}

void DataPreview::start(const QString& name, std::function<DataChoice()> choose) {
    name_ = name;
    title_->setText(name);
    state_->setText(tr("Reading…"));
    setRole("muted");
    progress_->setRange(0, 0);
    progress_->show();
    faults_->hide();
    leaveOut_->hide();
    accept_->setEnabled(false);
    choice_.reset();
    jobs_->cancel(job_);
    job_ = jobs_->next();
    jobs_->start([this, job = job_, jobs = jobs_.data(), choose = std::move(choose),
                  before = before_.data](const std::stop_token& stop) -> BackgroundJobs::Delivery {
        DataChoice choice;
        std::shared_ptr<Found> found;
        const auto inWords = [&](const std::exception& error) {
            return qstr(inFormWords(error.what(), choice.dataset));
        };
        try {
            choice = choose();
            found = look(choice, before, stop);
        } catch (const UnreadableImages& error) {
            return [this, choice, count = error.count(), reason = inWords(error)] {
                offerRest(reason, count, choice);
            };
        } catch (const std::exception& error) {
            return [this, reason = inWords(error)] { fail(reason); };
        }
        jobs->deliver(job, [this, found] { present(found); });
        // Texts overlap by nature.
        if (!found->data || found->data->info.labels() > 1 || found->isTooMuch)
            return [this, found] {
                progress_->hide();
                showProblems(*found, false);
            };
        const auto split = splitOf(*found->data, found->choice);
        const auto tell = [this, job, jobs, told = 0](std::size_t done, std::size_t all) mutable {
            const auto now = static_cast<int>(done * 100 / std::max<std::size_t>(1, all));
            if (std::exchange(told, now) != now)
                jobs->deliver(job, [this, done, all] {
                    progress_->setRange(0, kPreviewProgress);
                    progress_->setValue(static_cast<int>(done * kPreviewProgress / all));
                });
        };
        auto duplicates = findDuplicates(*found->data, split, stop, tell);
        return [this, found, duplicates = std::move(duplicates)] {
            found->duplicates = duplicates;
            progress_->hide();
            showProblems(*found, false);
        };
    });
}

/// Where a table cannot be used, its columns are looked at all the same: they may be the cause.
std::shared_ptr<DataPreview::Found> DataPreview::look(DataChoice choice, const DataChoice& before,
                                                      const std::stop_token& stop) {
    auto found = std::make_shared<Found>();
    keepSplit(choice, before);
    found->choice = std::move(choice);
    const auto inWords = [&](const std::exception& error) {
        return qstr(inFormWords(error.what(), found->choice.dataset));
    };
    try {
        found->data = openDataset(found->choice);
        const auto& info = found->data->info;
        if (info.input.rank() == 3 && info.hasClasses())
            found->choice.augmentation = before.augmentation;
        found->counts = countParts(*found->data, splitOf(*found->data, found->choice));
        found->isTooMuch =
            found->data->training->isCostly() && found->counts.total() > kMostComparedHere;
    } catch (const UnreadableImages&) {
        throw;
    } catch (const std::exception& error) {
        found->data.reset();
        found->failure = inWords(error);
    }
    try {
        found->table = surveyTable(found->choice, stop);
    } catch (const std::exception& error) {
        if (found->failure.isEmpty())
            found->failure = inWords(error);
    }
    return found;
}

void DataPreview::edit(const DataChoice& choice) {
    // The next click may come before this choice has been read.
    if (table_)
        columns_->setTable(*table_, choice, std::nullopt);
    columns_->setProblem({});
    start(name_, [choice] { return choice; });
}

void DataPreview::cure(const DataRemedy& remedy) {
    if (remedy.data)
        edit(*remedy.data);
    else if (remedy.training && choice_) {
        classWeights_ = kBalanced; // counted anew, as the choice may change
        edit(*choice_);
    }
}

void DataPreview::present(const std::shared_ptr<const Found>& found) {
    if (!found->data && !found->table && !table_) {
        fail(found->failure);
        return;
    }
    const bool isFirst = !std::exchange(isSettled_, true);
    const bool isUsable = found->data.has_value() && found->failure.isEmpty();
    if (isUsable)
        lastUsable_ = choice_ = found->choice;
    if (!isUsable || found->counts.classes.empty())
        classWeights_.clear();
    else if (!classWeights_.empty())
        classWeights_ = classWeightsText(found->counts);
    if (isUsable) {
        const auto& samples = found->counts.samples;
        state_->setText(tr("%1\n%2 to train on, %3 for validation, %4 to test with.%5")
                            .arg(dataText(found->data->info),
                                 countedText(samples[0], tr("1 sample"), tr("%1 samples")),
                                 fullNumber(samples[1]), fullNumber(samples[2]),
                                 classWeights_.empty()
                                     ? QString()
                                     : tr(" Rare classes will weigh more in the loss.")));
        setRole("muted");
        title_->setText(name_);
    } else {
        fail(found->failure);
    }
    QStringList notes;
    if (found->data)
        for (const std::string& note : found->data->notes)
            notes << qstr(inFormWords(note, found->choice.dataset));
    notes_->setText(notes.join(u'\n'));
    notesArea_->setVisible(!notes.isEmpty());
    notesArea_->setFixedHeight(
        std::min(kNotesHeight, notes_->heightForWidth(std::max(100, width() - 60)) + 2));
    showColumns(*found);
    showClasses(*found);
    showProblems(*found, isUsable);
    if (isFirst)
        showTab(found->table ? Columns : tabs_->isTabVisible(Classes) ? Classes : Problems);
    stack_->parentWidget()->show();
    accept_->setEnabled(isUsable);
    accept_->setDefault(isUsable);
    if (isUsable && isFirst)
        accept_->setFocus();
}

void DataPreview::showColumns(const Found& found) {
    if (found.table)
        table_ = found.table;
    tabs_->setTabVisible(Columns, table_.has_value());
    if (!table_)
        return;
    columns_->setProblem(found.failure);
    columns_->setTable(*table_, found.choice,
                       found.data ? std::optional(found.data->info) : std::nullopt);
}

void DataPreview::showClasses(const Found& found) {
    std::vector<CountBars::Row> rows;
    if (found.data)
        for (std::size_t label = 0; label < found.counts.classes.size(); ++label)
            if (rows.size() < kMostPreviewed)
                rows.push_back(
                    {qstr(found.data->info.classes[label]), found.counts.ofClass(label)});
    tabs_->setTabVisible(Classes, !rows.empty());
    classes_->setRows(std::move(rows));
}

void DataPreview::showProblems(const Found& found, bool isLooking) {
    // The network will follow, and with it the loss.
    Project offered = before_;
    offered.data = found.choice;
    try {
        if (found.data)
            apply(offered, fitToData(offered, found.data->info));
        if (!classWeights_.empty() && !offered.training.objectives.empty())
            offered.training.objectives.front().loss.params.insert_or_assign("class_weights",
                                                                             classWeights_);
    } catch (const Error&) {
        offered.training = before_.training; // what is said of the data holds all the same
    }
    const TableSurvey* const table = found.table ? &*found.table : nullptr;
    const KnownData known{table, found.data ? &*found.data : nullptr, &found.counts,
                          found.duplicates ? &*found.duplicates : nullptr};
    std::vector<ListedProblem> listed;
    for (DataProblem& problem : problemsOf(found.choice, known)) {
        auto remedy = remedyFor(problem, offered, table, found.counts);
        listed.push_back({std::move(problem), std::move(remedy)});
    }
    const auto count = std::ssize(listed) + (found.failure.isEmpty() ? 0 : 1);
    tabs_->setTabText(Problems, count == 0 ? tr("Problems") : tr("Problems (%1)").arg(count));
    problems_->setNothing(isLooking         ? tr("Nothing found so far.")
                          : found.isTooMuch ? tr("Nothing found; not all samples have been "
                                                 "compared.")
                                            : tr("No problems found."));
    problems_->setProblems(std::move(listed), found.failure,
                           lastUsable_ && !found.failure.isEmpty() ? tr("Take the change back")
                                                                   : QString());
}

void DataPreview::showTab(Tab tab) {
    tabs_->setCurrentIndex(tab);
    stack_->setCurrentIndex(tab);
}

void DataPreview::setRole(const char* role) {
    state_->setProperty("textRole", QLatin1String(role));
    state_->style()->unpolish(state_);
    state_->style()->polish(state_);
}

void DataPreview::fail(const QString& reason) {
    progress_->hide();
    title_->setText(tr("%1 cannot be used as it is").arg(name_));
    state_->setText(reason);
    setRole("error");
}

void DataPreview::offerRest(const QString& reason, std::size_t count, const DataChoice& choice) {
    const auto lines = reason.indexOf(u'\n');
    fail(reason.left(lines));
    QStringList faults = reason.mid(lines + 1).split(u'\n');
    for (QString& fault : faults)
        fault = fault.trimmed();
    faults_->setPlainText(faults.join(u'\n'));
    faults_->show();
    refused_ = choice;
    leaveOut_->setText(countedText(static_cast<std::int64_t>(count),
                                   tr("Leave out 1 unreadable image"),
                                   tr("Leave out %1 unreadable images")));
    leaveOut_->show();
    leaveOut_->setFocus();
}

} // namespace gradwright

#include "moc_data_preview.cpp"
