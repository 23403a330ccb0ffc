// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/training/health_list.h"

#include "ui/glossary/explanation.h"
#include "ui/theme/icon_engine.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QDateTime>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace gradwright {
namespace {

QString dateText(const Alarm& alarm) {
    const auto when = QDateTime::fromSecsSinceEpoch(alarm.time);
    const auto time = when.date() == QDate::currentDate()
                          ? QLocale().toString(when.time(), QLocale::ShortFormat)
                          : QLocale().toString(when, QLocale::ShortFormat);
    return HealthList::tr("Epoch %1, %2").arg(alarm.epoch).arg(time);
}

} // namespace

HealthList::HealthList(ThemeManager& theme, QWidget* parent)
    : QFrame(parent)
    , theme_(&theme)
    , rows_(new QVBoxLayout(this)) {
    setObjectName(QStringLiteral("health"));
    setAccessibleName(tr("Problems of this training"));
    rows_->setContentsMargins(14, 6, 12, 6);
    rows_->setSpacing(4);
    const auto applyTheme = [this] {
        const auto& colors = theme_->theme();
        setStyleSheet(QStringLiteral("QFrame#health { background: %1; border: none;"
                                     "border-bottom: 1px solid %2; }")
                          .arg(colors.warningTint.name(), colors.warning.name()));
        setEntries(std::exchange(entries_, {}));
    };
    applyTheme();
    connect(theme_, &ThemeManager::changed, this, applyTheme);
}

void HealthList::setEntries(std::vector<Entry> entries) {
    while (auto* item = rows_->takeAt(0)) {
        if (auto* row = item->widget()) {
            row->hide();
            row->setParent(nullptr);
            row->deleteLater(); // a button of it may be what brought us here
        }
        delete item;
    }
    entries_ = std::move(entries);
    for (const auto& entry : entries_)
        rows_->addWidget(rowFor(entry));
    setVisible(!entries_.empty());
}

QWidget* HealthList::rowFor(const Entry& entry) {
    const Alarm& alarm = entry.alarm;
    auto* row = new QWidget;
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(10);
    auto* icon = new QLabel;
    icon->setPixmap(theme_->icon(QStringLiteral("warning"), &Theme::warning).pixmap(QSize(16, 16)));
    auto* date = new QLabel(dateText(alarm));
    date->setProperty("textRole", QStringLiteral("muted"));
    auto* text = new QLabel(
        QStringLiteral("<b>%1.</b> %2")
            .arg(qstr(titleOf(alarm.kind)).toHtmlEscaped(), qstr(alarm.cause).toHtmlEscaped()));
    text->setObjectName(QStringLiteral("cause"));
    text->setTextFormat(Qt::RichText);
    text->setWordWrap(true);
    explain(*text, "alarm/" + std::string(keyOf(alarm.kind)));
    layout->addWidget(icon, 0, Qt::AlignTop);
    layout->addWidget(date, 0, Qt::AlignTop);
    layout->addWidget(text, 1);
    if (!alarm.path.empty()) {
        auto* place = new QPushButton(qstr(alarm.path));
        place->setObjectName(QStringLiteral("layer"));
        place->setProperty("kind", QStringLiteral("link"));
        place->setCursor(Qt::PointingHandCursor);
        place->setToolTip(tr("Show this layer in the network"));
        connect(place, &QPushButton::clicked, this,
                [this, path = qstr(alarm.path)] { Q_EMIT layerChosen(path); });
        layout->addWidget(place, 0, Qt::AlignTop);
    }
    if (entry.canBeCured) {
        auto* button = new QPushButton(qstr(titleOf(alarm.remedy)));
        button->setObjectName(QStringLiteral("cure"));
        button->setIcon(theme_->icon(QStringLiteral("wand"), &Theme::text));
        button->setIconSize(iconBesideText(16));
        button->setToolTip(tr("Change the project for the next training; Undo takes it back"));
        connect(button, &QPushButton::clicked, this, [this, alarm] { Q_EMIT remedyChosen(alarm); });
        layout->addWidget(button, 0, Qt::AlignTop);
    }
    return row;
}

} // namespace gradwright

#include "moc_health_list.cpp"
