// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStyledItemDelegate>

namespace gradwright {

/// Below the text of a cell, a bar as long as its figure is beside the largest of them.
class BarDelegate final : public QStyledItemDelegate {
public:
    static constexpr int kShareRole = Qt::UserRole + 1; ///< of the longest bar, 0 to 1

    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
};

} // namespace gradwright
