// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/devices.h"
#include "engine/backend/weights.h"
#include "engine/data/dataset.h"
#include "engine/inference/predictor.h"
#include "engine/metrics/outcomes.h"
#include "engine/ops/op_graph.h"
#include "engine/project/project.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace gradwright {

/// A network with weights and the data it was made for; shared between threads, never changed.
struct TrainedModel {
    std::string name;          ///< of the run
    std::filesystem::path run; ///< its folder
    std::string weightsTitle;  ///< "best, epoch 3", "step 1,200, BF16"
    DataChoice choice;         ///< whose preparation and classes hold
    OpGraph graph;             ///< an inferenceGraph()
    std::shared_ptr<const Dataset> data;
    std::shared_ptr<const Weights> weights;
    ComputeTarget target = {}; ///< what it was trained on, which is what its answers come from
    /// A network that the passes for inference have gone over, or one in integers, with the weights
    /// that it keeps, in place of graph and weights.
    std::shared_ptr<const InferenceModel> optimized = {};
    /// Why the samples of the data set are not here: then there are none to test with.
    std::string noSamples = {};
    /// Of a classical method that has learned the data, in place of graph and weights.
    std::shared_ptr<const SampleAnswers> answers = {};

    /// Whether other weights can take the place of its own.
    [[nodiscard]] bool takesWeights() const { return !answers && !optimized; }
    /// What answers single samples. Throws Error when the weights are another network's.
    [[nodiscard]] std::unique_ptr<Predictor> predictor() const;
    /// What it says of the whole test set; nothing when stopped. Throws Error likewise.
    [[nodiscard]] std::optional<Outcomes>
    readTestSet(const std::stop_token& stop,
                const std::function<void(std::int64_t)>& progress) const;
};

/// Opens a run's best weights. Slow: call it on a background thread. Takes `opened` instead of
/// reading the data again when the choice is the same. Throws Error naming file and fault.
TrainedModel openModel(const std::filesystem::path& run, const TrainedModel* opened = nullptr);

/// Opens a classical method that was fitted and saved. Slow as openModel(). Throws Error naming
/// file and fault.
TrainedModel openFittedMethod(const std::filesystem::path& file,
                              const TrainedModel* opened = nullptr);

/// The network of a training with weights of its own, e.g. the newest. Slow at the first call for a
/// choice of data. Throws Error.
TrainedModel makeModel(const TrainingJob& job, const std::filesystem::path& run,
                       std::shared_ptr<const Weights> weights, std::int64_t step,
                       const TrainedModel* opened = nullptr);

/// A network with the weights that came with the model it was opened from, before any training.
/// Slow as makeModel(). Throws Error, as when the network has become another one since.
TrainedModel modelAsOpened(const TrainingJob& job, const TrainedModel* opened = nullptr);

} // namespace gradwright
