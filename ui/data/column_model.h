// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/survey/column_roles.h"
#include "engine/data/survey/column_types.h"

#include <QAbstractTableModel>

#include <optional>
#include <string>
#include <vector>

namespace gradwright {

/// "Input", "Categories", "Target", "Also a target", "Left out".
QString titleOf(ColumnRole role);
/// "Detect", "Numbers, decimal comma", "Text".
QString titleOf(ColumnType type);
/// "Whole numbers", "Texts", "Dates", "Image files"; "Lists of 64 numbers" where `info` says so of
/// the column.
QString typeText(const ColumnFacts& column, const DataInfo* info);
/// The first cells as they are read: "3.5, –, 4"; a dash for one without a value.
QString firstText(const ColumnFacts& column);
/// "0.83", and of numbers with the sign; empty without a measure.
QString associationText(const Association& association);

/// The columns of a table as rows: what each holds and what it is for.
class ColumnModel final : public QAbstractTableModel {
    Q_OBJECT

public:
    enum Section { Name, Type, Role, Inputs, First, Missing, Distinct, WithTarget, kSections };
    /// A number where the section has one, to sort by.
    static constexpr int kSortRole = Qt::UserRole + 1;

    using QAbstractTableModel::QAbstractTableModel;

    /// `info` is nothing where the data cannot be read, or have not been.
    void setTable(const TableSurvey& survey, const DataChoice& choice,
                  const std::optional<DataInfo>& info);
    void clear();
    void setLocked(bool locked);

    [[nodiscard]] const ColumnFacts* factsAt(int row) const;
    [[nodiscard]] int rowOf(const std::string& column) const;
    struct Choice {
        QString title;
        int value = 0; ///< a ColumnRole or a ColumnType
    };
    /// What the list in a cell offers: the roles of a row, or its types.
    [[nodiscard]] std::vector<Choice> choices(const QModelIndex& cell) const;
    /// The roles that a list offers in this row.
    [[nodiscard]] std::vector<ColumnRole> roles(int row) const;
    [[nodiscard]] ColumnRole role(int row) const;

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                      int role) const override;
    [[nodiscard]] Qt::ItemFlags flags(const QModelIndex& index) const override;
    /// Of the role or the type, as a number: announced, and made by whoever listens.
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;

Q_SIGNALS:
    void roleChosen(const std::string& column, gradwright::ColumnRole role);
    void typeChosen(const std::string& column, gradwright::ColumnType type);

private:
    [[nodiscard]] QString inputsText(int row) const;
    [[nodiscard]] ColumnType type(int row) const;
    [[nodiscard]] QVariant shown(int row, int section) const;
    [[nodiscard]] QVariant sorted(int row, int section) const;

    TableSurvey survey_;
    DataChoice choice_;
    std::optional<DataInfo> info_;
    bool locked_ = false;
};

} // namespace gradwright
