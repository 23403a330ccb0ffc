// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/devices/rate_bars.h"

#include <QHelpEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <cmath>
#include <utility>

namespace gradwright {

namespace {

constexpr int kBarRow = 18;
constexpr int kBarHeight = 12;
constexpr int kLabels = 190; ///< width of what stands left of the axis
constexpr int kRateMargin = 12;
constexpr int kRateRoom = 170; ///< for the numbers right of it

} // namespace

RateBars::RateBars(const ThemeManager& themes, std::function<QString(double)> text, QWidget* parent)
    : QWidget(parent)
    , themes_(&themes)
    , text_(std::move(text)) {
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(themes_, &ThemeManager::changed, this, qOverload<>(&QWidget::update));
}

void RateBars::setBars(std::vector<RateBar> bars) {
    std::erase_if(bars, [](const RateBar& bar) { return bar.peak <= 0 && bar.measured <= 0; });
    bars_ = std::move(bars);
    low_ = 9;
    high_ = 12;
    double least = 0;
    double most = 0;
    QStringList texts;
    for (const RateBar& bar : bars_) {
        for (const double rate : {bar.peak, bar.measured})
            if (rate > 0) {
                least = least > 0 ? std::min(least, rate) : rate;
                most = std::max(most, rate);
            }
        texts << tip(bar);
    }
    if (most > 0) {
        // The smallest bar is to be seen, so the axis begins a good way before it.
        low_ = static_cast<int>(std::floor(std::log10(least / 2)));
        high_ = std::max(low_ + 1, static_cast<int>(std::ceil(std::log10(most))));
    }
    setAccessibleDescription(texts.join(u'\n'));
    updateGeometry();
    update();
}

double RateBars::position(double rate) const {
    return std::clamp((std::log10(rate) - low_) / (high_ - low_), 0.0, 1.0);
}

int RateBars::axisHeight() const {
    return fontMetrics().height() + 6;
}

QSize RateBars::sizeHint() const {
    return {560, static_cast<int>(bars_.size()) * kBarRow + axisHeight() + kRateMargin};
}

QRect RateBars::barRect(std::size_t bar) const {
    return {kLabels, axisHeight() + static_cast<int>(bar) * kBarRow,
            std::max(kBarRow, width() - kLabels - kRateRoom), kBarRow};
}

QString RateBars::tip(const RateBar& bar) const {
    QString text = tr("%1, %2: ").arg(bar.device, bar.what);
    if (bar.measured > 0 && bar.peak > 0)
        return text +
               tr("%1 measured, %2 of the peak of %3")
                   .arg(text_(bar.measured),
                        QStringLiteral("%1 %").arg(std::round(100 * bar.measured / bar.peak)),
                        text_(bar.peak));
    return text + (bar.measured > 0 ? tr("%1 measured, peak unknown").arg(text_(bar.measured))
                                    : tr("peak %1, not measured").arg(text_(bar.peak)));
}

void RateBars::paintEvent(QPaintEvent*) {
    if (bars_.empty())
        return;
    QPainter painter(this);
    const Theme& theme = themes_->theme();
    painter.setFont(textFont(type::kCaption));
    const QRect first = barRect(0);
    const int bottom = first.top() + static_cast<int>(bars_.size()) * kBarRow;
    // Each label has room for itself, else every other one is left out, and so on.
    constexpr int kTickRoom = 84;
    const int powers = high_ - low_;
    const int each = std::max(1, (kTickRoom * powers + first.width() - 1) / first.width());
    for (int power = low_; power <= high_; ++power) {
        const int x = first.left() + first.width() * (power - low_) / powers;
        painter.setPen(theme.grid);
        painter.drawLine(x, first.top(), x, bottom);
        if ((power - low_) % each != 0)
            continue;
        painter.setPen(theme.text2);
        painter.drawText(QRect(x - 60, 0, 120, axisHeight()), Qt::AlignHCenter,
                         text_(std::pow(10.0, power)));
    }
    for (std::size_t i = 0; i < bars_.size(); ++i) {
        const RateBar& bar = bars_[i];
        const QRect row = barRect(i);
        const bool isFirst = i == 0 || bars_[i - 1].device != bar.device;
        painter.setPen(bar.isReference ? theme.text2 : theme.text);
        if (isFirst)
            painter.drawText(QRect(0, row.top(), kLabels - 54, kBarRow), Qt::AlignVCenter,
                             fontMetrics().elidedText(bar.device, Qt::ElideRight, kLabels - 60));
        painter.drawText(QRect(kLabels - 50, row.top(), 44, kBarRow),
                         Qt::AlignVCenter | Qt::AlignRight, bar.what);
        const auto rectOf = [&](double rate) {
            return QRectF(row.left(), row.top() + (kBarRow - kBarHeight) / 2.0,
                          std::max(1.0, row.width() * position(rate)), kBarHeight);
        };
        QColor color = bar.isReference ? theme.text3 : theme.training;
        if (bar.measured > 0)
            painter.fillRect(rectOf(bar.measured), color);
        if (bar.peak > 0) {
            painter.setPen(QPen(color, 1));
            painter.drawRect(rectOf(bar.peak).adjusted(0, 0, -1, -1));
        }
        const double end = std::max(bar.peak, bar.measured);
        painter.setPen(theme.text2);
        const QString text = bar.measured > 0 && bar.peak > 0
                                 ? tr("%1 of %2").arg(text_(bar.measured), text_(bar.peak))
                                 : text_(end);
        painter.drawText(QRectF(rectOf(end).right() + 4, row.top(), kRateRoom, kBarRow),
                         Qt::AlignVCenter, text);
    }
}

bool RateBars::event(QEvent* event) {
    if (event->type() != QEvent::ToolTip)
        return QWidget::event(event);
    const auto* const help = static_cast<QHelpEvent*>(event);
    const int row = (help->pos().y() - axisHeight()) / kBarRow;
    if (help->pos().y() >= axisHeight() && static_cast<std::size_t>(row) < bars_.size())
        QToolTip::showText(help->globalPos(), tip(bars_[static_cast<std::size_t>(row)]), this);
    else
        QToolTip::hideText();
    return true;
}

} // namespace gradwright

#include "moc_rate_bars.cpp"
