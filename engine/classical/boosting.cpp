// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/classical/method.h"
#include "engine/classical/probabilities.h"
#include "engine/classical/tree.h"
#include "engine/classical/tree_params.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace gradwright {
namespace {

std::size_t largest(std::span<const double> values) {
    return static_cast<std::size_t>(std::ranges::max_element(values) - values.begin());
}

std::vector<Tree> openTrees(const ModelParts& parts, const RowOutline& rows) {
    std::vector<Tree> trees;
    const auto count = static_cast<std::size_t>(parts.wholeNumber("trees", 1, kMostTrees));
    for (std::size_t i = 0; i < count; ++i)
        trees.emplace_back(parts, treeName(i), rows);
    return trees;
}

ModelParts partsOf(const std::vector<Tree>& trees) {
    ModelParts parts;
    parts.put("trees", static_cast<std::int64_t>(trees.size()));
    for (std::size_t i = 0; i < trees.size(); ++i)
        trees[i].write(parts, treeName(i));
    return parts;
}

/// Trees that vote by how often they are right.
class BoostedClasses final : public ClassicalModel {
public:
    void add(Tree tree, double vote) {
        trees_.push_back(std::move(tree));
        votes_.push_back(vote);
    }
    [[nodiscard]] bool empty() const { return trees_.empty(); }

    BoostedClasses() = default;
    BoostedClasses(const ModelParts& parts, const RowOutline& rows)
        : trees_(openTrees(parts, rows))
        , votes_(parts.reals("votes", trees_.size())) {}
    [[nodiscard]] ModelParts parts() const override {
        auto parts = partsOf(trees_);
        parts.put("votes", votes_);
        return parts;
    }

    /// Softmax of D / (K - 1), where D is the mean vote: a tree gives its vote to its class and
    /// takes 1 / (K - 1) of it from each other one (Zhu et al. 2009, eq. 4).
    void answer(std::span<const float> row, std::span<double> out) const override {
        std::ranges::fill(out, 0.0);
        const auto all = std::accumulate(votes_.begin(), votes_.end(), 0.0);
        const auto others = std::max(1.0, static_cast<double>(out.size()) - 1);
        for (std::size_t i = 0; i < trees_.size(); ++i) {
            const auto chosen = largest(trees_[i].answer(row));
            for (std::size_t c = 0; c < out.size(); ++c)
                out[c] += (c == chosen ? votes_[i] : -votes_[i] / others) / all / others;
        }
        softmax(out);
    }

private:
    std::vector<Tree> trees_;
    std::vector<double> votes_;
};

/// Mean + rate · Σ trees.
class BoostedValues final : public ClassicalModel {
public:
    BoostedValues(std::vector<double> mean, double rate)
        : mean_(std::move(mean))
        , rate_(rate) {}
    void add(Tree tree) { trees_.push_back(std::move(tree)); }

    BoostedValues(const ModelParts& parts, const RowOutline& rows)
        : mean_(parts.reals("mean", rows.width))
        , rate_(parts.reals("rate", 1)[0])
        , trees_(openTrees(parts, rows)) {}
    [[nodiscard]] ModelParts parts() const override {
        auto parts = partsOf(trees_);
        parts.put("mean", mean_);
        parts.put("rate", rate_);
        return parts;
    }

