// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/recent_card.h"

#include "ui/shell/network_texts.h"
#include "ui/theme/icon_engine.h"

#include <QKeyEvent>
#include <QPainter>

namespace gradwright {

namespace {

constexpr int kRecentHeight = 54;
constexpr int kRecentPad = 14;
constexpr int kIcon = 18;

QString detailOf(const RecentProject& project) {
    if (project.onlyAnswers())
        return RecentCard::tr("a network that answers");
    QStringList parts;
    if (!project.best.isEmpty())
        parts << RecentCard::tr("best %1").arg(project.best);
    if (project.runs > 0)
        parts << runsText(project.runs);
    return parts.isEmpty() ? RecentCard::tr("not trained") : parts.join(QStringLiteral(", "));
}

} // namespace

RecentCard::RecentCard(const RecentProject& project, const ThemeManager& themes, QWidget* parent)
    : QAbstractButton(parent)
    , project_(project)
    , themes_(&themes) {
    setObjectName(QStringLiteral("recent"));
    setText(project.name);
    setAccessibleName(project.isSaved() ? project.name : tr("%1, not saved").arg(project.name));
    setAccessibleDescription(
        QStringLiteral("%1, %2").arg(whenText(project.time), detailOf(project)));
    setToolTip(project.isSaved()
                   ? project.file
                   : tr("Trained %1 and not saved as a project: opens with its runs and weights")
                         .arg(whenText(project.time)));
    setCursor(Qt::PointingHandCursor);
    setFocusPolicy(Qt::StrongFocus);
    setFixedHeight(kRecentHeight);
    setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    connect(themes_, &ThemeManager::changed, this, qOverload<>(&QWidget::update));
}

QSize RecentCard::sizeHint() const {
    return {240, kRecentHeight};
}

QSize RecentCard::minimumSizeHint() const {
    return {120, kRecentHeight};
}

void RecentCard::paintEvent(QPaintEvent*) {
    const Theme& theme = themes_->theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(hasFocus() ? QPen(theme.focus, 2) : QPen(theme.divider, 1));
    painter.setBrush(isDown() ? theme.selection : underMouse() ? theme.hover : theme.panel);
    painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 8, 8);
    drawIcon(painter, QRectF(kRecentPad, (height() - kIcon) / 2.0, kIcon, kIcon),
             project_.onlyAnswers() ? QStringLiteral("inference")
             : project_.isSaved()   ? QStringLiteral("design")
                                    : QStringLiteral("train"),
             theme.focus);

    const int left = kRecentPad + kIcon + 12;
    const QRect first(left, 9, width() - left - kRecentPad, 18);
    const QRect second = first.translated(0, 18);
    const auto draw = [&](const QRect& room, Qt::AlignmentFlag side, const QString& text,
                          const QColor& color, const QFont& font) {
        painter.setFont(font);
        painter.setPen(color);
        const QString fitted = painter.fontMetrics().elidedText(text, Qt::ElideRight, room.width());
        painter.drawText(room, static_cast<int>(side) | Qt::AlignVCenter, fitted);
        return painter.fontMetrics().horizontalAdvance(fitted);
    };
    const QFont small = textFont(type::kDense);
    const int time = draw(first, Qt::AlignRight, whenText(project_.time), theme.text2, small);
    draw(first.adjusted(0, 0, -time - 10, 0), Qt::AlignLeft, project_.name, theme.text,
         textFont(type::kBody, QFont::DemiBold));
    int mark = 0;
    if (!project_.isSaved())
        mark = draw(second, Qt::AlignRight, tr("Not saved"), theme.warning, small) + 10;
    draw(second.adjusted(0, 0, -mark, 0), Qt::AlignLeft, detailOf(project_), theme.text2, small);
}

void RecentCard::enterEvent(QEnterEvent*) {
    update();
}

void RecentCard::leaveEvent(QEvent*) {
    update();
}

void RecentCard::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter)
        click();
    else
        QAbstractButton::keyPressEvent(event);
}

} // namespace gradwright

#include "moc_recent_card.cpp"
