// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/lab/chart_panels.h"

#include <QCoreApplication>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace gradwright {
namespace {

constexpr double kBarsTop = 24;
constexpr double kBarRow = 36;
constexpr double kBarHeight = 8;
constexpr double kMatrixSide = 300; ///< wanted; it takes what there is

QString panelText(const char* text) {
    return QCoreApplication::translate("ChartPanels", text);
}

void paintTitle(QPainter& painter, const QRectF& place, const QString& title, const QString& remark,
                const Theme& theme) {
    painter.setFont(textFont(type::kCaption));
    const double room =
        remark.isEmpty() ? 0 : painter.fontMetrics().horizontalAdvance(remark) + 8.0;
    painter.setPen(theme.text3);
    painter.drawText(QRectF(place.left(), place.top(), place.width(), 18),
                     Qt::AlignRight | Qt::AlignVCenter, remark);
    painter.setFont(textFont(type::kDense, QFont::DemiBold));
    painter.setPen(theme.text);
    painter.drawText(QRectF(place.left(), place.top(), place.width() - room, 18),
                     Qt::AlignLeft | Qt::AlignVCenter,
                     painter.fontMetrics().elidedText(title, Qt::ElideRight,
                                                      static_cast<int>(place.width() - room)));
}

QColor between(const QColor& from, const QColor& to, double share) {
    const auto part = [share](int a, int b) {
        return static_cast<int>(std::lround(a + share * (b - a)));
    };
    return {part(from.red(), to.red()), part(from.green(), to.green()),
            part(from.blue(), to.blue())};
}

} // namespace

double beginOfBars(const BarPanel& panel) {
    if (panel.beginsAtZero || panel.bars.empty())
        return 0;
    double least = HUGE_VAL;
    double most = -HUGE_VAL;
    for (const auto& bar : panel.bars)
        if (std::isfinite(bar.value)) {
            least = std::min(least, bar.value);
            most = std::max(most, bar.value);
        }
    if (!(most >= least))
        return 0;
    // Differences show where the least is more than half of the most.
    if (least >= 0 && least < most / 2)
        return 0;
    const double range = most > least ? most - least : std::max(std::abs(most), 1e-9) * 0.1;
    const auto ticks = roundTicks(least - range, least - range * 0.1, 2, false);
    const double begin = ticks.empty() ? least - range * 0.5 : ticks.front();
    return least >= 0 ? std::max(begin, 0.0) : begin;
}

void paintBars(QPainter& painter, const QRectF& place, const BarPanel& panel, const Theme& theme) {
    const double begin = beginOfBars(panel);
    double most = begin;
    for (const auto& bar : panel.bars)
        if (std::isfinite(bar.value))
            most = std::max(most, bar.value + bar.more);
    const QString remark =
        begin == 0 ? QString()
                   : panelText("from %1").arg(panel.text ? panel.text(begin)
                                                         : QString::number(begin, 'g', 3));
    paintTitle(painter, place, panel.title, remark, theme);
    double y = place.top() + kBarsTop;
    for (const auto& bar : panel.bars) {
        if (y + kBarRow > place.bottom() + 4)
            break;
        const auto nameFont = textFont(type::kDense, bar.isOwn ? QFont::DemiBold : QFont::Normal);
        painter.setFont(nameFont);
        const double valueWide = painter.fontMetrics().horizontalAdvance(bar.text) + 6.0;
        painter.setPen(theme.text);
        painter.drawText(QRectF(place.left(), y, place.width(), 18),
                         Qt::AlignRight | Qt::AlignVCenter, bar.text);
        const double nameRoom = place.width() - valueWide;
        const auto name =
            painter.fontMetrics().elidedText(bar.name, Qt::ElideRight, static_cast<int>(nameRoom));
        painter.drawText(QRectF(place.left(), y, nameRoom, 18), Qt::AlignLeft | Qt::AlignVCenter,
                         name);
        const double nameWide = painter.fontMetrics().horizontalAdvance(name) + 8.0;
        painter.setFont(textFont(type::kCaption));
        painter.setPen(theme.text3);
        if (nameRoom > nameWide)
            painter.drawText(QRectF(place.left() + nameWide, y, nameRoom - nameWide, 18),
                             Qt::AlignLeft | Qt::AlignVCenter,
                             painter.fontMetrics().elidedText(
                                 bar.note, Qt::ElideRight, static_cast<int>(nameRoom - nameWide)));
        const QRectF track(place.left(), y + 20, place.width(), kBarHeight);
        painter.setPen(Qt::NoPen);
        painter.setBrush(theme.grid);
        painter.drawRoundedRect(track, 4, 4);
        const auto wideOf = [&](double value) {
            return most > begin && std::isfinite(value)
                       ? std::clamp((value - begin) / (most - begin), 0.0, 1.0) * track.width()
                       : 0.0;
        };
        const auto color = bar.isOwn ? theme.accent : theme.text3;
        if (bar.more > 0) {
            auto pale = color;
            pale.setAlphaF(0.45F);
            painter.setBrush(pale);
            painter.drawRoundedRect(
                QRectF(track.topLeft(), QSizeF(wideOf(bar.value + bar.more), kBarHeight)), 4, 4);
        }
        painter.setBrush(color);
        if (const double wide = wideOf(bar.value); wide > 0)
            painter.drawRoundedRect(
                QRectF(track.topLeft(), QSizeF(std::max(wide, 3.0), kBarHeight)), 4, 4);
        y += kBarRow;
    }
}

