// SPDX-License-Identifier: GPL-3.0-or-later
//
// The linear scaling rule, against its formula (Goyal et al. 2017, section 2.1).
#include "engine/training/rate_scaling.h"
#include "tests/engine/training/rank_training.h"
#include "tests/support/small_mnist.h"

#include <QTest>

using namespace gradwright;
using namespace gradwright::test;

namespace {

TrainingSettings settingsOf(double rate, std::int64_t batch, std::int64_t epochs) {
    TrainingSettings settings;
    settings.params = {{"learning_rate", rate}, {"batch", batch}, {"epochs", epochs}};
    return settings;
}

std::string refusal(TrainingSettings settings, std::int64_t before) {
    try {
        scaleRate(settings, before);
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

bool isNear(double a, double b) {
    return std::abs(a - b) < 1e-12;
}

} // namespace

class RateScalingTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// 0.1 for 256 samples is 3.2 for 8192, reached in 5 epochs: the paper's own example.
    void theRateGrowsWithTheBatch() {
        auto settings = settingsOf(0.1, 8192, 90);
        const auto scaling = scaleRate(settings, 256);
        QCOMPARE(scaling.factor(), 32.0);
        QVERIFY(isNear(settings.learningRate(), 3.2));
        const auto rateAt = [&](double epoch) {
            return settings.learningRate() * settings.scheduledFactor(epoch);
        };
        QVERIFY(isNear(rateAt(0), 0.1));
        for (const double epoch : {1.0, 2.5, 4.0})
            QVERIFY(isNear(rateAt(epoch), 0.1 + (3.2 - 0.1) * epoch / 5));
        QVERIFY(isNear(rateAt(5), 3.2));
        QVERIFY(isNear(rateAt(60), 3.2));
    }

    void accumulatedBatchesCount() {
        auto settings = settingsOf(0.01, 32, 20);
        settings.params.insert_or_assign("accumulate_batches", std::int64_t{4});
        const auto scaling = scaleRate(settings, 64);
        QCOMPARE(scaling.samples, std::int64_t{128});
        QVERIFY(isNear(settings.learningRate(), 0.02));
    }

    void aWarmUpThatIsThereKeepsItsLength() {
        auto settings = settingsOf(0.01, 64, 20);
        settings.params.insert_or_assign("warmup_epochs", 2.0);
        QCOMPARE(scaleRate(settings, 32).warmupEpochs, 2.0);
        QVERIFY(isNear(settings.learningRate() * settings.scheduledFactor(0), 0.01));
        QVERIFY(isNear(settings.learningRate() * settings.scheduledFactor(2), 0.02));
    }

    void aShortTrainingWarmsUpForHalfOfIt() {
        auto settings = settingsOf(0.01, 64, 4);
        QCOMPARE(scaleRate(settings, 32).warmupEpochs, 2.0);
    }

    void theSameBatchChangesNothing() {
        auto settings = settingsOf(0.01, 32, 4);
        const auto before = settings;
        QCOMPARE(scaleRate(settings, 32).factor(), 1.0);
        QVERIFY(settings == before);
    }

    void otherwiseItIsRefused() {
        QCOMPARE(refusal(settingsOf(0.01, 16, 4), 32),
                 std::string("the learning rate is scaled to larger batches only: the project's "
                             "steps have 32 samples, and now they would have 16"));
        QVERIFY(refusal(settingsOf(900, 64, 4), 32).find("Learning rate") != std::string::npos);
    }

    /// The run says so, and the rate stays when it is resumed.
    void aRunKeepsItsScaling() {
        const TemporaryFolder resources, folder;
        makeSmallMnist(resources.path(), 2000, 200);
        qputenv("GRADWRIGHT_RESOURCES", QByteArray::fromStdString(resources.path()));
        auto project = smallProject(180);
        set(project, "batch", std::int64_t{20});
        set(project, "epochs", std::int64_t{4});
        set(project, "learning_rate", 0.01);
        set(project, "batch", std::int64_t{60});
        const auto scaling = scaleRate(project.training, 20);
        const auto trained = [&](std::filesystem::path resumed, int stopAfter) {
            EventLog log;
            auto job = trainingJob(project, folder.path());
            job.resume = std::move(resumed);
            if (job.resume.empty())
                job.rateScaling = scaling;
            std::stop_source stop;
            int steps = 0;
            const auto sink = log.sink();
            Trainer(std::move(job), [&](const TrainingEvent& event) {
                sink(event);
                if (std::holds_alternative<StepDone>(event) && ++steps == stopAfter)
                    stop.request_stop();
            }).run(stop.get_token());
            return log.events();
        };
        const auto find = []<class Event>(const std::vector<TrainingEvent>& events, Event*) {
            std::vector<Event> found;
            for (const auto& event : events)
                if (const auto* match = std::get_if<Event>(&event))
                    found.push_back(*match);
            return found;
        };
        const auto first = trained({}, 4); // of 12
        const auto started = find(first, static_cast<RunStarted*>(nullptr)).at(0);
        QVERIFY(std::ranges::find(started.notes,
                                  "the learning rate 0.01 is for steps of 20 samples: for 60 it "
                                  "is 0.03, which the training reaches in 2 epochs") !=
                started.notes.end());
        const auto expected =
            Json{{"samples_before", 20},         {"samples", 60},         {"factor", 3.0},
                 {"learning_rate_before", 0.01}, {"learning_rate", 0.03}, {"warmup_epochs", 2.0}};
        const auto recordOf = [&] {
            return RunDirectory::open(started.run).readRunJson()["rate_scaling"];
        };
        QVERIFY2(recordOf() == expected, recordOf().dump().c_str());
        const auto rest = trained(started.run, -1);
        QVERIFY2(recordOf() == expected, recordOf().dump().c_str());
        auto steps = find(first, static_cast<StepDone*>(nullptr));
        std::ranges::copy(find(rest, static_cast<StepDone*>(nullptr)), std::back_inserter(steps));
        QCOMPARE(steps.size(), 12U);
        for (std::size_t i = 0; i < steps.size(); ++i) { // three steps an epoch
            const double epoch = static_cast<double>(i) / 3;
            QVERIFY(isNear(steps[i].learningRate, 0.01 + 0.02 * std::min(epoch / 2, 1.0)));
        }
    }
};

QTEST_GUILESS_MAIN(RateScalingTest)
#include "tst_rate_scaling.moc"
