// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/lab/procedure.h"
#include "engine/metrics/score.h"
#include "engine/project/project.h"

#include <optional>
#include <vector>

namespace gradwright {

/// What a training's log says of an epoch.
struct LoggedEpoch {
    std::int64_t epoch = 0; ///< counted from 1
    double trainingLoss = 0;
    double samplesPerSecond = 0;
    double seconds = 0;              ///< of the run up to its last step, pauses left out
    std::optional<Score> validation; ///< its `samples` are not logged
    Quality trainingQuality;
};

/// The epochs in the metrics.jsonl of a run, each once: where a run was resumed, the later line.
/// Throws Error naming the file.
std::vector<LoggedEpoch> loggedEpochs(const std::filesystem::path& run);

/// The norms of the gradients of all learning weights in the steps that the log of a run holds, in
/// their order. Throws Error naming the file.
std::vector<std::vector<double>> loggedGradients(const std::filesystem::path& run);

/// The training loss over the epochs as the log of a run holds it: [epoch, loss] a point, of so
/// many points at most, each the mean of those that it stands for. Throws Error naming the file.
Json lossCurve(const std::filesystem::path& run, std::size_t points = 200);

/// A training that is a trial, or a part of one.
struct TrialTraining {
    std::filesystem::path run;
    std::vector<std::string> weights; ///< keys of those that learn, the order of gradient norms
    std::vector<LoggedEpoch> epochs;
    std::optional<Score> test;   ///< with the best weights; nothing where it was ended early
    double samplesPerSecond = 0; ///< median over the epochs
    double seconds = 0;          ///< of the whole run, pauses left out
};

struct TrialTrainingOptions {
    /// Resumes this run; empty: a new one in the trial's folder.
    std::filesystem::path resume = {};
    /// The run is left, ready to be resumed, after so many epochs; 0: trains to the end.
    std::int64_t untilEpoch = 0;
    /// Ends behind the last epoch, without the test figures; the run then counts as stopped.
    bool withoutTest = false;
    /// Which part of the trial it is, for its progress: [first, last] within [0, 1].
    double first = 0;
    double last = 1;
};

/// Trains the project on the calling thread. Nothing when it was stopped. Throws Error with the
/// reason when the training fails.
std::optional<TrialTraining> trainTrial(const Project& project, const TrialContext& context,
                                        const TrialTrainingOptions& options = {});

/// What a trial that fits its network is judged by.
struct BestEpoch {
    std::int64_t epoch = 0;
    double loss = 0;
    Quality quality;
};

/// The epoch of the best validation quality, of the lower loss on a tie; as trainings choose
/// theirs. Without validation samples the last epoch, by the training's own figures.
BestEpoch bestEpochOf(const std::vector<LoggedEpoch>& epochs);
/// The same for the least validation loss.
BestEpoch leastLossOf(const std::vector<LoggedEpoch>& epochs);

/// Removes the weights of a run, which are most of its size; its record and curves stay.
void dropWeights(const std::filesystem::path& run);

} // namespace gradwright
