// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/devices.h"
#include "engine/ensembles/ensemble.h"
#include "engine/inference/predictor.h"
#include "engine/project/runs.h"
#include "engine/training/checkpoint.h"
#include "tests/support/message_of.h"
#include "tests/support/small_jobs.h"
#include "tests/support/small_mnist_home.h"

#include <QTest>

#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

Outcomes classAnswers(std::vector<float> outputs, std::vector<std::int32_t> labels) {
    Outcomes made;
    made.elements = outputs.size() / labels.size();
    made.outputs = std::move(outputs);
    made.labels = std::move(labels);
    return made;
}

} // namespace

class EnsemblesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        for (std::int64_t seed = 1; seed <= 3; ++seed) {
            auto project = smallProject(400, 0.1);
            set(project, "epochs", std::int64_t{3});
            set(project, "seed", seed);
            EventLog log;
            Trainer(trainingJob(project, home_ / "runs"), log.sink()).run({});
            runs_.push_back(log.all<RunStarted>().front().run);
        }
    }

    void outputsAreAveraged() {
        const std::vector<Outcomes> members = {classAnswers({0.9F, 0.1F, 0.4F, 0.6F}, {0, 0}),
                                               classAnswers({0.5F, 0.5F, 0.8F, 0.2F}, {0, 0})};
        const auto together = meanOutcomes(members);
        const std::vector<float> expected{0.7F, 0.3F, 0.6F, 0.4F};
        for (std::size_t i = 0; i < 4; ++i)
            QVERIFY(std::abs(together.outputs[i] - expected[i]) < 1e-6F);
        const auto score = scoreEnsemble(members);
        QCOMPARE(score.together.quality.value, 1.0);
        QCOMPARE(score.mean.quality.value, 0.75);
        QVERIFY(std::abs(score.members[0].error + (std::log(0.9) + std::log(0.4)) / 2) < 1e-6);
        QCOMPARE(score.disagreement, 0.5);
    }

    void otherSamplesAreRefused() {
        const std::vector<Outcomes> members = {classAnswers({1, 0}, {0}),
                                               classAnswers({1, 0}, {1})};
        QVERIFY(messageOf([&] { meanOutcomes(members); }).contains("same samples"));
        QVERIFY(messageOf([] { meanOutcomes({}); }).contains("at least one"));
    }

    /// Jensen's inequality, for the trained networks: -ln and the square are convex.
    void togetherTheErrorIsNotAboveTheMean() {
        std::vector<Outcomes> members;
        for (const auto& run : runs_)
            members.push_back(*Member(run).testAnswers({}));
        const auto score = scoreEnsemble(members);
        qInfo("together %.4f (%.4f), mean %.4f (%.4f)", score.together.error,
              score.together.quality.value, score.mean.error, score.mean.quality.value);
        QVERIFY(score.together.error < score.mean.error);
        QVERIFY(score.together.quality.value > score.mean.quality.value);
        QVERIFY(score.disagreement > 0);

        Outcomes a;
        a.elements = 1;
        a.labels = {0, 0};
        a.targets = {1, 2};
        a.outputs = {0, 3};
        auto b = a;
        b.outputs = {3, 3};
        const auto values = scoreEnsemble(std::vector{a, b});
        QCOMPARE(values.together.error, (0.25 + 1) / 2);
        QCOMPARE(values.mean.error, ((1.0 + 1) / 2 + (4.0 + 1) / 2) / 2);
    }

    /// A member says what predict says, and the ensemble the mean of that.
    void answersAreThoseOfPredict() {
        std::vector<Outcomes> members;
        std::vector<std::vector<float>> predicted(5, std::vector<float>(10));
        for (const auto& run : runs_) {
            const Member member(run);
            members.push_back(*member.testAnswers({}));
            const auto data = member.data();
            Predictor predictor(
                inferenceGraph(member.project().network, member.info(), member.project().training),
                readCheckpointWeights(weightsOfRun(RunDirectory::open(run))));
            for (std::size_t n = 0; n < predicted.size(); ++n) {
                Tensor input(DType::F32, data.info.input);
                data.test->input(static_cast<std::int64_t>(n), input.span<float>());
                const auto said = predictor.predict(input.reshaped(predictor.inputShape()));
                for (std::size_t c = 0; c < 10; ++c)
                    predicted[n][c] += said.probabilities[c] / 3;
            }
        }
        const auto together = meanOutcomes(members);
        for (std::size_t n = 0; n < predicted.size(); ++n)
            for (std::size_t c = 0; c < 10; ++c)
                QVERIFY(std::abs(together.outputs[n * 10 + c] - predicted[n][c]) < 1e-5F);
    }

    void otherDataAreRefused() {
        auto project = smallProject(100);
        set(project, "epochs", std::int64_t{1});
        project.data.params["binarize"] = true;
        EventLog log;
        Trainer(trainingJob(project, home_ / "other"), log.sink()).run({});
        const Member other(log.all<RunStarted>().front().run);
        const Member first(runs_.front());
        requireAlike(first, Member(runs_.back()));
        QVERIFY(messageOf([&] { requireAlike(first, other); }).contains("different data"));
    }

    void stopIsTaken() {
        std::stop_source stop;
        stop.request_stop();
        QVERIFY(!Member(runs_.front()).testAnswers(stop.get_token()));
    }

private:
    SmallMnistHome home_{500, 200};
    std::vector<fs::path> runs_;
};

QTEST_GUILESS_MAIN(EnsemblesTest)
#include "tst_ensembles.moc"
