// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/backend.h"
#include "engine/support/error.h"

#include <cmath>
#include <utility>

namespace gradwright {

void Program::submit(const StepRequest& step) {
    submitted_ = step;
}

std::optional<StepResult> Program::finish(const std::stop_token& stop) {
    const auto step = std::exchange(submitted_, {});
    if (!step)
        throw Error("no step was submitted");
    if (!forward(step->inputs, step->seed, stop))
        return {};
    StepResult result{.lossSum = lossSum()};
    if (!std::isfinite(result.lossSum)) {
        result.fault = {NonFinite::Where::Loss, firstNonFinite().value_or("the loss")};
        return result;
    }
    if (options().mode != Mode::Training)
        return result;
    if (!backward(stop))
        return {};
    result.gradientSquares = gradientSquares();
    for (std::size_t i = 0; i < result.gradientSquares.size(); ++i)
        if (!std::isfinite(result.gradientSquares[i])) {
            result.fault = {NonFinite::Where::Gradient, graph().weights()[i].key};
            return result;
        }
    if (options().update)
        update(step->learningRate, step->seed.step);
    return result;
}

} // namespace gradwright
