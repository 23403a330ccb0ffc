// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/rates/network_speed.h"
#include "ui/document/project_document.h"
#include "ui/session/background_jobs.h"
#include "ui/theme/theme_manager.h"

#include <QWidget>

class QLabel;
class QPushButton;
class QTableWidget;

namespace gradwright {

class RooflineView;

/// Why the project's network trains no faster: its layers under the roofs of the processor, which
/// are measured on request, as a picture and as a table.
class NetworkPanel final : public QWidget {
    Q_OBJECT
public:
    NetworkPanel(ProjectDocument& document, const ThemeManager& themes, QWidget* parent = nullptr);

    void compare();

private:
    void showSpeed(const NetworkSpeed& speed);
    void refreshButton();

    ProjectDocument* document_;
    QPushButton* compare_;
    QLabel* summary_;
    RooflineView* view_;
    QTableWidget* table_;
    bool isMeasuring_ = false;
    BackgroundJobs jobs_; ///< last: its deliveries use the rest
};

} // namespace gradwright
