// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/project_document.h"
#include "ui/session/training_session.h"
#include "ui/theme/theme_manager.h"

#include <QFrame>

class QButtonGroup;
class QHBoxLayout;
class QMenuBar;
class QPushButton;
class QToolButton;

namespace gradwright {

class DeviceChip;

/// The one row at the top: menus, pages, the device and the Train button.
class HeaderBar final : public QFrame {
    Q_OBJECT
public:
    HeaderBar(ProjectDocument& document, const ThemeManager& themes, QWidget* parent = nullptr);

    [[nodiscard]] QMenuBar* menus() const { return menus_; }
    /// Pages are counted from 0.
    void addPage(const QString& title, const QString& icon);
    void setPage(int page);
    [[nodiscard]] DeviceChip& device() { return *device_; }
    /// What the Train button says; with errors, how many there are.
    void setTraining(TrainingState state, qsizetype errors);

Q_SIGNALS:
    void pageChosen(int page);
    void trainClicked();
    /// Something could not be done; the reason.
    void hint(const QString& text);

protected:
    void resizeEvent(QResizeEvent* event) override;
    void showEvent(QShowEvent* event) override;

private:
    void fit();
    static void layOutPage(QToolButton& button, Qt::ToolButtonStyle style);

    const ThemeManager* themes_;
    QMenuBar* menus_;
    QHBoxLayout* pageRow_;
    QButtonGroup* pages_;
    QPushButton* train_;
    DeviceChip* device_;
    QHBoxLayout* row_;
};

} // namespace gradwright
