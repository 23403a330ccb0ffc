// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/folder_card.h"

#include "engine/io/atomic_file.h"
#include "engine/support/error.h"
#include "ui/inference/cards.h"
#include "ui/plots/scale.h"
#include "ui/theme/counted_text.h"
#include "ui/theme/shown_text.h"
#include "ui/theme/text.h"

#include <QDir>
#include <QFileDialog>
#include <QFrame>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>

namespace gradwright {
namespace {

constexpr int kThumbnailRow = 62;
constexpr std::size_t kMostShownValues = 4;

/// A field of a table (RFC 4180).
std::string field(const std::string& text) {
    if (text.find_first_of(",\"\n\r") == std::string::npos)
        return text;
    std::string quoted = "\"";
    for (const char c : text)
        quoted += c == '"' ? "\"\"" : std::string(1, c);
    return quoted + '"';
}

std::vector<double> restoredValues(const DataInfo& info, const Prediction& prediction) {
    std::vector<double> values(prediction.probabilities.begin(), prediction.probabilities.end());
    for (std::size_t i = 0; i < std::min(values.size(), info.targetScaling.size()); ++i)
        values[i] = info.targetScaling[i].restored(values[i]);
    return values;
}

} // namespace

void FileReadings::begin(std::shared_ptr<const TrainedModel> model) {
    beginResetModel();
    model_ = std::move(model);
    readings_.clear();
    endResetModel();
}

void FileReadings::add(const std::vector<FileReading>& readings) {
    if (readings.empty())
        return;
    const auto first = static_cast<int>(readings_.size());
    beginInsertRows({}, first, first + static_cast<int>(readings.size()) - 1);
    readings_.insert(readings_.end(), readings.begin(), readings.end());
    endInsertRows();
}

bool FileReadings::hasClasses() const {
    return model_ && model_->data->info.hasClasses();
}

QString FileReadings::answerOf(const FileReading& reading) const {
    if (!reading.problem.isEmpty())
        return {};
    const auto& info = model_->data->info;
    if (hasClasses())
        return qstr(info.classes[static_cast<std::size_t>(reading.prediction.classIndex)]);
    const auto values = restoredValues(info, reading.prediction);
    if (values.size() > kMostShownValues)
        return tr("%1 values").arg(values.size());
    QStringList texts;
    for (const double value : values)
        texts << plainNumber(value, 5);
    return texts.join(QStringLiteral(", "));
}

std::string FileReadings::csv() const {
    const auto& info = model_->data->info;
    std::string text = "file";
    const std::size_t values = hasClasses() ? 0 : static_cast<std::size_t>(info.target.elements());
    if (hasClasses())
        text += ",class,probability";
    for (std::size_t i = 0; i < values; ++i)
        text += "," + (i < info.targetNames.size() ? field(info.targetNames[i])
                                                   : "output " + std::to_string(i + 1));
    text += ",problem\n";
    for (const auto& reading : readings_) {
        const bool isRead = reading.problem.isEmpty();
        text += field(reading.file.toStdString());
        if (hasClasses())
            text += isRead ? fmt::format(",{},{:.6g}", field(answerOf(reading).toStdString()),
                                         reading.prediction.probability)
                           : ",,";
        const auto numbers =
            isRead ? restoredValues(info, reading.prediction) : std::vector<double>();
        for (std::size_t i = 0; i < values; ++i)
            text += i < numbers.size() ? fmt::format(",{:.6g}", numbers[i]) : ",";
        text += "," + field(reading.problem.toStdString()) + "\n";
    }
    return text;
}

int FileReadings::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(readings_.size());
}

int FileReadings::columnCount(const QModelIndex& parent) const {
    return parent.isValid() || !model_ ? 0 : hasClasses() ? 3 : 2;
}

QVariant FileReadings::data(const QModelIndex& index, int role) const {
    if (!index.isValid())
        return {};
    const auto& reading = readings_[static_cast<std::size_t>(index.row())];
    if (role == Qt::DecorationRole && index.column() == 0)
        return reading.thumbnail;
    if (role == Qt::ToolTipRole)
        return reading.problem.isEmpty() ? reading.file : reading.problem;
    if (role != Qt::DisplayRole)
        return {};
    if (index.column() == 0)
        return reading.file;
    if (!reading.problem.isEmpty())
        return index.column() == 1 ? reading.problem : QString();
    return index.column() == 1 ? answerOf(reading) : percent(reading.prediction.probability, 1);
}

