// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/onnx_model.h"

#include <QAbstractTableModel>
#include <QTableView>

#include <vector>

namespace gradwright {

/// Inputs or outputs of a model, an axis a column. What is typed into a cell is a wish, and the
/// cell shows what the model has.
class PortModel final : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { kPortName, kPortType, kFirstAxis };

    explicit PortModel(QObject* parent);

    void setPorts(const std::vector<OnnxPort>& ports);
    [[nodiscard]] const OnnxPort& port(int row) const {
        return ports_[static_cast<std::size_t>(row)];
    }

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                      int role) const override;
    [[nodiscard]] Qt::ItemFlags flags(const QModelIndex& index) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;

Q_SIGNALS:
    void typed(int row, int column, const QString& text);

private:
    std::vector<OnnxPort> ports_;
    int axes_ = 0;
};

/// The table of them; Return, F2, a double click and typing edit a cell.
class PortTable final : public QTableView {
    Q_OBJECT
public:
    explicit PortTable(const QString& name, QWidget* parent = nullptr);

    void setPorts(const std::vector<OnnxPort>& ports);
    [[nodiscard]] PortModel& ports() { return *model_; }

protected:
    void keyPressEvent(QKeyEvent* event) override;

private:
    PortModel* model_;
};

} // namespace gradwright
