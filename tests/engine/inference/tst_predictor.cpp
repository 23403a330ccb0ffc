// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/devices.h"
#include "engine/inference/inference_session.h"
#include "engine/training/objective.h"
#include "tests/support/data_files.h"
#include "tests/support/numeric.h"
#include "tests/support/small_jobs.h"

#include <QTest>

#include <atomic>
#include <cmath>
#include <numeric>

using namespace gradwright;
using test::contains;
using test::errorOf;

namespace {

OpGraph graphOf(const Project& project) {
    return inferenceGraph(project.network, {}, project.training);
}

std::shared_ptr<const Weights> randomWeights(const OpGraph& graph, std::uint64_t seed) {
    Weights weights;
    for (const auto& spec : graph.weights())
        weights.values.emplace_back(spec.key,
                                    test::randomTensor(DType::F32, spec.shape, ++seed, 0.1));
    return std::make_shared<const Weights>(std::move(weights));
}

Tensor someInput(std::uint64_t seed) {
    return test::randomTensor(DType::F32, {1, 28, 28}, seed);
}

/// softmax(W2 relu(W1 x + b1) + b2), written out.
std::vector<double> expected(const Weights& weights, const Tensor& input) {
    const auto layer = [&](const std::string& name, const std::vector<double>& x) {
        const auto w = weights.find(name + "/weight")->span<float>();
        const auto b = weights.find(name + "/bias")->span<float>();
        std::vector<double> y(b.begin(), b.end());
        for (std::size_t i = 0; i < y.size(); ++i)
            for (std::size_t j = 0; j < x.size(); ++j)
                y[i] += static_cast<double>(w[i * x.size() + j]) * x[j];
        return y;
    };
    const auto pixels = input.span<float>();
    auto hidden = layer("hidden", {pixels.begin(), pixels.end()});
    for (auto& value : hidden)
        value = std::max(value, 0.0);
    auto scores = layer("scores", hidden);
    for (auto& value : scores)
        value = std::exp(value);
    const double sum = std::accumulate(scores.begin(), scores.end(), 0.0);
    for (auto& value : scores)
        value /= sum;
    return scores;
}

} // namespace

class PredictorTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void probabilitiesAreThoseOfTheFormula() {
        const auto graph = graphOf(test::smallProject());
        const auto weights = randomWeights(graph, 1);
        Predictor predictor(graph, *weights);
        const auto prediction = predictor.predict(someInput(3));
        const auto wanted = expected(*weights, someInput(3));
        for (std::size_t i = 0; i < wanted.size(); ++i)
            QVERIFY(std::abs(prediction.probabilities[i] - wanted[i]) < 1e-5);
        const auto best = std::ranges::max_element(wanted) - wanted.begin();
        QCOMPARE(prediction.classIndex, static_cast<std::int32_t>(best));
    }

    /// In FP64 the only rounding is that of the answer; in BF16 it is coarse.
    void answersAreThoseOfTheTarget() {
        const auto graph = graphOf(test::smallProject());
        const auto weights = randomWeights(graph, 1);
        const auto wanted = expected(*weights, someInput(3));
        const auto farthest = [&](Precision precision) {
            Predictor predictor(graph, *weights, {.precision = precision});
            const auto prediction = predictor.predict(someInput(3));
            double distance = 0;
            for (std::size_t i = 0; i < wanted.size(); ++i)
                distance = std::max(distance, std::abs(prediction.probabilities[i] - wanted[i]));
            return distance;
        };
        QVERIFY(farthest(Precision::F64) < 1e-7);
        QVERIFY(farthest(Precision::Bf16) > 1e-5);
        QVERIFY(farthest(Precision::Bf16) < 2e-2);

        std::mutex mutex;
        std::optional<InferenceAnswer> answer;
        InferenceSession session(graph, weights,
                                 [&](const InferenceAnswer& each) {
                                     const std::lock_guard lock(mutex);
                                     answer = each;
                                 },
                                 {.precision = Precision::F64});
        session.request(someInput(3));
        QTRY_VERIFY([&] {
            const std::lock_guard lock(mutex);
            return answer.has_value();
        }());
        QVERIFY2(answer->error.empty(), answer->error.c_str());
        QVERIFY(std::abs(answer->prediction.probabilities[0] - wanted[0]) < 1e-7);
    }

    void wrongInputAndWrongWeightsAreNamed() {
        const auto graph = graphOf(test::smallProject());
        Predictor predictor(graph, *randomWeights(graph, 1));
        const Tensor small(DType::F32, {1, 20, 20});
        QVERIFY(contains(errorOf([&] { predictor.predict(small); }), "1×20×20"));
        QVERIFY(contains(errorOf([&] { predictor.setWeights({}); }), "hidden/weight"));
    }

    void aSessionAnswersTheLatestRequest() {
        const auto graph = graphOf(test::smallProject());
        const auto weights = randomWeights(graph, 1);
        std::mutex mutex;
        std::vector<InferenceAnswer> answers;
        std::atomic<std::uint64_t> last = 0;
        {
            InferenceSession session(graph, weights, [&](const InferenceAnswer& answer) {
                const std::lock_guard lock(mutex);
                answers.push_back(answer);
            });
            for (std::uint64_t i = 0; i < 200; ++i)
                last = session.request(someInput(i));
            QTRY_VERIFY([&] {
                const std::lock_guard lock(mutex);
                return !answers.empty() && answers.back().request == last;
            }());
        }
        QVERIFY2(answers.back().error.empty(), answers.back().error.c_str());
        for (std::size_t i = 1; i < answers.size(); ++i)
            QVERIFY(answers[i - 1].request < answers[i].request);
        QVERIFY(answers.size() < 200);
        const auto wanted = expected(*weights, someInput(199));
        QVERIFY(std::abs(answers.back().prediction.probabilities[0] - wanted[0]) < 1e-5);
    }

    void aSessionTakesNewWeightsAndReportsBadOnes() {
        const auto graph = graphOf(test::smallProject());
        std::mutex mutex;
        std::vector<InferenceAnswer> answers;
        InferenceSession session(graph, randomWeights(graph, 1),
                                 [&](const InferenceAnswer& answer) {
                                     const std::lock_guard lock(mutex);
                                     answers.push_back(answer);
                                 });
        const auto ask = [&] {
            const auto number = session.request(someInput(1));
            [&] {
                QTRY_VERIFY([&] {
                    const std::lock_guard lock(mutex);
                    return !answers.empty() && answers.back().request == number;
                }());
            }();
            const std::lock_guard lock(mutex);
            return answers.back();
        };
        const auto first = ask();
        const auto other = randomWeights(graph, 50);
        session.setWeights(other);
        const auto second = ask();
        QVERIFY(first.prediction.probabilities != second.prediction.probabilities);
        const auto wanted = expected(*other, someInput(1));
        QVERIFY(std::abs(second.prediction.probabilities[2] - wanted[2]) < 1e-5);
        session.setWeights(std::make_shared<const Weights>());
        QVERIFY(contains(ask().error, "hidden/weight"));
        session.setWeights(other);
        QVERIFY(ask().error.empty());
    }
};

QTEST_GUILESS_MAIN(PredictorTest)
#include "tst_predictor.moc"
