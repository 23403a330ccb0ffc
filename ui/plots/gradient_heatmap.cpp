// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/gradient_heatmap.h"

#include "engine/support/error.h"
#include "ui/glossary/explanation.h"
#include "ui/plots/curve_plot.h"
#include "ui/plots/heat_colors.h"
#include "ui/plots/plot_files.h"
#include "ui/plots/scale.h"
#include "ui/plots/x_ticker.h"
#include "ui/theme/theme_manager.h"

#include <QContextMenuEvent>
#include <QHelpEvent>
#include <QMenu>
#include <QMessageBox>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <cmath>

namespace gradwright {
namespace {

constexpr std::size_t kMostColumns = 2048;
constexpr int kHeaderHeight = 30;
constexpr int kAxisHeight = 38;
constexpr int kRowGap = 2;
constexpr double kRowLabel = 14;      // height
constexpr int kHeatmapInterval = 250; // ms: a column comes a few times per epoch

QString layerOf(const std::string& weight) {
    const auto slash = weight.rfind('/');
    return QString::fromStdString(slash == std::string::npos ? weight : weight.substr(0, slash));
}

} // namespace

GradientHeatmap::GradientHeatmap(ThemeManager& theme, QWidget* parent)
    : QWidget(parent)
    , theme_(&theme)
    , refresh_(*this, kHeatmapInterval, [this] { update(); }) {
    setMinimumHeight(100);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    setAccessibleName(tr("Gradient norm per layer"));
    explain(*this, "window/gradients");
    connect(&theme, &ThemeManager::changed, this, qOverload<>(&QWidget::update));
}

void GradientHeatmap::reset(double epochs, const std::vector<std::string>& weights) {
    rows_.clear();
    rowOfWeight_.clear();
    x_.clear();
    values_.clear();
    least_ = most_ = 0;
    left_ = 0;
    right_ = std::max(epochs, 1e-9);
    clock_.clear();
    now_.reset();
    for (const auto& weight : weights) {
        const auto layer = layerOf(weight);
        const auto found = std::ranges::find(rows_, layer);
        rowOfWeight_.push_back(static_cast<std::size_t>(found - rows_.begin()));
        if (found == rows_.end())
            rows_.push_back(layer);
    }
    updateGeometry();
    update();
}

void GradientHeatmap::add(double epoch, const std::vector<double>& norms) {
    if (norms.size() != rowOfWeight_.size() || rows_.empty())
        return;
    if (x_.size() == kMostColumns)
        halve();
    std::vector<double> squares(rows_.size());
    for (std::size_t i = 0; i < norms.size(); ++i)
        squares[rowOfWeight_[i]] += norms[i] * norms[i];
    x_.push_back(epoch);
    for (const double square : squares) {
        values_.push_back(std::sqrt(square));
        widenScale(values_.back());
    }
    refresh_.later();
}

void GradientHeatmap::halve() {
    const std::size_t height = rows_.size();
    const std::size_t half = x_.size() / 2;
    for (std::size_t i = 0; i < half; ++i) {
        x_[i] = x_[2 * i + 1];
        for (std::size_t row = 0; row < height; ++row)
            values_[i * height + row] =
                (values_[2 * i * height + row] + values_[(2 * i + 1) * height + row]) / 2;
    }
    x_.resize(half);
    values_.resize(half * height);
}

void GradientHeatmap::widenScale(double norm) {
    if (!std::isfinite(norm) || norm <= 1e-12)
        return;
    const double below = roundDown125(norm);
    const double above = roundUp125(norm);
    least_ = least_ == 0 ? below : std::min(least_, below);
    most_ = std::max({most_, above, 10 * least_});
}

void GradientHeatmap::setNow(std::optional<double> epoch) {
    now_ = epoch;
    refresh_.later();
}

void GradientHeatmap::setAxis(XUnit unit, const RunClock& clock) {
    unit_ = unit;
    clock_ = clock;
    refresh_.later();
}

void GradientHeatmap::setXRange(double lower, double upper) {
    left_ = lower;
    right_ = std::max(upper, lower + 1e-9);
    update();
}

QSize GradientHeatmap::sizeHint() const {
    const int rows = std::clamp(static_cast<int>(rows_.size()), 3, 8);
    return {600, kHeaderHeight + kAxisHeight + rows * 25};
}

QRect GradientHeatmap::area() const {
    return {kPlotLeft, kHeaderHeight, width() - kPlotLeft - kPlotRight,
            std::max(1, height() - kHeaderHeight - kAxisHeight)};
}

double GradientHeatmap::xToPixel(double epoch) const {
    const auto box = area();
    return box.left() + (clock_.at(epoch, unit_) - left_) / (right_ - left_) * box.width();
}

double GradientHeatmap::rowHeight() const {
    return std::min(26.0, static_cast<double>(area().height()) /
                              static_cast<double>(std::max<std::size_t>(1, rows_.size())));
}

QRgb GradientHeatmap::colorOf(double norm) const {
    if (!(norm > 0) || least_ <= 0)
        return heatColor(0);
    return heatColor(std::log(norm / least_) / std::log(most_ / least_));
}

void GradientHeatmap::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    paintAll(painter);
}