    void answer(std::span<const float> row, std::span<double> out) const override {
        std::ranges::copy(mean_, out.begin());
        for (const auto& tree : trees_) {
            const auto said = tree.answer(row);
            for (std::size_t i = 0; i < out.size(); ++i)
                out[i] += rate_ * said[i];
        }
    }

private:
    std::vector<double> mean_;
    double rate_;
    std::vector<Tree> trees_;
};

/// SAMME: samples that a tree gets wrong weigh more for the next.
std::unique_ptr<ClassicalModel> boostClasses(const Samples& samples, const Params& params,
                                             std::uint64_t seed, const Watch& watch) {
    const RankedSamples ranked(samples, watch);
    const auto rounds = params.integer("trees");
    const auto rate = params.real("rate") > 0 ? params.real("rate") : 1.0;
    const auto limits = treeLimits(params);
    const auto classes = static_cast<double>(samples.classes);
    std::vector<double> weights(samples.count(), 1.0 / static_cast<double>(samples.count()));
    auto model = std::make_unique<BoostedClasses>();
    for (std::int64_t round = 0; round < rounds; ++round) {
        watch.reach(static_cast<double>(round) / static_cast<double>(rounds));
        const Rng rng(seed, RngStream::Trees, static_cast<std::uint32_t>(round));
        Tree tree(ranked, weights, {}, limits, rng, watch);
        std::vector<bool> wrong(samples.count());
        double error = 0;
        for (std::size_t n = 0; n < samples.count(); ++n) {
            wrong[n] =
                largest(tree.answer(samples.row(n))) != static_cast<std::size_t>(samples.labels[n]);
            error += wrong[n] ? weights[n] : 0;
        }
        if (error <= 0) { // nothing is left to learn
            model->add(std::move(tree), 1);
            break;
        }
        const auto vote = rate * (std::log((1 - error) / error) + std::log(classes - 1));
        if (error >= 1 - 1 / classes) { // no better than chance
            if (model->empty())
                model->add(std::move(tree), 1);
            break;
        }
        double sum = 0;
        for (std::size_t n = 0; n < weights.size(); ++n)
            sum += weights[n] *= wrong[n] ? std::exp(vote) : 1;
        for (auto& weight : weights)
            weight /= sum;
        model->add(std::move(tree), vote);
    }
    return model;
}

/// Each tree learns what those before it have left over of the squared error.
std::unique_ptr<ClassicalModel> boostValues(const Samples& samples, const Params& params,
                                            std::uint64_t seed, const Watch& watch) {
    const RankedSamples ranked(samples, watch);
    const auto rounds = params.integer("trees");
    const auto rate = params.real("rate") > 0 ? params.real("rate") : 0.1;
    const auto count = samples.count();
    const auto width = samples.width;
    std::vector<double> mean(width);
    for (std::size_t n = 0; n < count; ++n)
        for (std::size_t i = 0; i < width; ++i)
            mean[i] += static_cast<double>(samples.target(n)[i]) / static_cast<double>(count);
    std::vector<double> rest(count * width);
    for (std::size_t n = 0; n < count; ++n)
        for (std::size_t i = 0; i < width; ++i)
            rest[n * width + i] = static_cast<double>(samples.target(n)[i]) - mean[i];
    auto model = std::make_unique<BoostedValues>(mean, rate);
    const std::vector<double> weights(count, 1.0);
    for (std::int64_t round = 0; round < rounds; ++round) {
        watch.reach(static_cast<double>(round) / static_cast<double>(rounds));
        const Rng rng(seed, RngStream::Trees, static_cast<std::uint32_t>(round));
        Tree tree(ranked, weights, rest, treeLimits(params), rng, watch);
        for (std::size_t n = 0; n < count; ++n) {
            const auto said = tree.answer(samples.row(n));
            for (std::size_t i = 0; i < width; ++i)
                rest[n * width + i] -= rate * said[i];
        }
        model->add(std::move(tree));
    }
    return model;
}

} // namespace

MethodDef boostingMethod() {
    auto trees =
        intParam("trees", "Trees", 100, 1, kMostTrees, "How many trees there are at most.");
    auto rate = zeroIs("automatic", realParam("rate", "Learning rate", 0, 0, 10,
                                              "What each tree contributes; by default 1 for "
                                              "classes, 0.1 for values."));
    return {.key = "boosting",
            .title = "Boosting",
            .doc = "Small trees, each of which attends to what those before it got wrong: SAMME "
                   "for classes (Zhu et al. 2009), gradient boosting of the squared error for "
                   "values (Friedman 2001).",
            .givesProbabilities = true,
            .params = {trees, treeDepthParam(3), treeLeafParam(), rate},
            .fit =
                [](const Samples& samples, const Params& params, std::uint64_t seed,
                   const Watch& watch) {
                    return samples.classes > 0 ? boostClasses(samples, params, seed, watch)
                                               : boostValues(samples, params, seed, watch);
                },
            .open = [](const ModelParts& parts,
                       const RowOutline& rows) -> std::unique_ptr<ClassicalModel> {
                if (rows.classes > 0)
                    return std::make_unique<BoostedClasses>(parts, rows);
                return std::make_unique<BoostedValues>(parts, rows);
            }};
}

} // namespace gradwright
