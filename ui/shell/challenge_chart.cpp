// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/challenge_chart.h"

#include "ui/shell/template_card.h"
#include "ui/theme/spoken.h"
#include "ui/theme/text.h"

#include <QKeyEvent>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>

namespace gradwright {

namespace {

constexpr int kChallengeHeight = 262;
constexpr int kChallengeLeft = 52;
constexpr int kChallengeRight = 40;
constexpr int kChallengeTop = 44;
constexpr int kChallengeBottom = 30;
constexpr int kFirstYear = 2012;
constexpr int kLastYear = 2017;
constexpr double kMostError = 18;
constexpr int kRing = 4; // around a circle, for the focus

/// Two entries of one year stand side by side.
double shiftWithinYear(const ChallengeEntry& entry) {
    const auto& all = challengeEntries();
    const auto before =
        std::ranges::find_if(all, [&](const auto& each) { return each.key == entry.key; });
    const bool hasEarlier = before != all.begin() && std::prev(before)->year == entry.year;
    const bool hasLater = std::next(before) != all.end() && std::next(before)->year == entry.year;
    return hasEarlier ? 0.22 : hasLater ? -0.22 : 0;
}

QString percent(double error) {
    return QStringLiteral("%1 %").arg(QString::number(error, 'g', 3));
}

} // namespace

ChallengePoint::ChallengePoint(const ChallengeEntry& entry, const ThemeManager& themes,
                               QWidget* parent)
    : QAbstractButton(parent)
    , themes_(&themes)
    , entry_(entry) {
    setObjectName(QStringLiteral("challenge-") + qstr(entry.key));
    setFocusPolicy(Qt::StrongFocus);
    setCursor(Qt::PointingHandCursor);
    setAccessibleName(tr("%1, %2: top-5 error %3, %4 layers")
                          .arg(qstr(entry.name))
                          .arg(entry.year)
                          .arg(percent(entry.top5Error))
                          .arg(entry.depth));
    setHelp(*this, tr("%1. Source: %2").arg(qstr(entry.entry), qstr(entry.source)));
    const int side = static_cast<int>(std::ceil(2 * radius())) + 2 * kRing;
    resize(std::max(24, side), std::max(24, side));
    connect(themes_, &ThemeManager::changed, this, qOverload<>(&QWidget::update));
}

double ChallengePoint::radius() const {
    // By the square root, so that areas stand for depths.
    return 4 + 1.2 * std::sqrt(static_cast<double>(entry_.depth));
}

void ChallengePoint::setSummary(const TemplateSummary& summary) {
    setEnabled(summary.problem.isEmpty());
    setHelp(*this, summary.problem.isEmpty()
                       ? tr("%1 parameters, %2 MACs per sample in the template %3. %4. Source: %5")
                             .arg(fullNumber(summary.parameters), shortNumber(summary.macs),
                                  summary.name, qstr(entry_.entry), qstr(entry_.source))
                       : summary.problem);
}

void ChallengePoint::paintEvent(QPaintEvent*) {
    const Theme& theme = themes_->theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QPointF middle(width() / 2.0, height() / 2.0);
    painter.setPen(QPen(theme.panel, 1.5));
    painter.setBrush(!isEnabled()               ? theme.disabled
                     : underMouse() || isDown() ? theme.accentHover
                                                : theme.accent);
    painter.drawEllipse(middle, radius(), radius());
    if (hasFocus()) {
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(theme.focus, 2));
        painter.drawEllipse(middle, radius() + 2.5, radius() + 2.5);
    }
}

void ChallengePoint::enterEvent(QEnterEvent*) {
    update();
    Q_EMIT looked();
}

void ChallengePoint::leaveEvent(QEvent*) {
    update();
}

void ChallengePoint::focusInEvent(QFocusEvent* event) {
    QAbstractButton::focusInEvent(event);
    Q_EMIT looked();
    if (event->reason() != Qt::MouseFocusReason)
        Q_EMIT reached();
}

void ChallengePoint::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter)
        click();
    else if (event->key() == Qt::Key_Right || event->key() == Qt::Key_Left)
        Q_EMIT stepped(event->key() == Qt::Key_Right ? 1 : -1);
    else
        QAbstractButton::keyPressEvent(event);
}

