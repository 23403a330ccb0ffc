// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/data/data_preview.h"

#include "engine/data/catalog.h"
#include "engine/data/images/image_folder.h"
#include "engine/data/own_data.h"
#include "engine/data/survey/column_roles.h"
#include "ui/data/column_model.h"
#include "ui/data/count_bars.h"
#include "ui/data/data_label.h"
#include "ui/document/setting_words.h"
#include "ui/forms/data_text.h"
#include "ui/theme/counted_text.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPlainTextEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QScrollArea>
#include <QStyle>
#include <QTableWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <exception>

namespace gradwright {
namespace {

constexpr QSize kPreviewSize{620, 480};
constexpr int kMostPreviewed = 200; ///< columns and classes

/// What of the project's choice is about samples in general.
void keepSplit(DataChoice& choice, const DataChoice& before) {
    const bool wasText = before.dataset == "text" || before.dataset == "king-james-bible";
    if (choice.dataset != "text" && !wasText)
        choice.validationFraction = before.validationFraction;
    choice.splitSeed = before.splitSeed;
}

} // namespace

DataPreview::DataPreview(ThemeManager& themes, BackgroundJobs& jobs, DataChoice before,
                         QWidget* parent)
    : QDialog(parent)
    , before_(std::move(before))
    , title_(dataLabel("previewTitle", "title"))
    , state_(dataLabel("previewState", "muted"))
    , notes_(dataLabel("previewNotes", "caption"))
    , faults_(new QPlainTextEdit)
    , progress_(new QProgressBar)
    , columns_(new QTableWidget)
    , classes_(new CountBars(themes))
    , accept_(new QPushButton(tr("Use these data")))
    , leaveOut_(new QPushButton)
    , jobs_(&jobs) {
    setObjectName(QStringLiteral("dataPreview"));
    setWindowTitle(tr("Replace the data"));
    setAttribute(Qt::WA_DeleteOnClose);
    resize(kPreviewSize);
    progress_->setRange(0, 0);
    progress_->setTextVisible(false);
    progress_->setAccessibleName(tr("Reading the data"));
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
        read(title_->text(), refused_);
    });
    columns_->setObjectName(QStringLiteral("previewColumns"));
    columns_->setAccessibleName(tr("Columns"));
    columns_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    columns_->setSelectionBehavior(QAbstractItemView::SelectRows);
    columns_->setShowGrid(false);
    columns_->setTabKeyNavigation(false);
    columns_->verticalHeader()->hide();
    columns_->horizontalHeader()->setHighlightSections(false);
    columns_->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    columns_->hide();
    classes_->setObjectName(QStringLiteral("previewClasses"));
    classes_->setAccessibleName(tr("Samples of each class"));
    auto* const scroll = new QScrollArea;
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->setWidget(classes_);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->hide();
    classesArea_ = scroll;
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
    layout->addWidget(notes_);
    layout->addWidget(faults_, 3);
    layout->addWidget(columns_, 3);
    layout->addWidget(scroll, 2);
    layout->addLayout(buttons);
}

DataPreview::~DataPreview() {
    if (jobs_)
        jobs_->cancel(job_);
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
    title_->setText(name);
    state_->setText(tr("Reading…"));
    setRole("muted");
    progress_->show();
    faults_->hide();
    leaveOut_->hide();
    job_ = jobs_->start([this, choose = std::move(choose), before = before_](
                            const std::stop_token& stop) -> BackgroundJobs::Delivery {
        auto found = std::make_shared<Found>();
        try {
            found->choice = choose();
            keepSplit(found->choice, before);
            found->data = openDataset(found->choice);
            if (found->data.info.input.rank() == 3 && found->data.info.hasClasses())
                found->choice.augmentation = before.augmentation;
            found->counts = countParts(found->data, splitOf(found->data, found->choice));
            found->table = surveyTable(found->choice, stop);
            return [this, found] { present(*found); };
        } catch (const UnreadableImages& error) {
            return [this, found, count = error.count(),
                    reason = qstr(inFormWords(error.what(), found->choice.dataset))] {
                offerRest(reason, count, found->choice);
            };
        } catch (const std::exception& error) {
            return [this, reason = qstr(inFormWords(error.what(), found->choice.dataset))] {
                fail(reason);
            };
        }
    });
}

void DataPreview::present(const Found& found) {
    choice_ = found.choice;
    progress_->hide();
    const auto& samples = found.counts.samples;
    state_->setText(tr("%1\n%2 to train on, %3 for validation, %4 to test with.")
                        .arg(dataText(found.data.info),
                             countedText(samples[0], tr("1 sample"), tr("%1 samples")),
                             fullNumber(samples[1]), fullNumber(samples[2])));
    QStringList notes;
    for (const std::string& note : found.data.notes)
        notes << qstr(inFormWords(note, found.choice.dataset));
    notes_->setText(notes.join(u'\n'));
    showColumns(found);
    const auto& names = found.data.info.classes;
    std::vector<CountBars::Row> rows;
    for (std::size_t label = 0; label < found.counts.classes.size(); ++label)
        if (rows.size() < kMostPreviewed)
            rows.push_back({qstr(names[label]), found.counts.ofClass(label)});
    classesArea_->setVisible(!rows.empty());
    classes_->setRows(std::move(rows));
    accept_->setEnabled(true);
    accept_->setDefault(true);
    accept_->setFocus();
}

void DataPreview::showColumns(const Found& found) {
    columns_->setVisible(found.table.has_value());
    if (!found.table)
        return;
    const int shown = std::min(kMostPreviewed, static_cast<int>(found.table->columns.size()));
    columns_->setColumnCount(3);
    columns_->setHorizontalHeaderLabels({tr("Column"), tr("Type"), tr("Role")});
    columns_->setRowCount(shown);
    for (int row = 0; row < shown; ++row) {
        const ColumnFacts& column = found.table->columns[static_cast<std::size_t>(row)];
        const QString role = titleOf(roleOf(found.choice, *found.table, column.profile.name));
        columns_->setItem(row, 0, new QTableWidgetItem(qstr(column.profile.name)));
        columns_->setItem(row, 1, new QTableWidgetItem(typeText(column, &found.data.info)));
        columns_->setItem(row, 2, new QTableWidgetItem(role));
    }
    columns_->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    columns_->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
}

void DataPreview::setRole(const char* role) {
    state_->setProperty("textRole", QLatin1String(role));
    state_->style()->unpolish(state_);
    state_->style()->polish(state_);
}

void DataPreview::fail(const QString& reason) {
    progress_->hide();
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
