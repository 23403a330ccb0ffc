// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/line_icon_style.h"

#include "ui/theme/theme_manager.h"

#include <optional>

namespace gradwright {
namespace {

struct LineIcon {
    const char* name;
    QColor Theme::*role = &Theme::text2;
};

std::optional<LineIcon> lineIconFor(QStyle::StandardPixmap wanted) {
    switch (wanted) {
    case QStyle::SP_MessageBoxInformation:
        return LineIcon{"info", &Theme::accent};
    case QStyle::SP_MessageBoxWarning:
        return LineIcon{"warning", &Theme::warning};
    case QStyle::SP_MessageBoxCritical:
        return LineIcon{"error", &Theme::error};
    case QStyle::SP_MessageBoxQuestion:
        return LineIcon{"help", &Theme::accent};
    case QStyle::SP_DirIcon:
    case QStyle::SP_DirOpenIcon:
    case QStyle::SP_DirClosedIcon:
    case QStyle::SP_DirHomeIcon:
    case QStyle::SP_DirLinkIcon:
        return LineIcon{"open"};
    case QStyle::SP_FileIcon:
    case QStyle::SP_FileLinkIcon:
        return LineIcon{"new"};
    case QStyle::SP_FileDialogNewFolder:
        return LineIcon{"plus"};
    case QStyle::SP_FileDialogToParent:
        return LineIcon{"chevron-up"};
    case QStyle::SP_FileDialogBack:
    case QStyle::SP_ArrowBack:
        return LineIcon{"chevron-left"};
    case QStyle::SP_ArrowForward:
        return LineIcon{"chevron-right"};
    default:
        return {};
    }
}

} // namespace

LineIconStyle::LineIconStyle(const ThemeManager& themes)
    : QProxyStyle(QStringLiteral("Fusion"))
    , themes_(&themes) {}

int LineIconStyle::styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget,
                             QStyleHintReturn* returned) const {
    if (hint == SH_DialogButtonBox_ButtonsHaveIcons)
        return 0;
    return QProxyStyle::styleHint(hint, option, widget, returned);
}

QIcon LineIconStyle::standardIcon(StandardPixmap wanted, const QStyleOption* option,
                                  const QWidget* widget) const {
    if (const auto icon = lineIconFor(wanted); icon && themes_)
        return themes_->icon(QString::fromLatin1(icon->name), icon->role);
    return QProxyStyle::standardIcon(wanted, option, widget);
}

} // namespace gradwright

#include "moc_line_icon_style.cpp"
