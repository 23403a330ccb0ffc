// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/thread_governor.h"
#include "engine/training/compute_plan.h"
#include "ui/document/project_document.h"
#include "ui/theme/theme_manager.h"

#include <QToolButton>

#include <optional>

namespace gradwright {

/// What the project trains on, and a menu that changes it: threads and precision.
class DeviceChip final : public QToolButton {
    Q_OBJECT
public:
    DeviceChip(ProjectDocument& document, const ThemeManager& themes, QWidget* parent = nullptr);

    /// What training would take where the settings leave it open.
    void setPlan(const std::optional<ComputePlan>& plan);
    /// What the training that runs has of the processors; nothing when none runs.
    void setLoad(const std::optional<ComputeLoad>& load);

Q_SIGNALS:
    /// The change could not be made; the reason.
    void hint(const QString& text);

private:
    void refresh();
    void fillMenu();
    void set(const QString& title, const std::string& key, const ParamValue& value);

    ProjectDocument* document_;
    std::optional<ComputePlan> plan_;
    std::optional<ComputeLoad> load_;
};

} // namespace gradwright
