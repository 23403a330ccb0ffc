// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/data/histogram_view.h"

#include "ui/theme/shown_text.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QHelpEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <cmath>
#include <utility>

namespace gradwright {
namespace {

constexpr int kAxisRoom = 18;
constexpr int kAxisDigits = 5;

} // namespace

HistogramView::HistogramView(const ThemeManager& themes, QWidget* parent)
    : QWidget(parent)
    , themes_(&themes) {
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(&themes, &ThemeManager::changed, this, qOverload<>(&QWidget::update));
}

void HistogramView::setHistogram(Histogram histogram) {
    histogram_ = std::move(histogram);
    update();
    sayTextChanged(*this);
}

QRectF HistogramView::area() const {
    return QRectF(rect()).adjusted(0, 4, 0, -kAxisRoom);
}

/// "2 to 4: 17"; where each number has a bar, "3: 17".
QString HistogramView::textOf(std::size_t bin) const {
    const auto bins = static_cast<double>(histogram_.counts.size());
    const double width = (histogram_.last - histogram_.first) / bins;
    const double from = histogram_.first + static_cast<double>(bin) * width;
    const QString count = fullNumber(histogram_.counts[bin]);
    const bool isOneNumber = width == 1 && from + 0.5 == std::floor(from + 0.5);
    if (isOneNumber || width == 0)
        return tr("%1: %2").arg(plainNumber(width == 0 ? from : from + 0.5, kAxisDigits), count);
    return tr("%1 to %2: %3")
        .arg(plainNumber(from, kAxisDigits), plainNumber(from + width, kAxisDigits), count);
}

QString HistogramView::spokenText() const {
    QStringList texts;
    for (std::size_t bin = 0; bin < histogram_.counts.size(); ++bin)
        if (histogram_.counts[bin] > 0)
            texts << textOf(bin);
    return texts.isEmpty() ? tr("No values") : texts.join(QStringLiteral("; "));
}

bool HistogramView::event(QEvent* event) {
    if (event->type() != QEvent::ToolTip || histogram_.counts.empty())
        return QWidget::event(event);
    const auto* const help = static_cast<QHelpEvent*>(event);
    const double share = (help->pos().x() - area().left()) / std::max(1.0, area().width());
    const auto last = histogram_.counts.size() - 1;
    const double place = share * static_cast<double>(last + 1);
    const auto bin = std::min(last, static_cast<std::size_t>(std::max(0.0, place)));
    QToolTip::showText(help->globalPos(), textOf(bin));
    return true;
}

void HistogramView::paintEvent(QPaintEvent*) {
    if (histogram_.counts.empty())
        return;
    const Theme& theme = themes_->theme();
    QPainter painter(this);
    const QRectF plot = area();
    const auto most = std::max<std::int64_t>(1, std::ranges::max(histogram_.counts));
    const double step = plot.width() / static_cast<double>(histogram_.counts.size());
    for (std::size_t bin = 0; bin < histogram_.counts.size(); ++bin) {
        const double share =
            static_cast<double>(histogram_.counts[bin]) / static_cast<double>(most);
        const double height = histogram_.counts[bin] > 0 ? std::max(1.0, share * plot.height()) : 0;
        const double left = plot.left() + static_cast<double>(bin) * step;
        painter.fillRect(QRectF(left, plot.bottom() - height, std::max(1.0, step - 1), height),
                         theme.training);
    }
    painter.setPen(theme.axis);
    painter.drawLine(plot.bottomLeft(), plot.bottomRight());
    painter.setFont(textFont(type::kCaption));
    const QRectF labels(plot.left(), plot.bottom() + 2, plot.width(), kAxisRoom - 2);
    painter.drawText(labels, Qt::AlignLeft | Qt::AlignVCenter,
                     plainNumber(histogram_.first, kAxisDigits));
    painter.drawText(labels, Qt::AlignRight | Qt::AlignVCenter,
                     plainNumber(histogram_.last, kAxisDigits));
}

} // namespace gradwright

#include "moc_histogram_view.cpp"
