// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "engine/graph/analysis.h"
#include "engine/ops/op_graph.h"
#include "engine/training/settings.h"

namespace gradwright {

/// The graph that training compiles: the network's ops, for each objective a target input and a
/// loss term, and as outputs, named by their Output nodes, the values that the losses take. A loss
/// on logits gets what enters a final Softmax.
struct TrainingGraph {
    OpGraph graph;
    ValueId input;                ///< fed with samples
    std::vector<ValueId> targets; ///< one an objective, fed with labels
    std::vector<ValueId> outputs; ///< one an objective: logits or predictions
};

/// Throws Error with the first reason when the network cannot be trained like that on such data.
TrainingGraph trainingGraph(const Network& network, const DataInfo& data,
                            const TrainingSettings& settings);

/// What keeps a network that runs from being trained on such data, with fixes: an input or output
/// of another size, no or several inputs, an objective for an output that is not there; and the
/// warning that a second Softmax gives.
std::vector<Diagnostic> diagnoseTraining(const Network& network, const Analysis& analysis,
                                         const DataInfo& data, const TrainingSettings& settings);

/// The graph that prediction compiles: the network's first output as class probabilities, named
/// "probabilities". Where the network ends in logits for a loss that takes logits, a softmax is
/// appended.
OpGraph inferenceGraph(const Network& network, const TrainingSettings& settings);

} // namespace gradwright
