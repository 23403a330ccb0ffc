// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/model/reduction.h"
#include "engine/io/run_directory.h"
#include "engine/passes/inference/optimize.h"
#include "engine/project/project.h"
#include "engine/training/evaluation.h"
#include "engine/training/objective.h"

#include <filesystem>
#include <optional>
#include <set>
#include <string>

namespace gradwright {

inline constexpr const char* kModelEnding = ".gwmodel";

/// A network after the passes for inference, with all that it takes to use it.
struct OptimizedModel {
    Project project;                  ///< whose network it was
    std::optional<std::string> run{}; ///< whose weights it has; nothing: those of before training
    std::optional<DataInfo> data{};
    /// Why inputs and outputs are the network's own and there are no losses; empty where the data
    /// are known.
    std::string note{};
    Precision precision = Precision::F32;
    /// What the passes left of an evaluationGraph(); without data the graph alone.
    TrainingGraph evaluation{};
    std::vector<Tensor> weights{};            ///< by WeightId of the graph, F32 or F64
    NetworkSize before{}, after{};            ///< of what answers
    std::optional<ReductionReport> reduced{}; ///< where it was reduced; not in the file
};

/// How a model is made.
struct ModelWish {
    std::set<std::string> leftOut{}; ///< passes
    Reduction reduction{};           ///< needs the network's data
};

/// Of the run's best weights, or of those that training starts with. Throws Error as
/// answeringNetwork() and reduceNetwork() do, and where the passes change an answer to random
/// samples by more than 1e-4. Nothing when stopped.
std::optional<OptimizedModel> optimizedModel(const Project& project,
                                             const std::optional<RunDirectory>& run,
                                             const ModelWish& wish = {},
                                             const std::stop_token& stop = {});

/// The network of a run in integers of 8 bits: `quantized` is what quantize() left of `evaluation`,
/// the run's evaluationGraph(), with its weights.
OptimizedModel modelInIntegers(const RunDirectory& run, const TrainingGraph& evaluation,
                               const InferenceModel& quantized);

/// Loss and quality over some samples of the model's data. Nothing when stopped.
std::optional<Score> measureModel(const OptimizedModel& model,
                                  std::shared_ptr<const DataSource> source,
                                  std::vector<std::uint32_t> indices,
                                  const std::stop_token& stop = {},
                                  const EvaluationProgress& progress = {});

/// What answers a sample, nothing more: as inferenceGraph() does where the data are known.
InferenceModel answeringModel(const OptimizedModel& model);

/// Whether a file's name says that it holds such a model.
bool isModelFile(const std::filesystem::path& file);
/// Replaces the file atomically. What could not be read again is not written. Throws Error; the
/// file is then as before.
void writeModel(const std::filesystem::path& file, const OptimizedModel& model);
/// Throws Error naming the file, what is wrong in it and what would be right: of a file that ends
/// too early, was altered, comes from a newer version or holds ops that do not fit together.
OptimizedModel readModel(const std::filesystem::path& file);

} // namespace gradwright
