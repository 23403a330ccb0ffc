// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/folder_reader.h"

#include <QAbstractTableModel>
#include <QWidget>

class QLabel;
class QProgressBar;
class QTableView;

namespace gradwright {

/// The images of a folder with what a network says of each.
class FileReadings final : public QAbstractTableModel {
    Q_OBJECT

public:
    using QAbstractTableModel::QAbstractTableModel;

    void begin(std::shared_ptr<const TrainedModel> model);
    void add(const std::vector<FileReading>& readings);
    [[nodiscard]] const std::vector<FileReading>& readings() const { return readings_; }
    /// Comma-separated values: file, class and probability, or the values; and what is wrong.
    [[nodiscard]] std::string csv() const;
    /// "cat", "3.2, 4.1"; empty where there is none.
    [[nodiscard]] QString answerOf(const FileReading& reading) const;

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                      int role) const override;

private:
    [[nodiscard]] bool hasClasses() const;

    std::shared_ptr<const TrainedModel> model_;
    std::vector<FileReading> readings_;
};

/// Shows them while they are read, and saves them as a table.
class FolderCard final : public QWidget {
    Q_OBJECT

public:
    explicit FolderCard(QWidget* parent = nullptr);

    void read(std::shared_ptr<const TrainedModel> model, const QString& folder);
    /// Writes the table; what is wrong with the file is said in place.
    void save(const QString& file);
    [[nodiscard]] const FileReadings& readings() const { return *readings_; }
    [[nodiscard]] bool isRunning() const { return reader_->isRunning(); }
    [[nodiscard]] QTableView& view() { return *view_; }

Q_SIGNALS:
    void fileChosen(const QString& file);
    void closed();

private:
    void showState(const QString& problem = {});

    FolderReader* reader_;
    FileReadings* readings_;
    QTableView* view_;
    QLabel* state_;
    QLabel* problem_;
    QProgressBar* progress_;
    QString folder_;
    qsizetype files_ = 0;
};

} // namespace gradwright
