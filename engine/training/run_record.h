// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/distributed/greeting.h"
#include "engine/io/run_directory.h"
#include "engine/training/checkpoint.h"
#include "engine/training/compute_plan.h"
#include "engine/training/trainer.h"

namespace gradwright {

/// Writes run.json: all that is needed to repeat the run (project, versions, threads and parts,
/// what computes), and to use it where its data are not.
void writeRunRecord(const RunDirectory& directory, const TrainingJob& job, const Dataset& data,
                    const ComputePlan& plan, const DeviceInfo& device);
/// Notes settings that changed with a resume.
void updateRunRecord(const RunDirectory& directory, const TrainingJob& job, const ComputePlan& plan,
                     const DeviceInfo& device);
/// Whether gradients may be summed over ranks while the backward pass runs.
bool overlaps(const TrainingJob& job);
/// Whether the run's "machine" says that a GPU computed last.
bool wasOnGpu(const Json& machine);
/// Notes, where ranks train together, how many there are, on which hosts, how long this one has
/// waited for each of them, and how much it has sent. `overlapped`: gradients went in several
/// messages, those of some while others were made.
void recordRanks(const RunDirectory& directory, const TrainingJob& job,
                 const std::vector<RankPlace>& places, bool overlapped);
/// Adds what the training's health was, see HealthMonitor::record().
void recordHealth(const RunDirectory& directory, const Json& health);
/// Notes that the training was stopped on request, as "ended_by".
void recordStop(const RunDirectory& directory);
/// Adds the result, and as "ended_by" whether all epochs are done or patience ended the training.
void recordResult(const RunDirectory& directory, const Finished& result,
                  const TrainingPosition& position);

} // namespace gradwright
