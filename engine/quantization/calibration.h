// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "engine/passes/quantization/equalize.h"
#include "engine/quantization/ranges.h"
#include "engine/training/objective.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

namespace gradwright {

/// Samples to calibrate and to measure with.
struct CalibrationData {
    std::shared_ptr<const DataSource> source;
    std::vector<std::uint32_t> indices;
};
/// So many samples of the training part (all, if there are fewer), drawn by the seed; none of the
/// validation and the test part.
CalibrationData calibrationData(const Dataset& dataset, const DataChoice& choice,
                                std::int64_t samples, std::uint64_t seed);

/// What the values were that the products of a graph, and the pools between them, read: by the
/// values that stand for their groups, see IntegerGroups.
using ValueHistograms = std::map<ValueId, ValueHistogram>;

/// Runs the network over the samples, twice: for the limits and for the histograms. `graph` says
/// how samples are fed; its own graph is not run. Nothing when stopped. Throws Error naming the
/// layer whose value is not finite. `progress` is called with the share that is done.
std::optional<ValueHistograms> observe(const InferenceModel& model, const TrainingGraph& graph,
                                       const CalibrationData& data,
                                       const std::stop_token& stop = {},
                                       const std::function<void(double)>& progress = {});

/// By the paths of values: how they are to be quantized, whatever their ranges are.
using GivenQuantizations = std::map<std::string, Quantization, std::less<>>;

/// The plan for all products but those of `keep`, by QuantizableProduct::name, and for the pools
/// between them. With the entropy
/// method inputs of the network take all that was seen.
QuantizationPlan planFor(const OpGraph& graph, const ValueHistograms& histograms,
                         RangeMethod method, ByteKind kind, const std::set<std::string>& keep = {},
                         const GivenQuantizations& given = {});

/// The products of layers that a person names by their paths, or the path of a block around them.
/// Throws Error for one that has none, naming those that have.
std::set<std::string> productsOf(const OpGraph& graph, const std::vector<std::string>& layers);

/// The mean over the samples of each channel that a product reads: of the first axis of images, of
/// the last one of what dense layers read. Nothing when stopped.
std::optional<InputMeans> meansOf(const InferenceModel& model, const TrainingGraph& graph,
                                  const CalibrationData& data, const std::stop_token& stop = {});

/// What a graph says of the samples: its first output before the head (logits, predictions), one
/// sample after the other. Nothing when stopped.
std::optional<std::vector<float>> outputsFor(const InferenceModel& model,
                                             const TrainingGraph& graph,
                                             const CalibrationData& data,
                                             const std::stop_token& stop = {});

} // namespace gradwright
