// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme_manager.h"

#include <QList>
#include <QWidget>

#include <vector>

class QAction;
class QHBoxLayout;
class QStackedWidget;
class QTabBar;

namespace gradwright {

/// The panels beneath the canvas, one of them shown at a time.
class BottomPanel final : public QWidget {
    Q_OBJECT
public:
    explicit BottomPanel(const ThemeManager& themes, QWidget* parent = nullptr);

    /// `tools` stand at the right while the panel is shown. Returns its number.
    int addPanel(const QString& title, QWidget* panel, const QList<QAction*>& tools = {});
    void showPanel(int panel);
    [[nodiscard]] int shownPanel() const;
    /// A number behind the title; none when 0.
    void setCount(int panel, qsizetype count);

Q_SIGNALS:
    /// The whole of it shall fold away.
    void foldRequested();

private:
    QTabBar* tabs_;
    QStackedWidget* panels_;
    QHBoxLayout* toolRow_;
    QStringList titles_;
    std::vector<QWidget*> tools_;
};

} // namespace gradwright
