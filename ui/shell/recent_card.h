// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/recent_projects.h"
#include "ui/theme/theme_manager.h"

#include <QAbstractButton>

namespace gradwright {

/// One of the projects opened or trained last: its name and time, and how well it does.
class RecentCard final : public QAbstractButton {
    Q_OBJECT
public:
    RecentCard(const RecentProject& project, const ThemeManager& themes, QWidget* parent = nullptr);

    [[nodiscard]] const RecentProject& project() const { return project_; }
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    void enterEvent(QEnterEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    RecentProject project_;
    const ThemeManager* themes_;
};

} // namespace gradwright
