// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/tables/table_column.h"
#include "engine/data/tables/table_summary.h"

#include <QScrollArea>

#include <string>
#include <vector>

class QLabel;

namespace gradwright {

class CellField;
class ThemeManager;

/// A row of a table to fill in: a field per column, each with what was seen of it in training.
class RowForm final : public QScrollArea {
    Q_OBJECT

public:
    explicit RowForm(ThemeManager& theme, QWidget* parent = nullptr);

    void setColumns(std::vector<TableColumn> columns, const TableSummary& seen);
    /// One per column; does not emit edited().
    void setCells(const std::vector<std::string>& cells);
    [[nodiscard]] std::vector<std::string> cells() const;
    [[nodiscard]] CellField& field(std::size_t column) { return *fields_[column]; }
    /// What is wrong with the first field that cannot be read; empty where all can.
    [[nodiscard]] QString problem() const;

Q_SIGNALS:
    void edited();

private:
    void showContext(std::size_t column);

    ThemeManager* theme_;
    std::vector<TableColumn> columns_;
    TableSummary seen_;
    std::vector<CellField*> fields_;
    std::vector<QLabel*> contexts_;
};

} // namespace gradwright
