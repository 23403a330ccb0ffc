// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/curve_legend.h"

#include "ui/theme/theme_manager.h"

#include <QFontMetricsF>
#include <QPainter>
#include <QTextDocument>

#include <algorithm>
#include <array>
#include <cmath>

namespace gradwright {
namespace {

constexpr double kSample = 22;
constexpr double kSpace = 7;
constexpr double kGap = 20;
constexpr double kCutName = 84; // px, where there is not enough room
constexpr double kWholeName = 1e6;

QFont nameFont() {
    return textFont(type::kDense);
}
QFont valueFont() {
    return textFont(type::kDense, QFont::DemiBold);
}

} // namespace

QColor colorOf(CurveRole role, const Theme& theme) {
    if (role == CurveRole::Training)
        return theme.training;
    if (role == CurveRole::Validation)
        return theme.validation;
    const std::array colors = {theme.run3,
                               theme.run4,
                               theme.category(Category::Merge),
                               theme.category(Category::Regularization),
                               theme.category(Category::Sequence),
                               theme.category(Category::Shape)};
    return colors[static_cast<std::size_t>(overlayNumber(role)) % colors.size()];
}

Qt::PenStyle dashOf(CurveRole role) {
    constexpr std::array kDashes = {Qt::DashLine, Qt::DotLine, Qt::DashDotLine, Qt::DashDotDotLine};
    const int number = overlayNumber(role);
    return number < 0 ? Qt::SolidLine : kDashes[static_cast<std::size_t>(number) % kDashes.size()];
}

QPainterPath markerOf(CurveRole role) {
    QPainterPath path;
    const int number = overlayNumber(role);
    if (role == CurveRole::Validation)
        path.addEllipse(QPointF(), 3, 3);
    if (number < 0)
        return path;
    switch (number % 5) {
    case 0:
        path.addPolygon(QPolygonF{{0, -4}, {4, 0}, {0, 4}, {-4, 0}, {0, -4}});
        break;
    case 1:
        path.addRect(-3, -3, 6, 6);
        break;
    case 2:
        path.addPolygon(QPolygonF{{0, -4}, {4, 3}, {-4, 3}, {0, -4}});
        break;
    case 3:
        path.addPolygon(QPolygonF{{0, 4}, {4, -3}, {-4, -3}, {0, 4}});
        break;
    default:
        path.addPolygon(QPolygonF{{-4, -2}, {0, -4}, {4, -2}, {3, 3}, {-3, 3}, {-4, -2}});
        break;
    }
    return path;
}

void drawSample(QPainter& painter, const QRectF& rect, CurveRole role, const Theme& theme) {
    const auto color = colorOf(role, theme);
    painter.setPen(QPen(color, role == CurveRole::Training ? 2.2 : 1.8, dashOf(role), Qt::FlatCap));
    const double y = rect.center().y();
    painter.drawLine(QPointF(rect.left(), y), QPointF(rect.right(), y));
    painter.setPen(Qt::NoPen);
    painter.setBrush(color);
    painter.drawPath(markerOf(role).translated(rect.center()));
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
    setHelp(*this, Qt::convertFromPlainText(texts.join(u'\n')));
    updateGeometry();
    update();
}

double CurveLegend::widthOf(const Entry& entry, double mostOfName) {
    // Digits are as wide as one another in system fonts: measure a value of as many zeros.
    QString still = entry.value;
    for (auto& letter : still)
        if (letter.isDigit())
            letter = u'0';
    return kSample + kSpace +
           std::min(mostOfName, QFontMetricsF(nameFont()).horizontalAdvance(entry.name)) + kSpace +
           QFontMetricsF(valueFont()).horizontalAdvance(still);
}

double CurveLegend::widthOf(const std::vector<Entry>& entries, double mostOfName) {
    double width = 0;
    for (const auto& entry : entries)
        width += widthOf(entry, mostOfName) + kGap;
    return width;
}

QSize CurveLegend::sizeHint() const {
    return {static_cast<int>(std::ceil(widthOf(entries_, kWholeName))), 20};
}

void CurveLegend::paint(QPainter& painter, const QRectF& rect) const {
    painter.setRenderHint(QPainter::Antialiasing);
    const auto& theme = theme_->theme();
    auto shown = entries_;
    const double mostOfName =
        widthOf(shown, kWholeName) - kGap <= rect.width() ? kWholeName : kCutName;
    const double rest = QFontMetricsF(nameFont()).horizontalAdvance(QStringLiteral("+ 00")) + kGap;
    while (!shown.empty() &&
           widthOf(shown, mostOfName) - kGap + (shown.size() < entries_.size() ? rest : 0) >
               rect.width())
        shown.pop_back();
    double right = rect.right();
    if (const auto left = entries_.size() - shown.size(); left > 0) {
        painter.setFont(nameFont());
        painter.setPen(theme.text2);
        painter.drawText(rect, Qt::AlignRight | Qt::AlignVCenter, QStringLiteral("+ %1").arg(left));
        right -= rest;
    }
    for (auto entry = shown.rbegin(); entry != shown.rend(); ++entry) {
        const double width = widthOf(*entry, mostOfName);
        double x = right - width;
        drawSample(painter, QRectF(x, rect.top(), kSample, rect.height()), entry->role, theme);
        x += kSample + kSpace;
        painter.setBrush(Qt::NoBrush);
        painter.setFont(nameFont());
        painter.setPen(theme.text2);
        const auto metrics = QFontMetricsF(nameFont());
        const double nameWidth = std::min(mostOfName, metrics.horizontalAdvance(entry->name));
        painter.drawText(QRectF(x, rect.top(), nameWidth + 2, rect.height()),
                         Qt::AlignLeft | Qt::AlignVCenter,
                         metrics.elidedText(entry->name, Qt::ElideRight, nameWidth + 1));
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
