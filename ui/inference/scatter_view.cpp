// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/scatter_view.h"

#include "ui/glossary/explanation.h"
#include "ui/plots/scale.h"
#include "ui/theme/shown_text.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <cmath>

namespace gradwright {
namespace {

constexpr int kTitle = 18; // of the axis at the left, beside its labels
constexpr int kLeft = 56 + kTitle;
constexpr int kBottom = 42;
constexpr int kMargin = 10;
constexpr double kRadius = 3;
constexpr double kNear = 8;
constexpr std::size_t kMostPainted = 5'000;

} // namespace

ScatterView::ScatterView(ThemeManager& theme, QWidget* parent)
    : QWidget(parent)
    , theme_(&theme) {
    setMinimumSize(200, 200);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    setAccessibleName(tr("Predicted over true values"));
    explain(*this, "window/scatter");
    connect(&theme, &ThemeManager::changed, this, qOverload<>(&QWidget::update));
}

void ScatterView::setPoints(const QString& name, std::vector<float> truths,
                            std::vector<float> predictions) {
    name_ = name;
    truths_ = std::move(truths);
    predictions_ = std::move(predictions);
    least_ = 0;
    most_ = 1;
    if (!truths_.empty()) {
        const auto [a, b] = std::ranges::minmax(truths_);
        const auto [c, d] = std::ranges::minmax(predictions_);
        const auto low = static_cast<double>(std::min(a, c));
        const auto high = static_cast<double>(std::max(b, d));
        const double space = high > low ? 0.04 * (high - low) : 1;
        least_ = low - space;
        most_ = high + space;
    }
    update();
}

QString ScatterView::spokenText() const {
    if (truths_.empty())
        return tr("No samples yet.");
    const auto [a, b] = std::ranges::minmax(truths_);
    const auto [c, d] = std::ranges::minmax(predictions_);
    double error = 0;
    for (std::size_t i = 0; i < truths_.size(); ++i)
        error += std::abs(static_cast<double>(predictions_[i]) - static_cast<double>(truths_[i]));
    const auto number = [](double value) { return plainNumber(value, 4); };
    return tr("%1 test samples. True %2: %3 to %4. Predicted: %5 to %6. Mean absolute error %7.")
        .arg(fullNumber(static_cast<std::int64_t>(truths_.size())), name_,
             number(static_cast<double>(a)), number(static_cast<double>(b)),
             number(static_cast<double>(c)), number(static_cast<double>(d)),
             number(error / static_cast<double>(truths_.size())));
}

/// A square, as both axes have the same scale.
QRectF ScatterView::area() const {
    const double side =
        std::max(1, std::min(width() - kLeft - kMargin, height() - kBottom - kMargin));
    return {kLeft + (width() - kLeft - kMargin - side) / 2, kMargin, side, side};
}

QPointF ScatterView::toWidget(double truth, double prediction) const {
    const auto box = area();
    const double scale = box.width() / (most_ - least_);
    return {box.left() + (truth - least_) * scale, box.bottom() - (prediction - least_) * scale};
}

QPointF ScatterView::placeOf(std::size_t sample) const {
    return toWidget(static_cast<double>(truths_[sample]),
                    static_cast<double>(predictions_[sample]));
}

std::int64_t ScatterView::sampleAt(QPointF place) const {
    std::int64_t nearest = -1;
    double least = kNear;
    for (std::size_t i = 0; i < truths_.size(); ++i) {
        const auto away = placeOf(i) - place;
        if (const double distance = std::hypot(away.x(), away.y()); distance < least) {
            least = distance;
            nearest = static_cast<std::int64_t>(i);
        }
    }
    return nearest;
}

void ScatterView::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    paintAxes(painter);
    QColor fill = theme_->theme().accent;
    fill.setAlphaF(0.55F);
    painter.setPen(Qt::NoPen);
    painter.setBrush(fill);
    // Of very many, every nth stands for its neighbours.
    const std::size_t step = 1 + truths_.size() / kMostPainted;
    for (std::size_t i = 0; i < truths_.size(); i += step)
        painter.drawEllipse(placeOf(i), kRadius, kRadius);
}

void ScatterView::paintAxes(QPainter& painter) const {
    const auto& theme = theme_->theme();
    const auto box = area();
    const double step = roundUp125((most_ - least_) / 6);
    painter.setFont(textFont(type::kCaption));
    for (double at = std::ceil(least_ / step) * step; at <= most_; at += step) {
        const double value = std::abs(at) < step / 1000 ? 0 : at;
        const auto text = plainNumber(value, 4);
        const auto place = toWidget(value, value);
        painter.setPen(QPen(theme.grid, 1));
        painter.drawLine(QPointF(place.x(), box.top()), QPointF(place.x(), box.bottom()));
        painter.drawLine(QPointF(box.left(), place.y()), QPointF(box.right(), place.y()));
        painter.setPen(theme.axis);
        painter.drawText(QRectF(place.x() - 40, box.bottom() + 4, 80, 14), Qt::AlignCenter, text);
        painter.drawText(QRectF(box.left() - 50, place.y() - 7, 44, 14),
                         Qt::AlignRight | Qt::AlignVCenter, text);
    }
    painter.setPen(QPen(theme.border, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(box);
    painter.setPen(QPen(theme.text3, 1, Qt::DashLine));
    painter.drawLine(toWidget(least_, least_), toWidget(most_, most_));
    painter.setPen(theme.text2);
    painter.drawText(QRectF(box.left(), box.bottom() + 20, box.width(), 18), Qt::AlignCenter,
                     tr("True %1").arg(name_));
    painter.save();
    painter.translate(box.left() - kLeft + kTitle / 2, box.center().y());
    painter.rotate(-90);
    painter.drawText(QRectF(-box.height() / 2, -8, box.height(), 16), Qt::AlignCenter,
                     tr("Predicted"));
    painter.restore();
}

void ScatterView::mousePressEvent(QMouseEvent* event) {
    if (const auto sample = sampleAt(event->position()); sample >= 0)
        Q_EMIT sampleChosen(sample);
}

bool ScatterView::event(QEvent* event) {
    if (event->type() != QEvent::ToolTip)
        return QWidget::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    const auto sample = sampleAt(help->pos());
    if (sample < 0) {
        QToolTip::hideText();
        return true;
    }
    const auto at = static_cast<std::size_t>(sample);
    QToolTip::showText(help->globalPos(),
                       tr("Test sample %1: %2, predicted %3")
                           .arg(fullNumber(sample + 1),
                                plainNumber(static_cast<double>(truths_[at]), 4),
                                plainNumber(static_cast<double>(predictions_[at]), 4)));
    return true;
}

} // namespace gradwright

#include "moc_scatter_view.cpp"
