// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/program_cache.h"
#include "engine/data/dataset.h"
#include "engine/metrics/outcomes.h"
#include "engine/training/events.h"
#include "engine/training/objective.h"

#include <functional>
#include <optional>
#include <stop_token>

namespace gradwright {

/// Called with the number of samples done.
using EvaluationProgress = std::function<void(std::int64_t)>;

/// Loss and quality of the cache's weights over some samples, in inference mode. Nothing when
/// stopped. Throws DivergedError naming the layer when the loss is not finite.
std::optional<Score> evaluate(ProgramCache& programs, const TrainingGraph& training,
                              std::shared_ptr<const DataSource> source,
                              std::vector<std::uint32_t> indices, const std::stop_token& stop = {},
                              const EvaluationProgress& progress = {});
/// The same, adding to `predicted` how often each class was the answer. `ranks`, if not null: they
/// share the samples out and all get the results of all; when one is stopped, all are.
std::optional<Score> evaluate(ProgramCache& programs, const TrainingGraph& training,
                              std::shared_ptr<const DataSource> source,
                              std::vector<std::uint32_t> indices, const std::stop_token& stop,
                              std::vector<std::int64_t>& predicted, Communicator* ranks = nullptr);

/// All that one pass over some samples tells.
struct Evaluation {
    Score score;
    Outcomes outcomes; ///< as the data set scaled them
};
/// The same with what is said of each sample; `graph` is an evaluationGraph(). Reads each sample
/// once.
std::optional<Evaluation> evaluateWithOutcomes(ProgramCache& programs, const TrainingGraph& graph,
                                               std::shared_ptr<const DataSource> source,
                                               std::vector<std::uint32_t> indices,
                                               const std::stop_token& stop = {},
                                               const EvaluationProgress& progress = {});

/// 0 … size - 1.
std::vector<std::uint32_t> allIndices(const DataSource& source);

} // namespace gradwright
