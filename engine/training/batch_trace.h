// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/training/objective.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// A layer that takes part in training, and the values that it makes.
struct TracedLayer {
    std::string path;             ///< the flat node's: "stage2/1/conv1"
    std::vector<ValueId> outputs; ///< by output; an Output node's is what it is given
};

/// What the numbers of a BatchTrace belong to.
struct TracedNetwork {
    TrainingGraph training;          ///< before differentiation
    std::vector<TracedLayer> layers; ///< each after what feeds it
    TrainingSettings settings;
    DataInfo data;

    /// Nullptr when no layer of that path takes part.
    [[nodiscard]] const TracedLayer* find(std::string_view path) const;
};

/// A weight of the network, all in F64 and of the weight's shape.
struct TracedWeight {
    std::string key;
    Tensor before;
    /// The gradient of the mean cost of the batch, before penalties and clipping; empty where the
    /// weight does not learn.
    Tensor gradient;
    Tensor after; ///< the optimizer's step later; empty where the weight does not learn

    [[nodiscard]] bool learns() const { return gradient.elements() > 0; }
};

/// One batch of a training with every number that was computed for it, in F64.
struct BatchTrace {
    std::shared_ptr<const TracedNetwork> network;
    std::int64_t samples = 0;
    std::int64_t number = 1;           ///< the batch's, counted from 1
    std::int64_t step = 1;             ///< the optimizer's, counted from 1
    double learningRate = 0;           ///< the step's, as scheduled
    std::vector<std::int32_t> labels;  ///< as in Batch
    std::vector<float> targets;        ///< as in Batch
    std::vector<double> losses;        ///< per sample: the weighted sum of the objectives
    double lossBefore = 0;             ///< the mean of `losses`
    double lossAfter = 0;              ///< the same batch's with the new weights
    std::vector<Tensor> values;        ///< by ValueId, [samples, …]; empty where there is none
    std::vector<Tensor> gradients;     ///< of `lossBefore` for these; empty where there is none
    std::vector<TracedWeight> weights; ///< by WeightId of the network's graph

    /// Empty (no elements) where the value is not real numbers or was not computed.
    [[nodiscard]] const Tensor& value(ValueId id) const { return values[id.index()]; }
    /// Empty where the cost depends on no learning weight through the value.
    [[nodiscard]] const Tensor& gradient(ValueId id) const { return gradients[id.index()]; }
};

/// The root mean square of a tensor's elements; 0 for none.
double rootMeanSquare(const Tensor& values);

} // namespace gradwright
