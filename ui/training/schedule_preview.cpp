// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/training/schedule_preview.h"

#include "ui/glossary/explanation.h"
#include "ui/plots/scale.h"
#include "ui/theme/theme_manager.h"

#include <QPainter>
#include <QPainterPath>

#include <cmath>

namespace gradwright {

SchedulePreview::SchedulePreview(ThemeManager& theme, QWidget* parent)
    : QWidget(parent)
    , theme_(&theme) {
    setFixedHeight(sizeHint().height());
    setAccessibleName(tr("Learning rate over the epochs"));
    explain(*this, "training/schedule");
    connect(&theme, &ThemeManager::changed, this, qOverload<>(&QWidget::update));
}

void SchedulePreview::setSettings(const TrainingSettings& settings) {
    settings_ = settings;
    update();
}

void SchedulePreview::setPosition(std::optional<double> epoch) {
    const auto pixel = [this](std::optional<double> at) {
        return at ? std::lround(*at / static_cast<double>(settings_.epochs()) * width()) : -1;
    };
    const bool moved = pixel(epoch) != pixel(position_);
    position_ = epoch;
    if (moved)
        update();
}

QString SchedulePreview::spokenText() const {
    const auto epochs = static_cast<double>(settings_.epochs());
    const auto rate = [&](double epoch) {
        return settings_.learningRate() * settings_.scheduledFactor(std::min(epoch, epochs - 1e-9));
    };
    double most = 0;
    for (int i = 0; i <= 100; ++i)
        most = std::max(most, rate(epochs * i / 100));
    const QString text = tr("From %1 at the start to %2 at the end of epoch %3, %4 at most.")
                             .arg(shortReal(rate(0)), shortReal(rate(epochs)))
                             .arg(settings_.epochs())
                             .arg(shortReal(most));
    return position_ ? tr("%1 Now %2 at epoch %3.")
                           .arg(text, shortReal(rate(*position_)))
                           .arg(*position_, 0, 'f', 1)
                     : text;
}

void SchedulePreview::paintEvent(QPaintEvent*) {
    const auto& theme = theme_->theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(theme.divider, 1));
    painter.setBrush(theme.field);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6);

    const auto epochs = static_cast<double>(settings_.epochs());
    const QRectF box(44, 12, width() - 58, height() - 34);
    const auto factor = [&](double epoch) {
        return settings_.scheduledFactor(std::min(epoch, epochs - 1e-9));
    };
    double most = 1e-12;
    for (int i = 0; i <= 100; ++i)
        most = std::max(most, factor(epochs * i / 100));
    const auto point = [&](double epoch) {
        return QPointF(box.left() + epoch / epochs * box.width(),
                       box.bottom() - factor(epoch) / most * box.height());
    };
    QPainterPath line(point(0));
    const int samples = static_cast<int>(box.width());
    for (int i = 1; i <= samples; ++i)
        line.lineTo(point(epochs * i / samples));
    QPainterPath area = line;
    area.lineTo(box.bottomRight());
    area.lineTo(box.bottomLeft());
    QColor fill = theme.accent;
    fill.setAlphaF(0.18F);
    painter.fillPath(area, fill);
    painter.setPen(QPen(theme.axis, 1));
    painter.drawLine(box.bottomLeft(), box.bottomRight());
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(theme.focus, 1.6));
    painter.drawPath(line);
    if (position_) {
        painter.setPen(QPen(theme.field, 1.5));
        painter.setBrush(theme.focus);
        painter.drawEllipse(point(std::min(*position_, epochs)), 4.5, 4.5);
    }
    painter.setFont(textFont(type::kCaption));
    painter.setPen(theme.text3);
    painter.drawText(QRectF(0, box.top() - 7, box.left() - 6, 14),
                     Qt::AlignRight | Qt::AlignVCenter, shortReal(settings_.learningRate() * most));
    painter.drawText(QRectF(0, box.bottom() - 7, box.left() - 6, 14),
                     Qt::AlignRight | Qt::AlignVCenter, QStringLiteral("0"));
    const QRectF labels(box.left(), box.bottom() + 3, box.width(), 14);
    painter.drawText(labels, Qt::AlignLeft, QStringLiteral("0"));
    painter.drawText(labels, Qt::AlignRight, tr("epoch %1").arg(settings_.epochs()));
}

} // namespace gradwright

#include "moc_schedule_preview.cpp"