ChallengeChart::ChallengeChart(const ThemeManager& themes, QWidget* parent)
    : QWidget(parent)
    , themes_(&themes) {
    setObjectName(QStringLiteral("challengeChart"));
    setAccessibleName(tr("ImageNet challenge: depth and error by year"));
    setFixedHeight(kChallengeHeight);
    for (const auto& entry : challengeEntries()) {
        auto* const point = new ChallengePoint(entry, themes, this);
        const auto number = static_cast<int>(points_.size());
        points_.push_back(point);
        connect(point, &QAbstractButton::clicked, this,
                [this, key = entry.key] { Q_EMIT templateChosen(key); });
        connect(point, &ChallengePoint::looked, this,
                [this, key = entry.key] { Q_EMIT looked(key); });
        connect(point, &ChallengePoint::reached, this, [this, point] { Q_EMIT reached(point); });
        connect(point, &ChallengePoint::stepped, this, [this, number](int by) {
            const auto last = static_cast<int>(points_.size()) - 1;
            points_[static_cast<std::size_t>(std::clamp(number + by, 0, last))]->setFocus(
                Qt::TabFocusReason);
        });
    }
    connect(themes_, &ThemeManager::changed, this, qOverload<>(&QWidget::update));
}

void ChallengeChart::setSummary(const TemplateSummary& summary) {
    for (auto* const point : points_)
        if (point->entry().key == summary.key)
            point->setSummary(summary);
}

QRectF ChallengeChart::area() const {
    return QRectF(rect()).adjusted(kChallengeLeft, kChallengeTop, -kChallengeRight,
                                   -kChallengeBottom);
}

double ChallengeChart::xOf(const ChallengeEntry& entry) const {
    const double share = (entry.year + shiftWithinYear(entry) - kFirstYear + 0.5) /
                         static_cast<double>(kLastYear - kFirstYear + 1);
    return area().left() + share * area().width();
}

double ChallengeChart::yOf(double error) const {
    return area().bottom() - error / kMostError * area().height();
}

void ChallengeChart::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    for (auto* const point : points_) {
        const QPointF middle(xOf(point->entry()), yOf(point->entry().top5Error));
        point->move((middle - QPointF(point->width() / 2.0, point->height() / 2.0)).toPoint());
    }
}

void ChallengeChart::paintEvent(QPaintEvent*) {
    const Theme& theme = themes_->theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(theme.divider);
    painter.setBrush(theme.panel);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8);
    painter.setFont(textFont(type::kDense, QFont::DemiBold));
    painter.setPen(theme.text);
    painter.drawText(QRectF(12, 8, width() - 24.0, 18), Qt::AlignLeft | Qt::AlignVCenter,
                     tr("Top-5 error of the challenge's test set; areas stand for depth"));
    painter.setFont(textFont(type::kCaption));
    for (int error = 0; error <= static_cast<int>(kMostError); error += 5) {
        painter.setPen(error == 0 ? theme.axis : theme.grid);
        painter.drawLine(QPointF(area().left(), yOf(error)), QPointF(area().right(), yOf(error)));
        painter.setPen(theme.axis);
        painter.drawText(QRectF(4, yOf(error) - 8, kChallengeLeft - 12, 16),
                         Qt::AlignRight | Qt::AlignVCenter, percent(error));
    }
    for (int year = kFirstYear; year <= kLastYear; ++year) {
        const double x = area().left() + (year - kFirstYear + 0.5) * area().width() /
                                             (kLastYear - kFirstYear + 1.0);
        painter.drawText(QRectF(x - 30, area().bottom() + 6, 60, 16), Qt::AlignCenter,
                         QString::number(year));
    }
    QPainterPath path;
    for (const auto* const point : points_) {
        const QPointF at(xOf(point->entry()), yOf(point->entry().top5Error));
        if (path.elementCount() == 0)
            path.moveTo(at);
        else
            path.lineTo(at);
    }
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(theme.border, 1.4, Qt::DashLine));
    painter.drawPath(path);
    for (const auto* const point : points_) {
        const auto& entry = point->entry();
        const QPointF at(xOf(entry), yOf(entry.top5Error));
        // Of two in a year one is named above, the other one below.
        const bool isBelow = shiftWithinYear(entry) < 0;
        const double y = isBelow ? at.y() + point->radius() + 3 : at.y() - point->radius() - 35;
        painter.setFont(textFont(type::kCaption, QFont::DemiBold));
        painter.setPen(theme.text);
        painter.drawText(QRectF(at.x() - 70, y, 140, 16), Qt::AlignCenter, qstr(entry.name));
        painter.setFont(textFont(type::kCaption));
        painter.setPen(theme.text2);
        painter.drawText(QRectF(at.x() - 70, y + 15, 140, 16), Qt::AlignCenter,
                         tr("%1 · %2 layers").arg(percent(entry.top5Error)).arg(entry.depth));
    }
}

} // namespace gradwright

#include "moc_challenge_chart.cpp"
