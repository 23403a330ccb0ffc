// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/action_list.h"
#include "ui/theme/theme_manager.h"

#include <QDialog>

class QLineEdit;
class QListWidget;

namespace gradwright {

/// All commands of the menus, found by typing a part of their names. Closes when one has been
/// chosen or the focus goes elsewhere.
class CommandPalette final : public QDialog {
    Q_OBJECT
public:
    CommandPalette(std::vector<ListedAction> actions, const ThemeManager& themes, QWidget* window);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    /// Found by searching alone: no command of the menus.
    [[nodiscard]] static bool isExtra(const ListedAction& each);
    void filter(const QString& typed);
    void runCurrent();

    std::vector<ListedAction> actions_;
    QLineEdit* search_;
    QListWidget* list_;
};

} // namespace gradwright
