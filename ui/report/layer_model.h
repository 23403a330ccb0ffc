// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/report/layer_table.h"

#include <QAbstractTableModel>

#include <array>

namespace gradwright {

/// The layers as a table for views.
class LayerModel final : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Name, Type, Input, Output, Parameters, Macs, Bytes, ColumnCount };
    enum Role {
        SortRole = Qt::UserRole, ///< numbers as numbers
        ShareRole                ///< of the column's sum, 0 … 1; nothing for texts
    };

    using QAbstractTableModel::QAbstractTableModel;

    void setRows(std::vector<LayerRow> rows);
    [[nodiscard]] const std::vector<LayerRow>& rows() const { return rows_; }

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                      int role) const override;

private:
    [[nodiscard]] std::int64_t numberAt(const LayerRow& row, int column) const;

    std::vector<LayerRow> rows_;
    std::array<double, ColumnCount> sums_{};
};

} // namespace gradwright
