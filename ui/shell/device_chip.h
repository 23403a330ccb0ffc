// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/thread_governor.h"
#include "engine/training/compute_plan.h"
#include "ui/document/project_document.h"
#include "ui/session/gpu_finder.h"
#include "ui/theme/theme_manager.h"

#include <QToolButton>

#include <functional>
#include <optional>
#include <string>

namespace gradwright {

/// What the project trains on, and a menu that changes it: device, threads and precision.
class DeviceChip final : public QToolButton {
    Q_OBJECT
public:
    DeviceChip(ProjectDocument& document, const ThemeManager& themes, QWidget* parent = nullptr);

    /// Offers the GPUs that are found, once the menu has been opened.
    void setGpus(GpuFinder& gpus);
    /// What training would take where the settings leave it open.
    void setPlan(const std::optional<ComputePlan>& plan);
    /// What the training that runs has of the processors; nothing when none runs.
    void setLoad(const std::optional<ComputeLoad>& load);

Q_SIGNALS:
    /// The change could not be made; the reason.
    void hint(const QString& text);
    /// The user wants to know more of the devices.
    void devicesWanted();

private:
    void refresh();
    void fillMenu();
    void addDevices();
    void add(const QString& text, bool checked, const QString& tip, std::function<void()> run);
    [[nodiscard]] QString gpuText(const std::string& device) const;
    void set(const QString& title, const std::string& key, const ParamValue& value);

    ProjectDocument* document_;
    GpuFinder* gpus_ = nullptr;
    std::optional<ComputePlan> plan_;
    std::optional<ComputeLoad> load_;
};

} // namespace gradwright
