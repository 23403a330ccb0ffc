// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/plane_view.h"

#include "ui/glossary/explanation.h"
#include "ui/plots/scale.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QHelpEvent>
#include <QLocale>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <array>
#include <cmath>

namespace gradwright {

namespace {

constexpr int kAxisRoom = 26;
constexpr double kPoint = 3.5;        // radius
constexpr std::size_t kMostNamed = 6; // there are no more colours
constexpr int kLegendCharacters = 60; // of all names
constexpr float kLeastTint = 0.10F;   // where the network is undecided
constexpr float kMostTint = 0.55F;    // where it is sure

/// So much of one colour over another.
QColor mixed(const QColor& over, const QColor& under, float share) {
    const auto mix = [share](float a, float b) { return share * a + (1 - share) * b; };
    return QColor::fromRgbF(mix(over.redF(), under.redF()), mix(over.greenF(), under.greenF()),
                            mix(over.blueF(), under.blueF()));
}

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
    explain(*this, "window/decision-map");
    setToolTip({}); // the pointer reads values here
    setMouseTracking(true);
    connect(&theme, &ThemeManager::changed, this, [this] {
        paintImage();
        update();
        Q_EMIT legendChanged();
    });
}

void PlaneView::setMap(std::optional<PlaneMap> map) {
    map_ = std::move(map);
    paintImage();
    update();
    Q_EMIT legendChanged();
}

void PlaneView::setHint(const QString& hint) {
    hint_ = hint;
    update();
}

QString PlaneView::valueText(float value) const {
    const auto& scaling = map_->model->data->info.targetScaling;
    const auto own = static_cast<double>(value);
    return QLocale().toString(scaling.empty() ? own : scaling.front().restored(own), 'g', 4);
}

QString PlaneView::namesInFull() const {
    QStringList names;
    if (map_ && map_->hasClasses())
        for (const auto& name : map_->model->data->info.classes)
            names << qstr(name);
    return names.join(QStringLiteral(", "));
}

QString PlaneView::legend() const {
    if (!map_)
        return {};
    const auto count =
        std::clamp<std::size_t>(map_->model->data->info.classes.size(), 1, kMostNamed);
    const int most = kLegendCharacters / static_cast<int>(count);
    QStringList entries;
    const auto add = [&](const QColor& color, const QString& text) {
        const QString shown = text.size() <= most ? text : text.left(most - 1) + QChar(0x2026);
        entries << QStringLiteral("<span style=\"color:%1\">&#9679;</span>&nbsp;%2")
                       .arg(color.name(), shown.toHtmlEscaped().replace(u' ', QChar(0xa0)));
    };
    if (!map_->hasClasses()) {
        add(valueColor(least_), tr("%1, the least").arg(valueText(least_)));
        add(valueColor(most_), tr("%1, the largest").arg(valueText(most_)));
    } else {
        const auto& names = map_->model->data->info.classes;
        const std::size_t shown = std::min(names.size(), kMostNamed);
        for (std::size_t i = 0; i < shown; ++i)
            add(classColor(static_cast<std::int32_t>(i), theme_->theme()), qstr(names[i]));
        if (names.size() > shown)
            entries << tr("and %1 more").arg(names.size() - shown);
    }
    return entries.join(QStringLiteral("&ensp; "));
}

QString PlaneView::spokenText() const {
    if (!map_)
        return hint_;
    if (!map_->hasClasses()) {
        const auto [least, most] = std::ranges::minmax(map_->values);
        return tr("Values from %1 to %2. Test points: %3.")
            .arg(valueText(least), valueText(most), fullNumber(std::ssize(map_->points)));
    }
    const auto& names = map_->model->data->info.classes;
    std::vector<std::size_t> cells(names.size());
    for (const auto label : map_->classes)
        ++cells[static_cast<std::size_t>(label)];
    QStringList shares;
    for (std::size_t i = 0; i < names.size(); ++i)
        shares << tr("class %1: %2")
                      .arg(qstr(names[i]), percent(static_cast<double>(cells[i]) /
                                                       static_cast<double>(map_->classes.size()),
                                                   0));
    std::ptrdiff_t right = 0;
    for (std::size_t i = 0; i < map_->points.size(); ++i) {
        const auto cell = [](double place) {
            return std::clamp(static_cast<int>((place + PlaneMap::kExtent) /
                                               (2 * PlaneMap::kExtent) * PlaneMap::kSide),
                              0, PlaneMap::kSide - 1);
        };
        const auto [x, y] = map_->points[i];
        const int at =
            cell(-static_cast<double>(y)) * PlaneMap::kSide + cell(static_cast<double>(x));
        right += map_->classes[static_cast<std::size_t>(at)] == map_->labels[i] ? 1 : 0;
    }
    return tr("Shares of the plane: %1. Test points in the area of their class: %2 of %3.")
        .arg(shares.join(QStringLiteral(", ")), fullNumber(right),
             fullNumber(std::ssize(map_->points)));
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
    // Heights that the network misses are to be seen as such: one scale for both.
    for (const auto* values : {&map_->values, &map_->targets}) {
        if (values->empty())
            continue;
        const auto [least, most] = std::ranges::minmax_element(*values);
        least_ = values == &map_->values ? *least : std::min(least_, *least);
        most_ = values == &map_->values ? *most : std::max(most_, *most);
    }
    image_ = QImage(PlaneMap::kSide, PlaneMap::kSide, QImage::Format_RGB32);
    for (int row = 0; row < PlaneMap::kSide; ++row)
        for (int column = 0; column < PlaneMap::kSide; ++column)
            image_.setPixelColor(
                column, row, cellColor(static_cast<std::size_t>(row * PlaneMap::kSide + column)));
}

QColor PlaneView::cellColor(std::size_t cell) const {
    const Theme& theme = theme_->theme();
    if (!map_->hasClasses())
        return mixed(valueColor(map_->values[cell]), theme.canvas, kMostTint);
    const auto classes = static_cast<float>(map_->model->data->info.classes.size());
    // From as good as guessing to certain.
    const float sure =
        std::clamp((map_->probabilities[cell] - 1 / classes) / (1 - 1 / classes), 0.0F, 1.0F);
    return mixed(classColor(map_->classes[cell], theme), theme.canvas,
                 kLeastTint + (kMostTint - kLeastTint) * sure);
}

QColor PlaneView::valueColor(float value) const {
    const Theme& theme = theme_->theme();
    const float share = most_ > least_ ? (value - least_) / (most_ - least_) : 0.5F;
    return mixed(theme.validation, theme.training, std::clamp(share, 0.0F, 1.0F));
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
        painter.setBrush(map_->hasClasses() ? classColor(map_->labels[i], theme)
                                            : valueColor(map_->targets[i]));
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
    if (!map_->hasClasses()) {
        QToolTip::showText(help->globalPos(), tr("Value %1").arg(valueText(map_->values[at])));
        return true;
    }
    const auto& names = map_->model->data->info.classes;
    QToolTip::showText(help->globalPos(),
                       tr("Class %1, %2 sure")
                           .arg(qstr(names[static_cast<std::size_t>(map_->classes[at])]),
                                percent(static_cast<double>(map_->probabilities[at]), 1)));
    return true;
}

} // namespace gradwright

#include "moc_plane_view.cpp"