void GradientHeatmap::paintAll(QPainter& painter) {
    painter.fillRect(rect(), theme_->theme().canvas);
    paintHeader(painter);
    paintRows(painter);
    paintAxis(painter);
}

void GradientHeatmap::paintHeader(QPainter& painter) const {
    const auto& theme = theme_->theme();
    painter.setFont(textFont(type::kPanelTitle, QFont::DemiBold));
    painter.setPen(theme.text);
    painter.drawText(QRect(16, 0, width() - 32, kHeaderHeight), Qt::AlignLeft | Qt::AlignVCenter,
                     tr("Gradient norm per layer"));
    if (least_ <= 0)
        return;
    painter.setFont(textFont(type::kCaption));
    painter.setPen(theme.text3);
    const QRect bar(width() - kPlotRight - 40 - 120, kHeaderHeight / 2 - 5, 120, 10);
    for (int x = 0; x < bar.width(); ++x)
        painter.fillRect(bar.left() + x, bar.top(), 1, bar.height(), QColor(heatColor(x / 119.0)));
    painter.drawText(QRect(bar.right() + 7, 0, 40, kHeaderHeight), Qt::AlignLeft | Qt::AlignVCenter,
                     shortReal(most_));
    painter.drawText(QRect(bar.left() - 207, 0, 200, kHeaderHeight),
                     Qt::AlignRight | Qt::AlignVCenter,
                     tr("log scale    %1").arg(shortReal(least_)));
}

void GradientHeatmap::paintRows(QPainter& painter) {
    const auto& theme = theme_->theme();
    const auto box = area();
    const double step = rowHeight();
    const bool dense = step < kRowLabel;
    // Labels that would lie on each other are left out.
    const auto each = static_cast<std::size_t>(std::max(1.0, std::ceil(kRowLabel / step)));
    for (std::size_t row = 0; row < rows_.size(); ++row) {
        const double top = box.top() + static_cast<double>(row) * step;
        const QRectF band(box.left(), top, box.width(), std::max(1.0, step - kRowGap));
        painter.fillRect(band, theme.panel);
        if (row % each != 0)
            continue;
        painter.setPen(theme.text2);
        painter.setFont(textFont(type::kCaption));
        const auto name =
            painter.fontMetrics().elidedText(rows_[row], Qt::ElideMiddle, kPlotLeft - 6);
        painter.drawText(QRectF(0, band.center().y() - kRowLabel / 2, kPlotLeft - 6, kRowLabel),
                         Qt::AlignRight | Qt::AlignVCenter, name);
    }
    if (x_.empty() || (unit_ == XUnit::Time && !clock_.hasTimes()))
        return;
    painter.save();
    painter.setClipRect(box);
    const std::size_t height = rows_.size();
    for (std::size_t column = 0; column < x_.size(); ++column) {
        const double from = std::round(xToPixel(column == 0 ? 0 : x_[column - 1]));
        const double to = std::round(xToPixel(x_[column]));
        if (to <= box.left() || from > box.right() || to <= from)
            continue;
        for (std::size_t row = 0; row < height; ++row)
            painter.fillRect(QRectF(from, box.top() + static_cast<double>(row) * step, to - from,
                                    std::max(1.0, step - kRowGap)),
                             QColor(colorOf(values_[column * height + row])));
    }
    if (now_)
        painter.fillRect(QRectF(xToPixel(*now_), box.top(), 1, step * static_cast<double>(height)),
                         theme.axis);
    painter.restore();
    // The current values, as long as there is room for them at the right.
    const double right = xToPixel(x_.back());
    if (dense || right + 76 > box.right())
        return;
    painter.setFont(fixedFont(type::kCaption));
    painter.setPen(theme.text2);
    for (std::size_t row = 0; row < height; ++row)
        painter.drawText(
            QRectF(right + 12, box.top() + static_cast<double>(row) * step, 70, step - kRowGap),
            Qt::AlignLeft | Qt::AlignVCenter, shortReal(values_[(x_.size() - 1) * height + row]));
}

