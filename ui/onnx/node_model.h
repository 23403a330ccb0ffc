// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/onnx_outline.h"

#include <QAbstractTableModel>
#include <QSortFilterProxyModel>

namespace gradwright {

/// The nodes of a model in its order, a row each. The outline has to live as long.
class NodeModel final : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { kTitle, kOperator, kReads, kMakes, kShape, kNodeColumns };

    explicit NodeModel(const OnnxOutline& outline, QObject* parent);

    /// The outline is another one.
    void reset();
    [[nodiscard]] const OnnxOutline::Node& node(int row) const {
        return outline_->nodes[static_cast<std::size_t>(row)];
    }

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                      int role) const override;

private:
    [[nodiscard]] QString text(const OnnxOutline::Node& node, int column) const;

    const OnnxOutline* outline_;
    int rows_ = 0; ///< of the outline at the last reset
};

/// Those in which all words that were typed occur.
class NodeFilter final : public QSortFilterProxyModel {
    Q_OBJECT
public:
    explicit NodeFilter(NodeModel& nodes, QObject* parent);
    void setTyped(const QString& typed);

protected:
    [[nodiscard]] bool filterAcceptsRow(int row, const QModelIndex& parent) const override;

private:
    NodeModel* nodes_;
    QStringList words_;
};

/// What is known of a value's type and shape: "float32 N×8".
QString valueText(const OnnxOutline& outline, std::string_view value);

} // namespace gradwright
