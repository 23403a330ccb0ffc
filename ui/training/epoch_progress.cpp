// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/training/epoch_progress.h"

#include "ui/theme/theme_manager.h"

#include <QPainter>
#include <QPainterPath>

#include <algorithm>

namespace gradwright {
namespace {

constexpr std::int64_t kMostSegments = 60; // more would be a grey smear

} // namespace

EpochProgress::EpochProgress(ThemeManager& theme, QWidget* parent)
    : QWidget(parent)
    , theme_(&theme) {
    setFixedHeight(8);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setAccessibleName(tr("Progress"));
    connect(&theme, &ThemeManager::changed, this, qOverload<>(&QWidget::update));
}

void EpochProgress::setProgress(double epoch, std::int64_t epochs) {
    epoch_ = epoch;
    epochs_ = std::max<std::int64_t>(1, epochs);
    setAccessibleDescription(tr("epoch %1 of %2").arg(epoch, 0, 'f', 1).arg(epochs));
    sayValueChanged(*this, epoch_);
    update();
}

std::optional<Spoken::Range> EpochProgress::spokenRange() const {
    return Range{epoch_, 0, static_cast<double>(epochs_)};
}

void EpochProgress::paintEvent(QPaintEvent*) {
    const auto& theme = theme_->theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    QPainterPath shape;
    shape.addRoundedRect(QRectF(rect()), 4, 4);
    painter.setClipPath(shape);
    painter.fillRect(rect(), theme.hover);
    const double done = std::clamp(epoch_ / static_cast<double>(epochs_), 0.0, 1.0);
    painter.fillRect(QRectF(0, 0, done * width(), height()), theme.focus);
    if (epochs_ > kMostSegments)
        return;
    for (std::int64_t i = 1; i < epochs_; ++i) {
        const double x =
            static_cast<double>(width()) * static_cast<double>(i) / static_cast<double>(epochs_);
        painter.fillRect(QRectF(x - 1, 0, 2, height()), theme.panel);
    }
}

} // namespace gradwright

#include "moc_epoch_progress.cpp"