void GradientHeatmap::paintAxis(QPainter& painter) const {
    const auto& theme = theme_->theme();
    const auto box = area();
    const double bottom =
        box.top() + rowHeight() * static_cast<double>(std::max<std::size_t>(1, rows_.size()));
    painter.setPen(theme.axis);
    painter.setFont(textFont(type::kCaption));
    painter.drawLine(QPointF(box.left(), bottom + 1), QPointF(box.right(), bottom + 1));
    const double step = tickStep(unit_, right_ - left_, kMostXTicks);
    const double toPixels = box.width() / (right_ - left_);
    for (double tick = std::ceil(left_ / step - 1e-9) * step; tick <= right_ + 1e-9; tick += step)
        painter.drawText(QRectF(box.left() + (tick - left_) * toPixels - 30, bottom + 4, 60, 14),
                         Qt::AlignCenter, tickText(unit_, tick));
    painter.drawText(QRectF(box.left(), bottom + 18, box.width(), 16), Qt::AlignCenter,
                     nameOf(unit_));
}

QString GradientHeatmap::csv() const {
    QString text = QStringLiteral("layer,epoch,norm\n");
    for (std::size_t column = 0; column < x_.size(); ++column)
        for (std::size_t row = 0; row < rows_.size(); ++row)
            text += QStringLiteral("%1,%2,%3\n")
                        .arg(csvCell(rows_[row]), QString::number(x_[column], 'g', 9),
                             QString::number(value(row, column), 'g', 9));
    return text;
}

void GradientHeatmap::exportTo(const QString& file) {
    exportPlot(file, size(), accessibleName(), csv(), [&](QPaintDevice& device, double scale) {
        QPainter painter;
        if (!painter.begin(&device))
            throw Error("{}: cannot be painted", file.toStdString());
        painter.scale(scale, scale);
        paintAll(painter);
    });
}

void GradientHeatmap::saveAs() {
    const QString file = askPlotFile(*window(), accessibleName());
    if (file.isEmpty())
        return;
    try {
        exportTo(file);
    } catch (const Error& error) {
        QMessageBox::warning(window(), tr("Save plot"), QString::fromUtf8(error.what()));
    }
}

void GradientHeatmap::contextMenuEvent(QContextMenuEvent* event) {
    auto* const menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->addAction(tr("Save as PNG, SVG, PDF or CSV…"), this, &GradientHeatmap::saveAs);
    menu->popup(event->globalPos());
}

bool GradientHeatmap::event(QEvent* event) {
    if (event->type() != QEvent::ToolTip || x_.empty())
        return QWidget::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    const auto box = area();
    if (help->pos().y() < box.top()) // the title says what a gradient is
        return QWidget::event(event);
    const auto row =
        static_cast<std::size_t>(std::max(0.0, (help->pos().y() - box.top()) / rowHeight()));
    const auto column = static_cast<std::size_t>(
        std::ranges::lower_bound(x_, static_cast<double>(help->pos().x()), {},
                                 [this](double epoch) { return xToPixel(epoch); }) -
        x_.begin());
    if (!box.contains(help->pos()) || row >= rows_.size() || column >= x_.size())
        QToolTip::hideText();
    else
        QToolTip::showText(help->globalPos(),
                           tr("%1, epoch %2: %3")
                               .arg(rows_[row], QString::number(x_[column], 'f', 2),
                                    QString::number(value(row, column), 'g', 3)));
    return true;
}

} // namespace gradwright

#include "moc_gradient_heatmap.cpp"