void paintMatrix(QPainter& painter, const QRectF& place, const MatrixPanel& panel,
                 const Theme& theme) {
    paintTitle(painter, place, panel.title, {}, theme);
    const auto count = static_cast<double>(panel.counts.size());
    if (count < 1)
        return;
    painter.setFont(textFont(type::kCaption));
    double wide = 16;
    for (const auto& name : panel.classes)
        wide = std::max(wide, std::min(84.0, painter.fontMetrics().horizontalAdvance(name) + 8.0));
    const double side = std::max(
        1.0, std::min((place.width() - wide) / count, (place.height() - kBarsTop - 40) / count));
    const QPointF origin(place.left() + wide, place.top() + kBarsTop);
    for (std::size_t label = 0; label < panel.counts.size(); ++label) {
        std::int64_t sum = 0;
        for (const auto n : panel.counts[label])
            sum += n;
        const double y = origin.y() + static_cast<double>(label) * side;
        painter.setPen(theme.axis);
        const auto name = label < static_cast<std::size_t>(panel.classes.size())
                              ? panel.classes[static_cast<qsizetype>(label)]
                              : QString::number(label);
        painter.drawText(
            QRectF(place.left(), y, wide - 6, side), Qt::AlignRight | Qt::AlignVCenter,
            painter.fontMetrics().elidedText(name, Qt::ElideRight, static_cast<int>(wide - 6)));
        for (std::size_t said = 0; said < panel.counts[label].size(); ++said) {
            const auto n = panel.counts[label][said];
            const QRectF cell(origin.x() + static_cast<double>(said) * side, y, side - 1, side - 1);
            const double share = sum > 0 ? static_cast<double>(n) / static_cast<double>(sum) : 0.0;
            const auto& full = label == said ? theme.training : theme.error;
            // A wrong tenth already shows.
            const auto shade = n == 0 ? 0.0 : 0.15 + 0.85 * std::sqrt(share);
            painter.fillRect(cell, between(theme.field, full, shade * 0.8));
            if (n > 0 && side >= 22) {
                painter.setPen(shade > 0.7 && theme.kind == ThemeKind::Light ? theme.panel
                                                                             : theme.text);
                painter.drawText(cell, Qt::AlignCenter, QString::number(n));
            }
        }
    }
    painter.setPen(theme.axis);
    for (std::size_t said = 0; said < panel.counts.size(); ++said) {
        const auto name = said < static_cast<std::size_t>(panel.classes.size())
                              ? panel.classes[static_cast<qsizetype>(said)]
                              : QString::number(said);
        painter.drawText(
            QRectF(origin.x() + static_cast<double>(said) * side, origin.y() + count * side + 2,
                   side - 2, 16),
            Qt::AlignCenter,
            painter.fontMetrics().elidedText(name, Qt::ElideRight, static_cast<int>(side - 2)));
    }
    painter.drawText(QRectF(origin.x(), origin.y() + count * side + 18, count * side, 16),
                     Qt::AlignCenter, panelText("read as"));
}

double heightOf(const ChartPanel& panel, double width) {
    if (const auto* const bars = std::get_if<BarPanel>(&panel))
        return kBarsTop + kBarRow * static_cast<double>(bars->bars.size()) + 8;
    if (std::holds_alternative<MatrixPanel>(panel))
        return std::min(kMatrixSide, width) + kBarsTop + 20;
    return 250;
}

void paintPanel(QPainter& painter, const QRectF& place, const ChartPanel& panel,
                const Theme& theme) {
    painter.save();
    if (const auto* const lines = std::get_if<LinePanel>(&panel))
        paintLines(painter, place, *lines, theme);
    else if (const auto* const bars = std::get_if<BarPanel>(&panel))
        paintBars(painter, place, *bars, theme);
    else
        paintMatrix(painter, place, std::get<MatrixPanel>(panel), theme);
    painter.restore();
}

} // namespace gradwright
