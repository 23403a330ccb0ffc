// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/plane_view.h"

#include "ui/plots/scale.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QHelpEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <array>
#include <cmath>

namespace gradwright {

namespace {

constexpr int kAxisRoom = 26;
constexpr double kPoint = 3.5;      // radius
constexpr float kLeastTint = 0.10F; // where the network is undecided
constexpr float kMostTint = 0.55F;  // where it is sure

} // namespace

QColor classColor(std::int32_t label, const Theme& theme) {
    const std::array colors = {theme.training, theme.validation, theme.run3,
                               theme.run4,     theme.error,      theme.ok};
    return colors[static_cast<std::size_t>(label) % colors.size()];
}

PlaneView::PlaneView(ThemeManager& theme, QWidget* parent)
    : QWidget(parent)
    , theme_(&theme) {
    setMinimumSize(240, 240);
    setAccessibleName(tr("Decision map"));
    setMouseTracking(true);
    connect(&theme, &ThemeManager::changed, this, [this] {
        paintImage();
        update();
    });
}

void PlaneView::setMap(std::optional<PlaneMap> map) {
    map_ = std::move(map);
    paintImage();
    update();
}

void PlaneView::setHint(const QString& hint) {
    hint_ = hint;
    update();
}

QRectF PlaneView::square() const {
    const double side = std::min(width(), height()) - kAxisRoom;
    return {kAxisRoom + (width() - kAxisRoom - side) / 2, (height() - kAxisRoom - side) / 2, side,
            side};
}

QPointF PlaneView::toWidget(double x, double y) const {
    const QRectF box = square();
    constexpr double kWhole = 2 * PlaneMap::kExtent;
    return {box.left() + (x + PlaneMap::kExtent) / kWhole * box.width(),
            box.top() + (PlaneMap::kExtent - y) / kWhole * box.height()};
}

void PlaneView::paintImage() {
    image_ = {};
    if (!map_)
        return;
    const Theme& theme = theme_->theme();
    image_ = QImage(PlaneMap::kSide, PlaneMap::kSide, QImage::Format_RGB32);
    const auto classes = static_cast<float>(map_->model->data->info.classes.size());
    for (int row = 0; row < PlaneMap::kSide; ++row) {
        for (int column = 0; column < PlaneMap::kSide; ++column) {
            const auto at = static_cast<std::size_t>(row * PlaneMap::kSide + column);
            // From as good as guessing to certain.
            const float sure =
                std::clamp((map_->probabilities[at] - 1 / classes) / (1 - 1 / classes), 0.0F, 1.0F);
            const float share = kLeastTint + (kMostTint - kLeastTint) * sure;
            const QColor color = classColor(map_->classes[at], theme);
            const auto mixed = [share](float over, float under) {
                return share * over + (1 - share) * under;
            };
            image_.setPixelColor(column, row,
                                 QColor::fromRgbF(mixed(color.redF(), theme.canvas.redF()),
                                                  mixed(color.greenF(), theme.canvas.greenF()),
                                                  mixed(color.blueF(), theme.canvas.blueF())));
        }
    }
}

void PlaneView::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setRenderHint(QPainter::SmoothPixmapTransform);
    const Theme& theme = theme_->theme();
    if (!map_) {
        painter.setFont(textFont(type::kBody));
        painter.setPen(theme.text2);
        painter.drawText(rect().adjusted(24, 0, -24, 0), Qt::AlignCenter | Qt::TextWordWrap, hint_);
        return;
    }
    painter.drawImage(square(), image_);
    paintPoints(painter);
    paintAxes(painter);
}

void PlaneView::paintPoints(QPainter& painter) const {
    const Theme& theme = theme_->theme();
    painter.setPen(QPen(theme.canvas, 1));
    painter.save();
    painter.setClipRect(square());
    for (std::size_t i = 0; i < map_->points.size(); ++i) {
        const auto [x, y] = map_->points[i];
        painter.setBrush(classColor(map_->labels[i], theme));
        painter.drawEllipse(toWidget(static_cast<double>(x), static_cast<double>(y)), kPoint,
                            kPoint);
    }
    painter.restore();
}

void PlaneView::paintAxes(QPainter& painter) const {
    const Theme& theme = theme_->theme();
    const QRectF box = square();
    painter.setPen(QPen(theme.divider, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(box);
    painter.setFont(textFont(type::kCaption));
    painter.setPen(theme.axis);
    for (int tick = -3; tick <= 3; ++tick) {
        const QString text = QString::number(tick).replace(u'-', QChar(0x2212));
        const QPointF x = toWidget(tick, -PlaneMap::kExtent);
        painter.drawText(QRectF(x.x() - 16, box.bottom() + 4, 32, 16), Qt::AlignCenter, text);
        const QPointF y = toWidget(-PlaneMap::kExtent, tick);
        painter.drawText(QRectF(box.left() - 26, y.y() - 8, 20, 16),
                         Qt::AlignRight | Qt::AlignVCenter, text);
    }
}

bool PlaneView::event(QEvent* event) {
    if (event->type() != QEvent::ToolTip)
        return QWidget::event(event);
    const auto* const help = static_cast<QHelpEvent*>(event);
    const QRectF box = square();
    if (!map_ || !box.contains(help->pos())) {
        QToolTip::hideText();
        return true;
    }
    const auto cell = [](double position, double from, double length) {
        return std::clamp(static_cast<int>((position - from) / length * PlaneMap::kSide), 0,
                          PlaneMap::kSide - 1);
    };
    const int column = cell(help->pos().x(), box.left(), box.width());
    const int row = cell(help->pos().y(), box.top(), box.height());
    const auto at = static_cast<std::size_t>(row * PlaneMap::kSide + column);
    const auto& names = map_->model->data->info.classes;
    QToolTip::showText(help->globalPos(),
                       tr("Class %1, %2 sure")
                           .arg(qstr(names[static_cast<std::size_t>(map_->classes[at])]),
                                percent(static_cast<double>(map_->probabilities[at]), 1)));
    return true;
}

} // namespace gradwright
