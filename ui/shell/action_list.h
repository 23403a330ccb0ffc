// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAction>
#include <QPointer>
#include <QString>

#include <vector>

class QMenuBar;

namespace gradwright {

/// An action of the menus and the way to it: "View", "View › Theme".
struct ListedAction {
    QString menu;
    QPointer<QAction> action; ///< null once it is gone: menus that fill themselves renew theirs
    bool isExtra = false;     ///< no command of the menus: shown only when it is looked for
    bool explains = false;    ///< a term of the glossary
    [[nodiscard]] QString title() const; ///< without mnemonics; empty once it is gone
    /// What the command is called whatever it would do now: "Undo", where the title is "Undo:
    /// Move".
    [[nodiscard]] QString command() const;
};

/// All actions of a menu bar in its order, those of submenus included.
std::vector<ListedAction> actionsOf(const QMenuBar& menus);

} // namespace gradwright
