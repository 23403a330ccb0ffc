// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/action_list.h"

#include <QDialog>

class QTreeWidget;

namespace gradwright {

class ThemeManager;

/// Every key and gesture, by menu, searchable. `gestures` are those that no menu shows.
class ShortcutsDialog final : public QDialog {
    Q_OBJECT
public:
    struct Gesture {
        QString place;
        QString what;
        QString keys;
    };

    ShortcutsDialog(const std::vector<ListedAction>& actions, const std::vector<Gesture>& gestures,
                    const ThemeManager& themes, QWidget* window);

private:
    void filter(const QString& typed);

    QTreeWidget* tree_;
};

/// The gestures of canvas, plots and drawing pad.
std::vector<ShortcutsDialog::Gesture> knownGestures();

} // namespace gradwright
