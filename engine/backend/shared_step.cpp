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

} // namespace

std::vector<WeightId> runningStatistics(const OpGraph& graph) {
    std::vector<WeightId> found;
    for (const auto& op : graph.ops())
        if (const auto* norm = std::get_if<BatchNormOp>(&op.attributes); norm && !norm->fixed)
            for (const auto place : {2, 3}) // mean and variance
                found.push_back(op.weights[static_cast<std::size_t>(place)]);
    std::ranges::sort(found, {}, &WeightId::value);
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

void WeightStore::accumulateGradients(double, const Accumulation&) {
    throw Error("this engine cannot average the gradients of several batches");
}

std::unique_ptr<GradientExchange> WeightStore::exchangeGradients(const GradientSharing&,
                                                                 std::span<const WeightId>) {
    throw Error("this engine cannot share a batch among processes");
}

void WeightStore::averageWeights(Communicator&, double, std::span<const WeightId>) {
    throw Error("this engine cannot share a batch among processes");
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

    const auto& batch = step.accumulation;
    const double share = step.shared->share(options().batch);
    if (!batch.isLast) {
        backward({});
        weights()->accumulateGradients(share * batch.share, batch);
        updateStatistics();
        averageStatistics(share, false);
        return result;
    }
    backwardTogether(step, share);
    gradientsChanged();
    result.gradientSquares = gradientSquares();
    for (std::size_t i = 0; i < result.gradientSquares.size(); ++i)
        if (!std::isfinite(result.gradientSquares[i])) {
            result.fault = {NonFinite::Where::Gradient, graph().weights()[i].key};
            return result;
        }
    if (options().update) {
        update(step.learningRate, step.seed.step);
        averageStatistics(share, true);
    }
    return result;
}

void Program::backwardTogether(const StepRequest& step, double share) {
    const auto& shared = *step.shared;
    // Statistics of all ranks travel during the backward pass, too, and would meet gradients.
    auto* beside = options().sharesStatistics ? nullptr : shared.beside;
    const auto exchange = weights()->exchangeGradients({.ranks = shared.ranks,
                                                        .share = share,
                                                        .wire = shared.wire,
                                                        .place = step.accumulation,
                                                        .beside = beside,
                                                        .bucketBytes = shared.bucketBytes,
                                                        .trace = step.trace},
                                                       gradientOrder());
    watch_ = beside ? exchange.get() : nullptr;
    try {
        backward({});
    } catch (...) {
        watch_ = nullptr;
        throw;
    }
    watch_ = nullptr;
    exchange->finish();
}

void Program::averageStatistics(double share, bool hasMoved) {
    const auto statistics = runningStatistics(graph());
    if (statistics.empty() || options().sharesStatistics)
        return;
    try {
        weights()->averageWeights(shared()->ranks, share, statistics);
    } catch (RankLost& lost) {
        lost.isWithinStep = hasMoved;
        throw;
    }
}

} // namespace gradwright
