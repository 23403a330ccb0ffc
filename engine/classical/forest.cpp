// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/classical/method.h"
#include "engine/classical/tree.h"
#include "engine/classical/tree_params.h"
#include "engine/data/feed/worker_crew.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace gradwright {
namespace {

/// One tree or the mean of several.
class Forest final : public ClassicalModel {
public:
    explicit Forest(std::vector<std::optional<Tree>> trees)
        : trees_(std::move(trees)) {}

    static std::unique_ptr<ClassicalModel> open(const ModelParts& parts, const RowOutline& rows) {
        std::vector<std::optional<Tree>> trees(
            static_cast<std::size_t>(parts.wholeNumber("trees", 1, kMostTrees)));
        for (std::size_t i = 0; i < trees.size(); ++i)
            trees[i].emplace(parts, treeName(i), rows);
        return std::make_unique<Forest>(std::move(trees));
    }
    [[nodiscard]] ModelParts parts() const override {
        ModelParts parts;
        parts.put("trees", static_cast<std::int64_t>(trees_.size()));
        for (std::size_t i = 0; i < trees_.size(); ++i)
            trees_[i]->write(parts, treeName(i));
        return parts;
    }

    void answer(std::span<const float> row, std::span<double> out) const override {
        std::ranges::fill(out, 0.0);
        for (const auto& tree : trees_) {
            const auto said = tree->answer(row);
            for (std::size_t i = 0; i < out.size(); ++i)
                out[i] += said[i] / static_cast<double>(trees_.size());
        }
    }

private:
    std::vector<std::optional<Tree>> trees_;
};

/// How often each sample is drawn in as many draws with replacement as there are samples.
std::vector<double> bootstrap(std::size_t count, const Rng& rng) {
    std::vector<double> weights(count);
    for (std::size_t n = 0; n < count; ++n)
        ++weights[rng.below(n, count)];
    return weights;
}

std::unique_ptr<ClassicalModel> fitTree(const Samples& samples, const Params& params,
                                        std::uint64_t seed, const Watch& watch) {
    const RankedSamples ranked(samples, watch);
    const std::vector<double> weights(samples.count(), 1.0);
    std::vector<std::optional<Tree>> trees(1);
    trees[0].emplace(ranked, weights, std::span<const double>(), treeLimits(params),
                     Rng(seed, RngStream::Trees), watch);
    return std::make_unique<Forest>(std::move(trees));
}

/// As many as are drawn by default: √features for classes, all for values.
std::size_t drawnFeatures(const Samples& samples, const Params& params) {
    if (const auto wanted = params.integer("features"); wanted > 0)
        return static_cast<std::size_t>(wanted);
    if (samples.classes == 0)
        return 0;
    const auto root = std::sqrt(static_cast<double>(samples.features));
    return std::max<std::size_t>(1, static_cast<std::size_t>(root));
}

std::unique_ptr<ClassicalModel> fitForest(const Samples& samples, const Params& params,
                                          std::uint64_t seed, const Watch& watch) {
    const RankedSamples ranked(samples, watch.part(0, 0.05));
    auto limits = treeLimits(params);
    limits.features = drawnFeatures(samples, params);
    std::vector<std::optional<Tree>> trees(static_cast<std::size_t>(params.integer("trees")));
    const auto helpers = usefulHelpers();
    WorkerCrew crew(helpers);
    const Watch quiet{watch.stop, {}};
    // Each tree has numbers of its own, so the forest does not depend on who grows which.
    for (std::size_t first = 0; first < trees.size(); first += helpers + 1) {
        watch.reach(0.05 + 0.95 * static_cast<double>(first) / static_cast<double>(trees.size()));
        crew.run(std::min(helpers + 1, trees.size() - first), [&](std::size_t i) {
            const auto number = static_cast<std::uint32_t>(first + i);
            const auto weights =
                bootstrap(samples.count(), Rng(seed, RngStream::Trees, 2 * number + 1));
            trees[number].emplace(ranked, weights, std::span<const double>(), limits,
                                  Rng(seed, RngStream::Trees, 2 * number + 2), quiet);
        });
    }
    return std::make_unique<Forest>(std::move(trees));
}

} // namespace

TreeLimits treeLimits(const Params& params) {
    return {static_cast<std::size_t>(params.integer("depth")),
            static_cast<std::size_t>(params.integer("leaf")), 0};
}

ParamSpec treeDepthParam(std::int64_t defaultValue) {
    return zeroIs("unlimited", intParam("depth", "Depth", defaultValue, 0, 10000,
                                        "How many questions lead to a leaf at most."));
}

ParamSpec treeLeafParam() {
    return intParam("leaf", "Samples of a leaf", 1, 1, 1e9, "A leaf has at least so many samples.");
}

MethodDef decisionTreeMethod() {
    return {.key = "tree",
            .title = "Decision tree",
            .doc = "Questions on one feature after the other lead to a leaf, whose training "
                   "samples give the answer (CART: Breiman et al. 1984; Gini's impurity, squared "
                   "error).",
            .givesProbabilities = true,
            .params = {treeDepthParam(0), treeLeafParam()},
            .fit = fitTree,
            .open = Forest::open};
}

MethodDef randomForestMethod() {
    auto trees = intParam("trees", "Trees", 100, 1, kMostTrees, "How many trees there are.");
    auto features = zeroIs(
        "automatic",
        intParam("features", "Features per split", 0, 0, 1e9,
                 "How many features are drawn for each split; by default the square root of all "
                 "for classes, all for values."));
    return {.key = "forest",
            .title = "Random forest",
            .doc = "The mean of trees, each grown from samples drawn with replacement and from few "
                   "features a split (Breiman 2001).",
            .givesProbabilities = true,
            .params = {trees, treeDepthParam(0), treeLeafParam(), features},
            .fit = fitForest,
            .open = Forest::open};
}

} // namespace gradwright
