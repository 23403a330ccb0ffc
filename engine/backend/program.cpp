// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/backend.h"
#include "engine/support/error.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace gradwright {
namespace {

/// A pointer is null again when this goes.
template <class T>
class Reset {
public:
    explicit Reset(T*& pointer)
        : pointer_(pointer) {}
    ~Reset() { pointer_ = nullptr; }
    Reset(const Reset&) = delete;
    Reset& operator=(const Reset&) = delete;

private:
    T*& pointer_;
};

} // namespace

std::vector<WeightId> Program::gradientOrder() const {
    return orderOfGradients(graph());
}

void Program::submit(const StepRequest& step) {
    submitted_ = step;
}

std::optional<StepResult> Program::finish(const std::stop_token& stop) {
    const auto step = std::exchange(submitted_, {});
    if (!step)
        throw Error("no step was submitted");
    const Reset reset(running_);
    running_ = &*step;
    return step->shared ? stepTogether(*step, stop) : stepAlone(*step, stop);
}

std::optional<StepResult> Program::stepAlone(const StepRequest& step, const std::stop_token& stop) {
    if (!forward(step.inputs, step.seed, stop))
        return {};
    StepResult result{.lossSum = lossSum()};
    if (!std::isfinite(result.lossSum)) {
        result.fault = {NonFinite::Where::Loss, firstNonFinite().value_or("the loss")};
        return result;
    }
    if (graph().score()) {
        scoreStep(step, result.lossSum);
        result.score = &score_;
    }
    if (options().mode != Mode::Training)
        return result;
    if (!backward(stop))
        return {};
    if (const auto& batch = step.accumulation; !batch.isAlone()) {
        weights()->accumulateGradients(batch.share, batch);
        if (!batch.isLast) {
            updateStatistics();
            return result;
        }
        gradientsChanged();
    }
    result.gradientSquares = gradientSquares();
    for (std::size_t i = 0; i < result.gradientSquares.size(); ++i)
        if (!std::isfinite(result.gradientSquares[i])) {
            result.fault = {NonFinite::Where::Gradient, graph().weights()[i].key};
            return result;
        }
    if (options().update)
        update(step.learningRate, step.seed.step);
    return result;
}

void Program::scoreStep(const StepRequest& step, double lossSum) {
    const auto& spec = *graph().score();
    const auto batch = options().batch;
    const auto elements = [&](ValueId value) {
        return static_cast<std::size_t>(graph().type(value).shapeFor(batch).elements());
    };
    scored_.resize(elements(spec.output));
    copyOutput(spec.output, scored_);
    if (spec.isLogit)
        applySigmoid(scored_);
    const auto bound = std::ranges::find(step.inputs, spec.target, &BatchInput::value);
    if (bound == step.inputs.end() || !bound->data)
        throw Error("no data is given for what {} is compared with",
                    graph().value(spec.output).path);
    score_.clear();
    if (graph().type(spec.target).element == DType::I32)
        score_.add(lossSum, scored_,
                   {static_cast<const std::int32_t*>(bound->data), elements(spec.target)}, {},
                   batch);
    else
        score_.add(lossSum, scored_, {},
                   {static_cast<const float*>(bound->data), elements(spec.target)}, batch);
}

} // namespace gradwright
