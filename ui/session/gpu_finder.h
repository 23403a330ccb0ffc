// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/worker/gpu_list.h"
#include "ui/session/background_jobs.h"

#include <QObject>

#include <optional>

namespace gradwright {

/// The GPUs of this computer, looked for in the background when someone first wants to know: a
/// driver takes time and memory, which a window without GPUs should not spend.
class GpuFinder final : public QObject {
    Q_OBJECT
public:
    explicit GpuFinder(QObject* parent = nullptr)
        : QObject(parent) {}

    /// The worker that looks, for tests; the installed one unless set.
    void setProgram(WorkerProgram program) { program_ = std::move(program); }
    /// Looks for them, unless that has been done or is being done.
    void find();
    /// Nothing until they have been looked for.
    [[nodiscard]] const std::optional<GpuSearch>& result() const { return result_; }

Q_SIGNALS:
    /// There is a result().
    void found();

private:
    std::optional<WorkerProgram> program_;
    std::optional<GpuSearch> result_;
    bool isLooking_ = false;
    BackgroundJobs jobs_; ///< last: its deliveries use the rest
};

} // namespace gradwright
