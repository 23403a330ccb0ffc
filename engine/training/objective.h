// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"
#include "engine/data/feed/batcher.h"
#include "engine/graph/analysis.h"
#include "engine/metrics/metric.h"
#include "engine/ops/op_graph.h"
#include "engine/training/settings.h"

#include <optional>
#include <vector>

namespace gradwright {

/// The graph that training compiles: the network's ops, for each objective a target input and a
/// loss term, and as outputs, named by their Output nodes, the values that the losses take: what
/// enters a final softmax, sigmoid or step where that is the loss's Head.
struct TrainingGraph {
    OpGraph graph;
    ValueId input;                ///< fed with whole samples, whatever Inputs get of them
    std::vector<ValueId> targets; ///< one an objective, fed with labels or target values
    std::vector<ValueId> outputs; ///< one an objective: logits or predictions
    /// What the first objective's output is judged by, beside the losses; never null.
    const MetricDef* metric = &qualityMetric(MetricKind::Classes);
    /// In an evaluationGraph(): what inferenceGraph() says of a sample, one more output.
    std::optional<ValueId> answer{};
};

/// What to feed for a batch, into `inputs`; the batch must outlive its use.
void bindBatch(const TrainingGraph& training, const Batch& batch, std::vector<BatchInput>& inputs);

/// Throws Error with the first reason when the network cannot be trained like that on such data.
TrainingGraph trainingGraph(const Network& network, const DataInfo& data,
                            const TrainingSettings& settings);

/// The same for measuring: beside the losses it has what the network answers, so that one pass over
/// some samples gives both. Throws Error as trainingGraph() does.
TrainingGraph evaluationGraph(const Network& network, const DataInfo& data,
                              const TrainingSettings& settings);

/// What keeps a network that runs from being trained on such data, with fixes: an input or output
/// of another size, no input, several without an assignment of the data's parts or with one that
/// does not fit, an objective for an output that is not there; and the warning that a second
/// Softmax gives.
std::vector<Diagnostic> diagnoseTraining(const Network& network, const Analysis& analysis,
                                         const DataInfo& data, const TrainingSettings& settings);

/// The graph that prediction compiles. It takes whole samples of the data, as trainingGraph() does,
/// and gives the network's first output, named "probabilities", as one
/// number per class or, for data with target values, as these. The loss's softmax or sigmoid is
/// appended where the network does not end in it; a single output that decides between two classes
/// becomes two.
OpGraph inferenceGraph(const Network& network, const DataInfo& data,
                       const TrainingSettings& settings);

} // namespace gradwright
