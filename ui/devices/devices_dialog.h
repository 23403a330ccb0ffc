// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/check/check.h"
#include "ui/devices/devices_table.h"
#include "ui/document/project_document.h"
#include "ui/session/background_jobs.h"
#include "ui/session/gpu_finder.h"
#include "ui/theme/theme_manager.h"

#include <QDialog>

#include <vector>

class QComboBox;
class QLabel;
class QListWidget;
class QProgressBar;
class QPushButton;

namespace gradwright {

class RateBars;

/// What can compute, how fast it could and how fast it is: peaks and measured rates of processor
/// and GPUs beside the data sheets of known cards, as a table and as bars. Measures on request, and
/// checks a device's engine against the reference in FP64. A second tab has the project's network.
class DevicesDialog final : public QDialog {
    Q_OBJECT
public:
    DevicesDialog(GpuFinder& gpus, ProjectDocument& document, const ThemeManager& themes,
                  QWidget* window);

    /// The worker that measures GPUs and checks, for tests; the installed one unless set.
    void setProgram(WorkerProgram program) { program_ = std::move(program); }
    void measure();
    void check();

private:
    void listDevices();
    void refresh();
    void addRate(const QString& device, const Rate& rate);
    void addCase(const CheckedCase& checked);
    void begin(const QString& what);
    void finish(const QString& what);
    [[nodiscard]] std::vector<DeviceRow> usable() const;

    GpuFinder* gpus_;
    std::optional<WorkerProgram> program_;
    std::vector<DeviceRow> devices_;
    QLabel* state_;
    DevicesTable* table_;
    RateBars* operations_;
    RateBars* bytes_;
    QPushButton* measure_;
    QPushButton* check_;
    QComboBox* checked_; ///< the device to check
    QProgressBar* progress_;
    QListWidget* failures_;
    int failed_ = 0;
    int passed_ = 0;
    BackgroundJobs jobs_; ///< last: its deliveries use the rest
};

} // namespace gradwright
