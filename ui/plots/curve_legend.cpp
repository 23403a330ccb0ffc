// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/curve_legend.h"

#include "ui/theme/theme_manager.h"

#include <QFontMetricsF>
#include <QPainter>

#include <algorithm>

namespace gradwright {
namespace {

constexpr double kSample = 22;
constexpr double kSpace = 7;
constexpr double kGap = 20;

QFont nameFont() {
    return textFont(type::kDense);
}
QFont valueFont() {
    return textFont(type::kDense, QFont::DemiBold);
}

} // namespace

QColor colorOf(CurveRole role, const Theme& theme) {
    switch (role) {
    case CurveRole::Training:
        return theme.training;
    case CurveRole::Validation:
        return theme.validation;
    case CurveRole::Run3:
        return theme.run3;
    case CurveRole::Run4:
        return theme.run4;
    }
    return theme.text;
}

Qt::PenStyle dashOf(CurveRole role) {
    if (role == CurveRole::Run3)
        return Qt::DashLine;
    return role == CurveRole::Run4 ? Qt::DotLine : Qt::SolidLine;
}

void drawMarker(QPainter& painter, CurveRole role, QPointF center, double radius) {
    if (role == CurveRole::Validation)
        painter.drawEllipse(center, radius, radius);
    else if (role == CurveRole::Run3)
        painter.drawPolygon(
            QPolygonF{center + QPointF(0, -radius - 1), center + QPointF(radius + 1, 0),
                      center + QPointF(0, radius + 1), center + QPointF(-radius - 1, 0)});
    else if (role == CurveRole::Run4)
        painter.drawRect(QRectF(center.x() - radius, center.y() - radius, 2 * radius, 2 * radius));
}

void drawSample(QPainter& painter, const QRectF& rect, CurveRole role, const Theme& theme) {
    const auto color = colorOf(role, theme);
    painter.setPen(QPen(color, role == CurveRole::Training ? 2.2 : 1.8, dashOf(role), Qt::FlatCap));
    const double y = rect.center().y();
    painter.drawLine(QPointF(rect.left(), y), QPointF(rect.right(), y));
    painter.setPen(Qt::NoPen);
    painter.setBrush(color);
    drawMarker(painter, role, rect.center(), 3);
}

CurveLegend::CurveLegend(ThemeManager& theme, QWidget* parent)
    : QWidget(parent)
    , theme_(&theme) {
    connect(&theme, &ThemeManager::changed, this, qOverload<>(&QWidget::update));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void CurveLegend::setEntries(std::vector<Entry> entries) {
    if (entries == entries_)
        return;
    entries_ = std::move(entries);
    QStringList texts;
    for (const auto& entry : entries_)
        texts << entry.name + u' ' + entry.value;
    setAccessibleName(texts.join(QStringLiteral(", ")));
    updateGeometry();
    update();
}

double CurveLegend::widthOf(const Entry& entry) const {
    // Digits are as wide as one another in system fonts: measure a value of as many zeros.
    QString still = entry.value;
    for (auto& letter : still)
        if (letter.isDigit())
            letter = u'0';
    return kSample + kSpace + QFontMetricsF(nameFont()).horizontalAdvance(entry.name) + kSpace +
           QFontMetricsF(valueFont()).horizontalAdvance(still);
}

QSize CurveLegend::sizeHint() const {
    double width = 0;
    for (const auto& entry : entries_)
        width += widthOf(entry) + kGap;
    return {static_cast<int>(width), 20};
}

void CurveLegend::paint(QPainter& painter, const QRectF& rect) const {
    painter.setRenderHint(QPainter::Antialiasing);
    const auto& theme = theme_->theme();
    double right = rect.right();
    for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
        const double width = widthOf(*entry);
        double x = right - width;
        if (x < rect.left())
            break; // too narrow: the last ones stay
        drawSample(painter, QRectF(x, rect.top(), kSample, rect.height()), entry->role, theme);
        x += kSample + kSpace;
        painter.setBrush(Qt::NoBrush);
        painter.setFont(nameFont());
        painter.setPen(theme.text2);
        const double nameWidth = painter.fontMetrics().horizontalAdvance(entry->name);
        painter.drawText(QRectF(x, rect.top(), nameWidth + 2, rect.height()),
                         Qt::AlignLeft | Qt::AlignVCenter, entry->name);
        x += nameWidth + kSpace;
        painter.setFont(valueFont());
        painter.setPen(theme.text);
        painter.drawText(QRectF(x, rect.top(), right - x + 4, rect.height()),
                         Qt::AlignLeft | Qt::AlignVCenter, entry->value);
        right -= width + kGap;
    }
}

void CurveLegend::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    paint(painter, rect());
}

} // namespace gradwright

#include "moc_curve_legend.cpp"
