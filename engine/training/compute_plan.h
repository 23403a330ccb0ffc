// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"
#include "engine/support/json_fwd.h"
#include "engine/training/settings.h"

#include <filesystem>
#include <optional>
#include <string>

namespace gradwright {

/// How a training computes. The weights depend on the number of parts, by the order in which sums
/// are taken, and where there is only one, on the number of threads.
struct ComputePlan {
    int threads = 1;
    int parts = 1; ///< parts of the batch, see CpuOptions::parts

    bool operator==(const ComputePlan&) const = default;
};

/// "2 threads", "2 threads, batches in 4 parts".
std::string toString(const ComputePlan& plan);
Json toJson(const ComputePlan& plan);
/// From what a run has recorded; nothing where that has no threads.
std::optional<ComputePlan> computePlanFromJson(const Json& machine);

/// The plans that calibration has found best, by machine and network, in
/// $XDG_CACHE_HOME/gradwright (~/.cache/gradwright when it is not set). A file that cannot be read
/// is as good as none.
class CalibrationCache {
public:
    CalibrationCache();
    explicit CalibrationCache(std::filesystem::path file);

    [[nodiscard]] std::optional<ComputePlan> find(const std::string& key) const;
    /// Replaces the file. Throws Error when it cannot be written.
    void remember(const std::string& key, const ComputePlan& plan, double samplesPerSecond) const;

private:
    [[nodiscard]] Json read() const;

    std::filesystem::path file_;
};

/// Identifies this machine, what the graph computes and the settings that its speed depends on.
std::string calibrationKey(const OpGraph& training, const TrainingSettings& settings);

/// What computes the settings' steps as the plan says.
std::shared_ptr<const Backend> trainingBackend(const TrainingSettings& settings,
                                               const ComputePlan& plan);
/// The options of a program that takes the settings' steps.
CompileOptions trainingOptions(const TrainingSettings& settings);

/// Parts for a batch on this machine: one per processor, or two where a part's step takes long, as
/// far as there are 8 samples for each; fewer where the gradients of each part would take much
/// memory. 1 where two parts would, and for networks that parts slow down by more than a few
/// percent: with batch normalization, or with large convolution kernels that are used in few
/// places.
int defaultParts(const OpGraph& training, const TrainingSettings& settings);

/// What the settings say; where they leave it open, what calibration has found, or all threads and
/// the default parts.
ComputePlan planFor(const OpGraph& training, const TrainingSettings& settings,
                    const CalibrationCache& cache = {});
/// As planFor(), for a run that began with `recorded`: in as many parts, unless the settings say
/// otherwise, and, where there is only one, with as many threads.
ComputePlan planForResuming(const ComputePlan& recorded, const TrainingSettings& settings);

} // namespace gradwright
