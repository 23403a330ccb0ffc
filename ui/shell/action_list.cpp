// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/action_list.h"

#include <QAction>
#include <QMenu>
#include <QMenuBar>

namespace gradwright {

namespace {

QString plain(QString text) {
    return text.remove(u'&');
}

void collect(const QList<QAction*>& actions, const QString& path,
             std::vector<ListedAction>& found) {
    for (QAction* const action : actions) {
        if (QMenu* const menu = action->menu()) {
            // Menus that fill themselves when they open do it now.
            Q_EMIT menu->aboutToShow();
            Q_EMIT menu->aboutToHide();
            const QString title = plain(menu->title());
            collect(menu->actions(), path.isEmpty() ? title : path + QStringLiteral(" › ") + title,
                    found);
        } else if (!action->isSeparator() && !action->text().isEmpty()) {
            found.push_back({path, action});
        }
    }
}

} // namespace

QString ListedAction::title() const {
    return action ? plain(action->text()) : QString();
}

QString ListedAction::command() const {
    return action ? plain(action->iconText()) : QString();
}

std::vector<ListedAction> actionsOf(const QMenuBar& menus) {
    std::vector<ListedAction> found;
    collect(menus.actions(), {}, found);
    return found;
}

} // namespace gradwright
