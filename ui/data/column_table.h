// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/data/column_model.h"

#include <QWidget>

class QComboBox;
class QLabel;
class QSortFilterProxyModel;
class QTableView;

namespace gradwright {

class ThemeManager;

/// The columns of a table, each with a list of what it may be for, and what all of them together
/// give the network.
class ColumnTable : public QWidget {
    Q_OBJECT

public:
    explicit ColumnTable(ThemeManager& themes, QWidget* parent = nullptr);

    void setTable(const TableSurvey& survey, const DataChoice& choice,
                  const std::optional<DataInfo>& info);
    void clear();
    /// Roles can be looked at and not changed.
    void setLocked(bool locked);
    /// What is wrong with the choice, in place of its effect; empty: nothing.
    void setProblem(const QString& problem);
    void selectColumn(const std::string& column);
    /// Where columns are looked at for the first time their values come before what is counted.
    void setFirstValuesWanted(bool wanted) { wantsFirst_ = wanted; }
    /// Nullptr: none.
    [[nodiscard]] const ColumnFacts* selected() const;

    [[nodiscard]] QTableView& view() { return *view_; }
    [[nodiscard]] ColumnModel& model() { return *model_; }

Q_SIGNALS:
    void edited(const QString& what, const gradwright::DataChoice& choice);
    void selectionChanged();

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void chooseRole(const std::string& column, ColumnRole role);
    void chooseType(const std::string& column, ColumnType type);
    void chooseTask(int index);
    void showEffect();

    TableSurvey survey_;
    DataChoice choice_;
    std::optional<DataInfo> info_;
    QString problem_;
    bool wantsFirst_ = false;
    ColumnModel* model_;
    QSortFilterProxyModel* sorted_;
    QTableView* view_;
    QComboBox* task_;
    QLabel* effect_;
};

} // namespace gradwright
