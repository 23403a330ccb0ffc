// SPDX-License-Identifier: GPL-3.0-or-later
//
// A step on a batch that ranks share: each computes its samples, and what comes out is summed, so
// that all take the same step.
#include "engine/backend/backend.h"
#include "engine/support/error.h"

#include <algorithm>
#include <cmath>

namespace gradwright {
namespace {

/// What the ranks add up of a step before they sum gradients.
class StepSums {
public:
    /// `wantsStop`, and what is wrong, count the ranks that say so.
    StepSums(bool wantsStop, bool isFaulty, const ScoreSums& score)
        : values_{wantsStop ? 1.0 : 0.0,
                  isFaulty ? 1.0 : 0.0,
                  score.loss,
                  static_cast<double>(score.correct),
                  static_cast<double>(score.samples),
                  static_cast<double>(score.labels),
                  score.squaredErrors,
                  score.targetSquares} {
        values_.insert(values_.end(), score.targets.begin(), score.targets.end());
    }

    void sum(Communicator& ranks) { ranks.sum(std::span(values_)); }
    [[nodiscard]] bool wantsStop() const { return values_[0] > 0; }
    [[nodiscard]] bool isFaulty() const { return values_[1] > 0; }
    [[nodiscard]] ScoreSums score() const {
        const auto count = [this](std::size_t place) { return std::llround(values_[place]); };
        ScoreSums score;
        score.loss = values_[2];
        score.correct = count(3);
        score.samples = count(4);
        score.labels = count(5);
        score.squaredErrors = values_[6];
        score.targetSquares = values_[7];
        score.targets.assign(values_.begin() + 8, values_.end());
        return score;
    }

private:
    std::vector<double> values_;
};

/// The first that any rank has to tell.
std::string firstOf(const std::vector<std::string>& texts) {
    const auto found = std::ranges::find_if(texts, [](const auto& text) { return !text.empty(); });
    return found == texts.end() ? std::string() : *found;
}

/// What batch normalization learns of the samples, not of their gradients.
std::vector<WeightId> statisticsOf(const OpGraph& graph) {
    std::vector<WeightId> found;
    for (const auto& op : graph.ops())
        if (const auto* norm = std::get_if<BatchNormOp>(&op.attributes); norm && !norm->fixed)
            for (const auto place : {2, 3}) // mean and variance
                found.push_back(op.weights[static_cast<std::size_t>(place)]);
    std::ranges::sort(found, {}, &WeightId::value);
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

} // namespace

void WeightStore::sumGradients(Communicator&, double, Wire) {
    throw Error("this engine cannot share a batch among processes");
}

void WeightStore::averageWeights(Communicator&, double, std::span<const WeightId>) {
    throw Error("this engine cannot share a batch among processes");
}

std::optional<StepResult> Program::finishTogether(const StepRequest& step,
                                                  const std::stop_token& stop) {
    shared_ = step.shared;
    try {
        auto result = stepTogether(step, stop);
        shared_ = nullptr;
        return result;
    } catch (...) {
        shared_ = nullptr;
        throw;
    }
}

std::optional<StepResult> Program::stepTogether(const StepRequest& step,
                                                const std::stop_token& stop) {
    auto& ranks = step.shared->ranks;
    // No rank stops within a step: the others would wait for it.
    forward(step.inputs, step.seed, {});
    const auto loss = lossSum();
    const bool isFinite = std::isfinite(loss);
    if (graph().score()) {
        scoreStep(step, isFinite ? loss : 0);
    } else {
        score_.clear();
        score_.loss = isFinite ? loss : 0;
    }
    if (step.shared->isSpare) {
        const auto targets = score_.targets.size();
        score_.clear();
        score_.targets.assign(targets, 0);
    }
    StepSums sums(stop.stop_requested(), !isFinite, score_);
    sums.sum(ranks);
    if (sums.wantsStop())
        return {};
    score_ = sums.score();
    StepResult result{.lossSum = score_.loss, .score = graph().score() ? &score_ : nullptr};
    if (sums.isFaulty()) {
        const auto own = isFinite ? std::string() : firstNonFinite().value_or("the loss");
        result.fault = {NonFinite::Where::Loss, firstOf(ranks.gather(own))};
        return result;
    }

    backward({});
    const double share = step.shared->share(options().batch);
    weights()->sumGradients(ranks, share, step.shared->wire);
    gradientsChanged();
    result.gradientSquares = gradientSquares();
    for (std::size_t i = 0; i < result.gradientSquares.size(); ++i)
        if (!std::isfinite(result.gradientSquares[i])) {
            result.fault = {NonFinite::Where::Gradient, graph().weights()[i].key};
            return result;
        }
    if (options().update) {
        update(step.learningRate, step.seed.step);
        try {
            if (const auto statistics = statisticsOf(graph());
                !statistics.empty() && !options().sharesStatistics)
                weights()->averageWeights(ranks, share, statistics);
        } catch (RankLost& lost) {
            lost.isWithinStep = true;
            throw;
        }
    }
    return result;
}

} // namespace gradwright
