// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/classical/method.h"
#include "engine/classical/tree.h"

#include <QTest>

#include <algorithm>
#include <cmath>

using namespace gradwright;

namespace {

Samples numbersWithClasses(std::size_t features, std::vector<float> inputs,
                           std::vector<std::int32_t> labels) {
    Samples made;
    made.features = features;
    made.classes = 2;
    made.inputs = std::move(inputs);
    made.labels = std::move(labels);
    return made;
}

Tree grown(const Samples& samples, const std::vector<double>& weights, const TreeLimits& limits) {
    const RankedSamples ranked(samples, {});
    return {ranked, weights, {}, limits, Rng(1, RngStream::Trees), {}};
}

} // namespace

class TreesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void thresholdsLieHalfWay() {
        const auto samples = numbersWithClasses(1, {1, 2, 5, 9}, {0, 0, 1, 1});
        const auto tree = grown(samples, {1, 1, 1, 1}, {});
        QCOMPARE(tree.leaves(), std::size_t{2});
        const auto first = [&](float x) { return tree.answer(std::span(&x, 1))[0]; };
        QCOMPARE(first(3.5F), 1.0);
        QCOMPARE(first(3.50001F), 0.0);
    }

    /// No single question helps with exclusive or; two levels solve it.
    void splitsThatGainNothingAreTaken() {
        const auto samples = numbersWithClasses(2, {0, 0, 0, 1, 1, 0, 1, 1}, {0, 1, 1, 0});
        const auto tree = grown(samples, {1, 1, 1, 1}, {});
        for (std::size_t n = 0; n < 4; ++n)
            QCOMPARE(tree.answer(samples.row(n))[static_cast<std::size_t>(samples.labels[n])], 1.0);
    }

    /// A weight counts like as many samples, and 0 like none.
    void weightsCountAsSamples() {
        const auto weighted = numbersWithClasses(1, {1, 2, 3, 4, 5}, {0, 1, 0, 1, 0});
        const auto tree = grown(weighted, {3, 1, 2, 1, 0}, {.depth = 1});
        const auto repeated = numbersWithClasses(1, {1, 1, 1, 2, 3, 3, 4}, {0, 0, 0, 1, 0, 0, 1});
        const auto same = grown(repeated, std::vector<double>(7, 1.0), {.depth = 1});
        for (std::size_t n = 0; n < 5; ++n)
            QCOMPARE(tree.answer(weighted.row(n))[0], same.answer(weighted.row(n))[0]);
        QCOMPARE(tree.answer(weighted.row(0))[0], 5.0 / 6);
    }

    void limitsHold() {
        Samples samples;
        samples.features = 3;
        samples.width = 1;
        const Rng rng(3, RngStream::Test);
        for (std::size_t n = 0; n < 200; ++n) {
            for (std::size_t i = 0; i < 3; ++i)
                samples.inputs.push_back(static_cast<float>(rng.uniform(4 * n + i)));
            samples.targets.push_back(static_cast<float>(rng.normal(4 * n + 3)));
        }
        const std::vector<double> weights(200, 1.0);
        QCOMPARE(grown(samples, weights, {}).leaves(), std::size_t{200});
        QVERIFY(grown(samples, weights, {.depth = 3}).leaves() <= 8);
        QVERIFY(grown(samples, weights, {.leaf = 20}).leaves() <= 10);
        // A tree with a leaf a sample knows all of them.
        const auto tree = grown(samples, weights, {});
        for (std::size_t n = 0; n < 200; ++n)
            QCOMPARE(static_cast<float>(tree.answer(samples.row(n))[0]), samples.targets[n]);
    }

    /// The best split of a stump against all splits tried one by one.
    void theBestSplitIsFound() {
        const Rng rng(5, RngStream::Test);
        Samples samples;
        samples.features = 1;
        samples.classes = 3;
        for (std::size_t n = 0; n < 60; ++n) {
            samples.inputs.push_back(static_cast<float>(rng.below(3 * n, 12)));
            samples.labels.push_back(static_cast<std::int32_t>(rng.below(3 * n + 1, 3)));
        }
        const auto impurity = [&](const auto& isInside) {
            double counts[3] = {};
            double all = 0;
            for (std::size_t n = 0; n < 60; ++n)
                if (isInside(samples.inputs[n])) {
                    ++counts[samples.labels[n]];
                    ++all;
                }
            double gini = all;
            for (const auto count : counts)
                gini -= all > 0 ? count * count / all : 0;
            return gini;
        };
        double best = 1e9;
        for (float t = 0.5F; t < 11; ++t)
            best = std::min(best, impurity([&](float x) { return x <= t; }) +
                                      impurity([&](float x) { return x > t; }));
        const auto tree = grown(samples, std::vector<double>(60, 1.0), {.depth = 1});
        double found = 0;
        for (std::size_t n = 0; n < 60; ++n)
            for (const auto share : tree.answer(samples.row(n)))
                found += share * (1 - share);
        QVERIFY(std::abs(found - best) < 1e-9);
    }

    /// A forest is the mean of its trees, and the same for the same seed alone.
    void forestsRepeat() {
        Samples samples;
        samples.features = 4;
        samples.classes = 2;
        const Rng rng(7, RngStream::Test);
        for (std::size_t n = 0; n < 120; ++n) {
            float sum = 0;
            for (std::size_t i = 0; i < 4; ++i) {
                samples.inputs.push_back(static_cast<float>(rng.normal(4 * n + i)));
                sum += samples.inputs.back();
            }
            samples.labels.push_back(sum > 0 ? 1 : 0);
        }
        const auto said = [&](std::uint64_t seed) {
            const ParamValues params{{"trees", std::int64_t{9}}};
            return answersOf(*fitMethod(classicalMethod("forest"), samples, params, seed, {}),
                             samples, {});
        };
        QCOMPARE(said(1), said(1));
        QVERIFY(said(1) != said(2));
        // Nine trees give ninths where leaves are pure.
        for (const auto value : said(1))
            QVERIFY(std::abs(9 * value - std::round(9 * value)) < 1e-9);
    }
};

QTEST_GUILESS_MAIN(TreesTest)
#include "tst_trees.moc"
