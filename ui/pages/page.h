// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QString>
#include <QWidget>

#include <vector>

class QAction;

namespace gradwright {

class DataProbe;
class ProjectDocument;
class ThemeManager;
class TrainingSession;

/// What pages work with; it lives longer than they do.
struct PageContext {
    ProjectDocument& document;
    ThemeManager& themes;
    TrainingSession& session;
    DataProbe& data;
};

/// Menus of the window that pages add to.
enum class PageMenu { Edit, View, Model, Run, Export };

/// One of the window's pages. The window shows its title and icon in the header and in the View
/// menu, with Ctrl and its number as the shortcut, and puts its actions into the menus. A page is
/// told by showEvent() that the user has come to it. What exists is listed in ui/shell/pages.cpp.
class Page : public QWidget {
    Q_OBJECT

public:
    struct Actions {
        PageMenu menu = PageMenu::View;
        QString submenu; ///< empty: directly in the menu
        QList<QAction*> actions;
    };

    using QWidget::QWidget;

    [[nodiscard]] virtual QString title() const = 0;
    /// A name in the icon set.
    [[nodiscard]] virtual QString icon() const = 0;
    /// For the window's menus, where they stay as long as the page lives. Where a shortcut works,
    /// the action itself says.
    [[nodiscard]] virtual std::vector<Actions> menuActions() const { return {}; }
    /// Whether another project may take this one's place, or the window be closed; may ask.
    [[nodiscard]] virtual bool mayLeave() { return true; }

Q_SIGNALS:
    /// For the status line; empty when there is nothing to say.
    void hint(const QString& text);
    /// A command of the page was given while another page is shown.
    void pageWanted();
    /// The user wants to see why the network cannot be trained.
    void problemsRequested();
    /// The user wants to see what is wrong with the data.
    void dataRequested();
    /// The user wants to begin with a template or with data.
    void galleryRequested();
};

} // namespace gradwright
