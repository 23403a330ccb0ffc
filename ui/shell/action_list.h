// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <vector>

class QAction;
class QMenuBar;

namespace gradwright {

/// An action of the menus and the way to it: "View", "View › Theme".
struct ListedAction {
    QString menu;
    QAction* action;
    bool isExtra = false; ///< no command of the menus: shown only when it is looked for
    [[nodiscard]] QString title() const; ///< without mnemonics
};

/// All actions of a menu bar in its order, those of submenus included.
std::vector<ListedAction> actionsOf(const QMenuBar& menus);

} // namespace gradwright
