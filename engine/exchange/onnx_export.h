// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/onnx_writer.h"
#include "engine/io/run_directory.h"
#include "engine/passes/inference/optimize.h"
#include "engine/project/project.h"

#include <filesystem>
#include <optional>
#include <string>

namespace gradwright {

/// How a network is written as an ONNX model.
struct OnnxWish {
    std::int64_t opset = kOnnxOpset;
    DType weights = DType::F32; ///< or F16 or BF16: how they are kept; models compute in F32
    bool optimize = false;      ///< after the passes for inference
};

/// A graph with what it computes with.
struct WeightedGraph {
    OpGraph graph{};
    Weights weights{};
};

struct OnnxExport {
    std::string file; ///< the bytes
    /// The run whose weights they are; nothing: they are those that training starts with.
    std::optional<std::string> run{};
    /// Why the file has the network's own inputs and outputs instead of what prediction takes and
    /// gives; empty where it has the latter.
    std::string note{};
    // What the model has to answer as.
    OpGraph graph{};
    Weights weights{};
    /// The network before its weights were rounded, where they were.
    std::optional<WeightedGraph> exact{};
    std::optional<OptimizationReport> optimization{}; ///< where the passes were asked for
};

/// What a project answers, with the weights that it has.
struct AnsweringNetwork {
    OpGraph graph; ///< inference; ends in "probabilities" or in "values" in the target's units
    Weights weights;
    std::optional<DataInfo> data{};   ///< of the run, or of the project's data set
    std::optional<std::string> run{}; ///< whose weights they are; nothing: before any training
    std::string note{}; ///< why inputs and outputs are the network's own; empty where they are not
};
/// With the best weights of the run, or those that training starts with. Throws Error where the
/// network has been changed since the run.
AnsweringNetwork answeringNetwork(const Project& project, const std::optional<RunDirectory>& run);

/// What the file says beside the graph: name, description, run, classes, preparation.
OnnxOptions onnxOptions(const Project& project, const AnsweringNetwork& answering,
                        std::int64_t opset);

/// The latest run of the project that has weights, or nothing.
std::optional<RunDirectory> latestTrainedRun(const Project& project,
                                             const std::optional<std::filesystem::path>& file);

/// The network as an ONNX model that answers what `predict` does: one input, a prepared sample per
/// row, and one output, "probabilities" or, in the target's units, "values". Beside the graph lie
/// the names of classes or targets, how inputs are prepared and the run. With a run, its best
/// weights; throws Error when the network has been changed since. Without one, the weights that
/// training would start with; where the data cannot be read or do not fit, all inputs and outputs
/// of the network as they are. Throws Error as inferenceGraph(), optimizeForExchange() and
/// onnxFile() do.
OnnxExport exportOnnx(const Project& project, const std::optional<RunDirectory>& run,
                      const OnnxWish& wish = {});

} // namespace gradwright
