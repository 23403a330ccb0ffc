// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/inference/optimized_network.h"
#include "engine/tensor/tensor.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace gradwright {

struct Prediction {
    std::int32_t classIndex = 0;
    double probability = 0;
    std::vector<float> probabilities; ///< one a class
};

/// What answers like a network without being one: a classical method that has learned the same
/// data.
struct SampleAnswers {
    Shape input;             ///< of a prepared sample
    std::size_t outputs = 0; ///< numbers that answer() writes: one a class or target value
    /// May be called by several threads at once.
    std::function<void(std::span<const float> sample, std::span<double> out)> answer;
};

/// Classifies prepared inputs with one set of weights. Used by one thread at a time.
class Predictor {
public:
    explicit Predictor(SampleAnswers answers);

    /// `graph` has one input and, first, an output of class probabilities. `target` is what the
    /// weights were trained on, for the answers that they give there. Throws Error when the weights
    /// are another network's.
    Predictor(OpGraph graph, const Weights& weights, const ComputeTarget& target = {});

    /// Of a model that the passes for inference have gone over before.
    explicit Predictor(InferenceModel optimized, const ComputeTarget& target = {});

    /// Takes other weights of the same network; there has to be one.
    void setWeights(const Weights& weights);

    /// One input, of the shape that the graph takes (F32). Throws Error for another shape and when
    /// the answer holds a NaN or an infinity.
    Prediction predict(const Tensor& input);

    [[nodiscard]] Shape inputShape() const;
    [[nodiscard]] std::size_t classes() const;

private:
    void findPorts();
    void answer(const Tensor& input, std::vector<float>& out);

    std::optional<OptimizedNetwork> network_; ///< this or
    SampleAnswers answers_;
    ValueId input_;
    ValueId output_;
};

} // namespace gradwright
