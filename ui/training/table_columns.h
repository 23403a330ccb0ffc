// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/own_data.h"
#include "ui/session/background_jobs.h"

#include <QWidget>

#include <optional>
#include <string>
#include <vector>

class QCheckBox;
class QComboBox;
class QLabel;
class QVBoxLayout;

namespace gradwright {

/// The columns of a table of the user's as they were recognised: kind, range or categories, missing
/// cells, and what each is for. The target is chosen from a list (or several are typed, between
/// commas); a column without its tick is left out. The table is read in the background; hidden
/// where the data are no table with a file.
class TableColumns : public QWidget {
    Q_OBJECT

public:
    explicit TableColumns(QWidget* parent = nullptr);

    void setChoice(const DataChoice& choice);
    /// What the choice has become: columns that the table leaves out by itself lose their ticks.
    void setInfo(const DataInfo& info);
    /// What the columns are; nothing until they have been read, or when they cannot be.
    [[nodiscard]] const std::optional<TableProfile>& profile() const { return profile_; }

Q_SIGNALS:
    /// Another target, other columns left out, or dates that are split since one of them got its
    /// tick; the choice is otherwise as it was set.
    void edited(const gradwright::DataChoice& choice);
    /// Has other fields now.
    void rebuilt();

private:
    struct Row {
        std::string column;
        QCheckBox* box;
        QLabel* role;
    };

    void read();
    void rebuild();
    void addTarget(QVBoxLayout& rows);
    void addRow(QVBoxLayout& rows, const ColumnProfile& column);
    void showChoice();
    void takeTarget(const QString& text);
    [[nodiscard]] bool isLeftOut(const std::string& column) const;
    void ignore(const std::string& column, bool ignored);
    void publish();

    DataChoice choice_;
    DataChoice read_; ///< that the profile was made for
    std::optional<TableProfile> profile_;
    std::optional<DataInfo> info_; ///< of the choice; empty until its data have been read
    QWidget* body_ = nullptr;
    QComboBox* target_ = nullptr;
    std::vector<Row> rows_;
    QVBoxLayout* layout_;
    int job_ = 0;
    BackgroundJobs jobs_; ///< last: its deliveries use the rest
};

} // namespace gradwright
