// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/theme_manager.h"

#include "ui/theme/line_icon_style.h"
#include "ui/theme/spoken.h"
#include "ui/theme/style_sheet.h"

#include <QApplication>
#include <QPalette>
#include <QStyleHints>

// Q_INIT_RESOURCE has to stand outside of namespaces; a static library's resources need it.
static void initIcons() {
    Q_INIT_RESOURCE(icons);
}

namespace gradwright {

namespace {

QPalette paletteOf(const Theme& theme) {
    QPalette palette;
    palette.setColor(QPalette::Window, theme.window);
    palette.setColor(QPalette::WindowText, theme.text);
    palette.setColor(QPalette::Base, theme.field);
    palette.setColor(QPalette::AlternateBase, theme.panel);
    palette.setColor(QPalette::Text, theme.text);
    palette.setColor(QPalette::PlaceholderText, theme.text3);
    palette.setColor(QPalette::Button, theme.raised);
    palette.setColor(QPalette::ButtonText, theme.text);
    palette.setColor(QPalette::BrightText, theme.error);
    palette.setColor(QPalette::Highlight, theme.accent);
    palette.setColor(QPalette::HighlightedText, theme.onAccent);
    palette.setColor(QPalette::Link, theme.focus);
    palette.setColor(QPalette::LinkVisited, theme.focus);
    palette.setColor(QPalette::ToolTipBase, theme.raised);
    palette.setColor(QPalette::ToolTipText, theme.text);
    palette.setColor(QPalette::Light, theme.hover);
    palette.setColor(QPalette::Midlight, theme.raised);
    palette.setColor(QPalette::Mid, theme.divider);
    palette.setColor(QPalette::Dark, theme.divider);
    palette.setColor(QPalette::Shadow, theme.window);
    for (const QPalette::ColorRole role :
         {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        palette.setColor(QPalette::Disabled, role, theme.disabled);
    return palette;
}

} // namespace

ThemeManager::ThemeManager(QApplication& application, ThemeChoice choice, QObject* parent)
    : QObject(parent)
    , application_(&application)
    , choice_(choice)
    , systemStartedDark_(application.palette().color(QPalette::Window).lightness() < 128) {
    initIcons();
    makeWidgetsSpeak();
    QApplication::setStyle(new LineIconStyle(*this)); // the application owns it
    QFont font = QApplication::font();
    font.setPixelSize(type::kBody);
    QApplication::setFont(font);
#if QT_VERSION >= QT_VERSION_CHECK(6, 5, 0)
    connect(QGuiApplication::styleHints(), &QStyleHints::colorSchemeChanged, this, [this] {
        if (choice_ == ThemeChoice::System)
            dress();
    });
#endif
    dress();
}

void ThemeManager::setChoice(ThemeChoice choice) {
    if (choice == choice_)
        return;
    choice_ = choice;
    dress();
}

ThemeKind ThemeManager::systemKind() const {
#if QT_VERSION >= QT_VERSION_CHECK(6, 5, 0)
    const Qt::ColorScheme scheme = QGuiApplication::styleHints()->colorScheme();
    if (scheme != Qt::ColorScheme::Unknown)
        return scheme == Qt::ColorScheme::Dark ? ThemeKind::Dark : ThemeKind::Light;
#endif
    // Before Qt 6.5 nobody tells; the palette that the desktop gave at the start does.
    return systemStartedDark_ ? ThemeKind::Dark : ThemeKind::Light;
}

void ThemeManager::dress() {
    kind_ = choice_ == ThemeChoice::System ? systemKind()
            : choice_ == ThemeChoice::Dark ? ThemeKind::Dark
                                           : ThemeKind::Light;
    QApplication::setPalette(paletteOf(theme()));
    application_->setStyleSheet(styleSheetOf(theme()));
    Q_EMIT changed();
}

} // namespace gradwright

#include "moc_theme_manager.cpp"
