// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/bar_delegate.h"

#include <QPainter>

#include <algorithm>

namespace gradwright {

void BarDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                        const QModelIndex& index) const {
    QStyledItemDelegate::paint(painter, option, index);
    const QVariant share = index.data(kShareRole);
    if (!share.isValid() || share.toDouble() <= 0)
        return;
    const QRectF track = QRectF(option.rect).adjusted(4, 0, -4, 0);
    const double width = std::max(1.0, track.width() * share.toDouble());
    painter->fillRect(QRectF(track.left(), track.bottom() - 3, width, 2),
                      option.palette.color(QPalette::Link));
}

} // namespace gradwright
