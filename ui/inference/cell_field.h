// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/tables/table_column.h"
#include "engine/data/tables/table_summary.h"

#include <QWidget>

#include <string>

class QLabel;

namespace gradwright {

class ThemeManager;

/// One cell of a row that is filled in: the text that a table would have there.
class CellField : public QWidget {
    Q_OBJECT

public:
    /// A field that suits the column: a number with a slider over what was seen in training, a
    /// choice of categories, or an image file.
    static CellField* make(const TableColumn& column, const ColumnSummary& seen,
                           ThemeManager& theme);

    /// Empty: a missing value.
    [[nodiscard]] virtual std::string cell() const = 0;
    /// Does not emit edited().
    virtual void setCell(const std::string& cell) = 0;
    /// Why the cell cannot be read; empty where it can.
    [[nodiscard]] virtual QString problem() const { return {}; }

Q_SIGNALS:
    void edited();

protected:
    using QWidget::QWidget;
};

} // namespace gradwright
