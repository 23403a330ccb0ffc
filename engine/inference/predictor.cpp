// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/inference/predictor.h"

#include "engine/support/error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace gradwright {

Predictor::Predictor(OpGraph graph, const Weights& weights, const ComputeTarget& target)
    : programs_(backendFor(target), std::move(graph), {.precision = target.precision}) {
    if (programs_.graph().inputs().size() != 1 || programs_.graph().outputs().empty())
        throw Error("prediction needs a network with one input and an output");
    input_ = programs_.graph().inputs().front().value;
    output_ = programs_.graph().outputs().front().value;
    programs_.get(1, Mode::Inference);
    setWeights(weights);
}

void Predictor::setWeights(const Weights& weights) {
    writeWeights(*programs_.weights(), weights);
}

Prediction Predictor::predict(const Tensor& input) {
    if (input.shape() != inputShape())
        throw Error("the network takes {}, not {}", toString(inputShape()),
                    toString(input.shape()));
    auto& program = programs_.get(1, Mode::Inference);
    const std::array inputs = {BatchInput{input_, input.span<float>().data()}};
    program.forward(inputs);
    Prediction prediction;
    prediction.probabilities.resize(classes());
    program.copyOutput(output_, prediction.probabilities);
    if (!std::ranges::all_of(prediction.probabilities, [](float p) { return std::isfinite(p); }))
        throw Error("the network's answer is not a number (first in {}); its weights diverged or "
                    "are damaged",
                    program.firstNonFinite().value_or("its output"));
    const auto best = std::ranges::max_element(prediction.probabilities);
    prediction.classIndex = static_cast<std::int32_t>(best - prediction.probabilities.begin());
    prediction.probability = *best;
    return prediction;
}

Shape Predictor::inputShape() const {
    return programs_.graph().type(input_).sample();
}

std::size_t Predictor::classes() const {
    return static_cast<std::size_t>(programs_.graph().type(output_).sample().elements());
}

} // namespace gradwright
