// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/lab/panel_chart.h"

#include "ui/theme/theme_manager.h"

#include <QPainter>
#include <QResizeEvent>

#include <algorithm>
#include <numeric>
#include <utility>

namespace gradwright {
namespace {

constexpr double kPanelWidth = 330; ///< the least; a single one takes what there is
constexpr double kPanelGap = 24;
constexpr int kChartMargins = 20; ///< of LabChart, both sides together
constexpr int kPictureWidth = 800;

std::size_t perRow(std::size_t panels, double width) {
    const auto most = static_cast<std::size_t>(
        std::max(1.0, std::floor((width + kPanelGap) / (kPanelWidth + kPanelGap))));
    return std::max<std::size_t>(1, std::min(panels, most));
}

double panelWidth(std::size_t inRow, double width) {
    const auto count = static_cast<double>(inRow);
    return (width - kPanelGap * (count - 1)) / count;
}

} // namespace

PanelChart::PanelChart(ThemeManager& theme, const QString& name, Panels panels, Choices choices,
                       QWidget* parent)
    : LabChart(theme, name, parent)
    , panels_(std::move(panels))
    , choices_(std::move(choices)) {}

PanelChoices PanelChart::choices() const {
    return choices_ ? choices_(data()) : PanelChoices();
}

void PanelChart::choose(int number) {
    if (number == chosen_ || number < 0)
        return;
    chosen_ = number;
    fitHeight();
    update();
    sayTextChanged(*this);
}

std::vector<double> PanelChart::rowsOf(const std::vector<ChartPanel>& panels, double width) const {
    const auto inRow = perRow(panels.size(), width);
    const double wide = panelWidth(inRow, width);
    std::vector<double> rows;
    for (std::size_t first = 0; first < panels.size(); first += inRow) {
        double high = 0;
        for (auto i = first; i < std::min(panels.size(), first + inRow); ++i)
            high = std::max(high, heightOf(panels[i], wide));
        rows.push_back(high);
    }
    return rows;
}

void PanelChart::fitHeight() {
    const auto rows = rowsOf(panels(), width() - kChartMargins);
    double high = rows.empty() ? 0 : kPanelGap * static_cast<double>(rows.size() - 1);
    high = std::accumulate(rows.begin(), rows.end(), high);
    setMinimumHeight(std::max(220, static_cast<int>(std::ceil(high)) + kChartMargins));
}

QSize PanelChart::pictureSize() const {
    const auto rows = rowsOf(panels(), kPictureWidth);
    double high = rows.empty() ? 0 : kPanelGap * static_cast<double>(rows.size() - 1);
    high = std::accumulate(rows.begin(), rows.end(), high);
    return {kPictureWidth, std::max(220, static_cast<int>(std::ceil(high)))};
}

void PanelChart::dataChanged() {
    fitHeight();
}

void PanelChart::resizeEvent(QResizeEvent* event) {
    LabChart::resizeEvent(event);
    if (event->size().width() != event->oldSize().width())
        fitHeight();
}

void PanelChart::paint(QPainter& painter, QSize size) {
    const auto shown = panels();
    if (shown.empty()) {
        painter.setFont(textFont(type::kCaption));
        painter.setPen(theme_->theme().text3);
        painter.drawText(QRect({}, size), Qt::AlignCenter, tr("Nothing is measured yet."));
        return;
    }
    const auto inRow = perRow(shown.size(), size.width());
    const double wide = panelWidth(inRow, size.width());
    auto rows = rowsOf(shown, size.width());
    // What is left over is shared out, so that the picture fills its place.
    double used = kPanelGap * static_cast<double>(rows.size() - 1);
    used = std::accumulate(rows.begin(), rows.end(), used);
    const double more = std::max(0.0, (size.height() - used) / static_cast<double>(rows.size()));
    double y = 0;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        const double high = rows[row] + more;
        for (std::size_t i = 0; i < inRow && row * inRow + i < shown.size(); ++i)
            paintPanel(painter, QRectF(static_cast<double>(i) * (wide + kPanelGap), y, wide, high),
                       shown[row * inRow + i], theme_->theme());
        y += high + kPanelGap;
    }
}

QString PanelChart::spokenText() const {
    QStringList parts;
    for (const auto& panel : panels())
        parts << wordsOf(panel);
    return parts.join(QStringLiteral(". "));
}

QString PanelChart::csv() const {
    QString text = QStringLiteral("picture,name,x,value,deviation\n");
    for (const auto& panel : panels())
        text += csvOf(panel);
    return text;
}

} // namespace gradwright
