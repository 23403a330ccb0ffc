// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/devices.h"
#include "engine/backend/weights.h"
#include "engine/data/dataset.h"
#include "engine/inference/predictor.h"
#include "engine/metrics/outcomes.h"
#include "engine/ops/op_graph.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

namespace gradwright {

/// Runs some samples of a source; `graph` is an inferenceGraph(), `target` what its weights were
/// trained on. Nothing when stopped; `progress` is told the number of samples done. Throws Error
/// when weights or samples are another network's.
std::optional<Outcomes> readOutcomes(const OpGraph& graph, const Weights& weights,
                                     std::shared_ptr<const DataSource> source,
                                     std::vector<std::uint32_t> indices,
                                     const std::stop_token& stop = {},
                                     const std::function<void(std::int64_t)>& progress = {},
                                     const ComputeTarget& target = {});
/// The same of a network that the passes for inference have gone over before.
std::optional<Outcomes> readOutcomes(const InferenceModel& optimized,
                                     std::shared_ptr<const DataSource> source,
                                     std::vector<std::uint32_t> indices,
                                     const std::stop_token& stop = {},
                                     const std::function<void(std::int64_t)>& progress = {},
                                     const ComputeTarget& target = {});
/// The same of what is no network, on all threads.
std::optional<Outcomes> readOutcomes(const SampleAnswers& answers, const DataSource& source,
                                     const std::vector<std::uint32_t>& indices,
                                     const std::stop_token& stop = {},
                                     const std::function<void(std::int64_t)>& progress = {});
/// The same for every sample.
std::optional<Outcomes> readAll(const OpGraph& graph, const Weights& weights,
                                const std::shared_ptr<const DataSource>& source,
                                const std::stop_token& stop = {},
                                const std::function<void(std::int64_t)>& progress = {},
                                const ComputeTarget& target = {});

} // namespace gradwright
