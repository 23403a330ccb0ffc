// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/inference/predictor.h"

#include "engine/support/error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace gradwright {

Predictor::Predictor(SampleAnswers answers)
    : answers_(std::move(answers)) {}

Predictor::Predictor(OpGraph graph, const Weights& weights, const ComputeTarget& target)
    : network_(std::in_place, std::move(graph), weights, target) {
    findPorts();
}

Predictor::Predictor(InferenceModel optimized, const ComputeTarget& target)
    : network_(std::in_place, std::move(optimized), target) {
    findPorts();
}

void Predictor::findPorts() {
    if (network_->graph().inputs().size() != 1 || network_->graph().outputs().empty())
        throw Error("prediction needs a network with one input and an output");
    input_ = network_->graph().inputs().front().value;
    output_ = network_->graph().outputs().front().value;
}

void Predictor::setWeights(const Weights& weights) {
    network_->setWeights(weights);
}

Prediction Predictor::predict(const Tensor& input) {
    if (input.shape() != inputShape())
        throw Error("the network takes {}, not {}", toString(inputShape()),
                    toString(input.shape()));
    Prediction prediction;
    prediction.probabilities.resize(classes());
    answer(input, prediction.probabilities);
    const auto best = std::ranges::max_element(prediction.probabilities);
    prediction.classIndex = static_cast<std::int32_t>(best - prediction.probabilities.begin());
    prediction.probability = *best;
    return prediction;
}

void Predictor::answer(const Tensor& input, std::vector<float>& out) {
    const auto isFinite = [&] {
        return std::ranges::all_of(out, [](float p) { return std::isfinite(p); });
    };
    if (!network_) {
        std::vector<double> said(out.size());
        answers_.answer(input.span<float>(), said);
        std::ranges::transform(said, out.begin(), [](double p) { return static_cast<float>(p); });
        if (!isFinite())
            throw Error("the answer is not a number");
        return;
    }
    auto& program = network_->program(1);
    const std::array inputs = {BatchInput{input_, input.span<float>().data()}};
    program.forward(inputs);
    program.copyOutput(output_, out);
    if (!isFinite())
        throw Error("the network's answer is not a number (first in {}); its weights diverged or "
                    "are damaged",
                    program.firstNonFinite().value_or("its output"));
}

Shape Predictor::inputShape() const {
    if (!network_)
        return answers_.input;
    return network_->graph().type(input_).sample();
}

std::size_t Predictor::classes() const {
    if (!network_)
        return answers_.outputs;
    return static_cast<std::size_t>(network_->graph().type(output_).sample().elements());
}

} // namespace gradwright