QVariant FileReadings::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    return section == 0 ? tr("File") : section == 1 ? tr("Prediction") : tr("Confidence");
}

FolderCard::FolderCard(QWidget* parent)
    : QWidget(parent)
    , reader_(new FolderReader(this))
    , readings_(new FileReadings(this))
    , view_(new QTableView)
    , state_(mutedLabel({}))
    , problem_(new QLabel)
    , progress_(new QProgressBar) {
    const auto card = makeCard(tr("Folder"));
    auto* save = new QPushButton(tr("Save as CSV…"));
    save->setObjectName(QStringLiteral("save table"));
    auto* close = new QPushButton(tr("Close"));
    close->setObjectName(QStringLiteral("close folder"));
    card.header->addWidget(state_, 1);
    card.header->addWidget(save);
    card.header->addWidget(close);
    problem_->setProperty("textRole", QStringLiteral("error"));
    problem_->setWordWrap(true);
    progress_->setAccessibleName(tr("Images read"));
    progress_->setTextVisible(false);
    progress_->setFixedHeight(8);
    view_->setModel(readings_);
    view_->setObjectName(QStringLiteral("folder readings"));
    view_->setAccessibleName(tr("Images of the folder"));
    view_->setSelectionBehavior(QAbstractItemView::SelectRows);
    view_->setSelectionMode(QAbstractItemView::SingleSelection);
    view_->setShowGrid(false);
    view_->setIconSize({56, 56});
    view_->verticalHeader()->hide();
    view_->verticalHeader()->setDefaultSectionSize(kThumbnailRow);
    view_->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    view_->horizontalHeader()->setHighlightSections(false);
    card.body->addWidget(problem_);
    card.body->addWidget(progress_);
    card.body->addWidget(view_, 1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(card.frame);
    connect(close, &QPushButton::clicked, this, [this] {
        reader_->cancel();
        Q_EMIT closed();
    });
    connect(save, &QPushButton::clicked, this, [this] {
        const auto file = QFileDialog::getSaveFileName(this, tr("Save the predictions"),
                                                       folder_ + QStringLiteral("/predictions.csv"),
                                                       tr("Tables (*.csv)"));
        if (!file.isEmpty())
            this->save(file);
    });
    connect(view_->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            [this](const QModelIndex& current) {
                if (current.isValid())
                    Q_EMIT fileChosen(QDir(folder_).filePath(
                        readings_->readings()[static_cast<std::size_t>(current.row())].file));
            });
    connect(reader_, &FolderReader::found, this, [this](qsizetype files) {
        files_ = files;
        showState();
    });
    connect(reader_, &FolderReader::read, this, [this](const std::vector<FileReading>& readings) {
        const bool first = readings_->readings().empty();
        readings_->add(readings);
        if (first) {
            view_->resizeColumnsToContents();
            view_->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
        }
        showState();
    });
    connect(reader_, &FolderReader::finished, this, [this] { showState(); });
    connect(reader_, &FolderReader::failed, this, &FolderCard::showState);
}

void FolderCard::read(std::shared_ptr<const TrainedModel> model, const QString& folder) {
    folder_ = folder;
    files_ = 0;
    readings_->begin(model);
    reader_->start(std::move(model), folder.toStdString());
    showState();
}

void FolderCard::save(const QString& file) {
    try {
        writeFileAtomically(file.toStdString(), std::string_view(readings_->csv()));
        showState();
        state_->setText(tr("saved as %1").arg(QFileInfo(file).fileName()));
    } catch (const std::exception& error) {
        showState(QString::fromUtf8(error.what()));
    }
}

void FolderCard::showState(const QString& problem) {
    problem_->setText(problem);
    problem_->setVisible(!problem.isEmpty());
    const auto done = readings_->rowCount();
    progress_->setVisible(reader_->isRunning());
    progress_->setMaximum(static_cast<int>(files_));
    progress_->setValue(done);
    state_->setText(reader_->isRunning()
                        ? tr("%1 of %2 images").arg(fullNumber(done), fullNumber(files_))
                        : countedText(done, tr("1 image"), tr("%1 images")));
}

} // namespace gradwright

#include "moc_folder_card.cpp"
