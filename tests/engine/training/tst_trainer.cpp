// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/json_lines.h"
#include "engine/project/runs.h"
#include "engine/support/json.h"
#include "engine/training/checkpoint.h"
#include "engine/training/metrics_log.h"
#include "tests/support/data_files.h"
#include "tests/support/small_jobs.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <optional>

using namespace gradwright;
using test::contains;
using test::EventLog;
using test::set;
using test::smallProject;
using test::TemporaryFolder;

namespace {

std::filesystem::path runOf(const EventLog& log) {
    return log.all<RunStarted>().at(0).run;
}

test::Bytes lastWeights(const EventLog& log) {
    return test::readFile(runOf(log) / "last.safetensors");
}

void train(EventLog& log, const Project& project, const TemporaryFolder& folder) {
    Trainer(trainingJob(project, folder.path()), log.sink()).run({});
}

} // namespace

class TrainerTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aRunTellsWhatItDoesAndLearns() {
        const TemporaryFolder folder;
        EventLog log;
        auto project = smallProject(2000, 0.1);
        set(project, "epochs", std::int64_t{3});
        train(log, project, folder);

        const auto started = log.all<RunStarted>().at(0);
        QCOMPARE(started.stepsPerEpoch, 63); // 2,000 samples in batches of 32, the last of 16
        QCOMPARE(started.weights.size(), 4U);
        const auto steps = log.all<StepDone>();
        QCOMPARE(steps.size(), 189U);
        for (std::size_t i = 0; i < steps.size(); ++i)
            QCOMPARE(steps[i].step, static_cast<std::int64_t>(i) + 1);
        QCOMPARE(steps.back().epoch, 3.0);
        const auto epochs = log.all<EpochDone>();
        QCOMPARE(epochs.size(), 3U);
        QCOMPARE(epochs[0].training.samples, 2000);
        QCOMPARE(epochs[0].validation->samples, 6000);
        QVERIFY(epochs[2].training.loss < 0.6 * epochs[0].training.loss);
        const auto finished = log.all<Finished>().at(0);
        QCOMPARE(finished.test.samples, 10'000);
        QVERIFY2(finished.test.quality.value > 0.8,
                 std::to_string(finished.test.quality.value).c_str());
        QVERIFY(std::holds_alternative<Finished>(log.events().back()));
    }

    void theRunFolderHoldsWhatRepeatsIt() {
        const TemporaryFolder folder;
        EventLog log;
        const auto project = smallProject();
        train(log, project, folder);
        const auto run = RunDirectory::open(runOf(log));
        QVERIFY(projectOfRun(run) == project);
        const auto record = run.readRunJson();
        QCOMPARE(record["machine"]["threads"].get<int>(), 1);
        QCOMPARE(record["result"]["test_samples"].get<int>(), 10'000);
        QVERIFY(std::filesystem::exists(run.bestWeights()));
        const auto lines = readJsonLines(run.metrics()).records;
        QCOMPARE(lines.back()["epoch"].get<int>(), 2);
        QVERIFY(lines.front().contains("gradient_norms"));
        QCOMPARE(lines.front()["gradient_norms"].size(), 4U);
        // The result says what the run took, which is no less than what its last step says.
        const double took = record["result"]["seconds"].get<double>();
        QCOMPARE(took, log.all<Finished>().at(0).runSeconds);
        double before = 0;
        for (const auto& line : lines)
            if (line.contains("loss")) {
                QVERIFY(line["seconds"].get<double>() >= before);
                before = line["seconds"].get<double>();
            }
        QVERIFY(before > 0 && took >= before);
        QCOMPARE(loggedSeconds(run, log.all<Finished>().at(0).step), before);
        QCOMPARE(loggedSeconds(run, 0), 0.0);
    }

    void tensorBoardEventsAreWrittenOnRequestOnly() {
        const TemporaryFolder folder;
        const auto eventFiles = [&](bool wanted) {
            EventLog log;
            auto project = smallProject();
            set(project, "tensorboard", wanted);
            train(log, project, folder);
            std::vector<std::filesystem::path> found;
            for (const auto& entry : std::filesystem::directory_iterator(runOf(log)))
                if (entry.path().filename().string().starts_with("events.out.tfevents."))
                    found.push_back(entry.path());
            return found;
        };
        QVERIFY(eventFiles(false).empty());
        const auto files = eventFiles(true);
        QCOMPARE(files.size(), 1U);
        const auto bytes = test::readFile(files[0]);
        const std::string text(bytes.begin(), bytes.end());
        QVERIFY(contains(text, "brain.Event:2"));
        QVERIFY(contains(text, "loss/training"));
    }

    void theSameSeedGivesTheSameBytes() {
        const TemporaryFolder folder;
        EventLog first;
        EventLog second;
        EventLog other;
        auto project = smallProject();
        train(first, project, folder);
        train(second, project, folder);
        QVERIFY(lastWeights(first) == lastWeights(second));
        set(project, "seed", std::int64_t{2});
        train(other, project, folder);
        QVERIFY(lastWeights(first) != lastWeights(other));
    }

    void aStoppedRunGoesOnAsIfItHadNotStopped_data() {
        QTest::addColumn<std::string>("precision");
        QTest::newRow("fp32") << std::string("fp32");
        QTest::newRow("bf16") << std::string("bf16");
    }
    void aStoppedRunGoesOnAsIfItHadNotStopped() {
        QFETCH(std::string, precision);
        const TemporaryFolder folder;
        EventLog whole;
        auto project = smallProject(400, 0.01);
        set(project, "precision", precision);
        train(whole, project, folder);

        std::filesystem::path run;
        int sessions = 0;
        for (bool done = false; !done; ++sessions) {
            QVERIFY(sessions < 20);
            std::stop_source stop;
            int steps = 0;
            auto job = trainingJob(project, folder.path());
            job.resume = run;
            Trainer(std::move(job), [&](const TrainingEvent& event) {
                if (const auto* started = std::get_if<RunStarted>(&event))
                    run = started->run;
                if (std::holds_alternative<StepDone>(event) && ++steps == 5)
                    stop.request_stop();
                done = done || std::holds_alternative<Finished>(event);
            }).run(stop.get_token());
        }
        QVERIFY(sessions > 3);
        QVERIFY(lastWeights(whole) == test::readFile(run / "last.safetensors"));
        QVERIFY(test::readFile(runOf(whole) / "best.safetensors") ==
                test::readFile(run / "best.safetensors"));
    }

    void aPlateauLowersTheRateAcrossAStop() {
        const TemporaryFolder folder;
        EventLog whole;
        // A rate far too high, so that the loss does not fall steadily.
        auto project = smallProject(64, 0.01);
        set(project, "epochs", std::int64_t{8});
        set(project, "learning_rate", 0.5);
        project.training.schedule = {"plateau", {{"gamma", 0.5}, {"patience", std::int64_t{0}}}};
        train(whole, project, folder);
        double factor = 1;
        double best = INFINITY;
        const auto epochs = whole.all<EpochDone>();
        const auto steps = whole.all<StepDone>();
        QCOMPARE(epochs.size(), 8U);
        for (const auto& epoch : epochs) {
            QCOMPARE(steps.at(static_cast<std::size_t>(epoch.step) - 1).learningRate, 0.5 * factor);
            const double loss = epoch.validation->loss;
            factor *= loss < best * (1 - 1e-4) ? 1 : 0.5;
            best = std::min(best, loss);
        }
        QVERIFY(factor < 1);

        std::filesystem::path run;
        for (bool done = false; !done;) {
            std::stop_source stop;
            int seen = 0;
            auto job = trainingJob(project, folder.path());
            job.resume = run;
            Trainer(std::move(job), [&](const TrainingEvent& event) {
                if (const auto* started = std::get_if<RunStarted>(&event))
                    run = started->run;
                if (std::holds_alternative<StepDone>(event) && ++seen == 3)
                    stop.request_stop();
                done = done || std::holds_alternative<Finished>(event);
            }).run(stop.get_token());
        }
        QVERIFY(lastWeights(whole) == test::readFile(run / "last.safetensors"));
    }

    void earlyStoppingEndsARunThatNoLongerImproves() {
        const TemporaryFolder folder;
        EventLog log;
        auto project = smallProject(64, 0.01);
        set(project, "epochs", std::int64_t{200});
        set(project, "early_stopping", true);
        set(project, "patience", std::int64_t{3});
        train(log, project, folder);
        const auto epochs = log.all<EpochDone>();
        QVERIFY(epochs.size() < 200);
        const auto finished = log.all<Finished>().at(0);
        QCOMPARE(finished.epochs, static_cast<std::int64_t>(epochs.size()));
        QCOMPARE(finished.bestEpoch, finished.epochs - 3);
        const auto run = RunDirectory::open(runOf(log));
        QVERIFY(run.readRunJson()["ended_by"] == "patience");
        // Resumed, it trains until patience ends it again.
        EventLog resumed;
        auto job = trainingJob(project, folder.path());
        job.resume = runOf(log);
        Trainer(std::move(job), resumed.sink()).run({});
        QVERIFY(resumed.all<EpochDone>().size() >= 3);
        QVERIFY(resumed.all<Finished>().at(0).epochs >= finished.epochs + 3);
    }

    /// Whatever plateaus and changes while it ran have made of the rate before.
    void aResumedRunTakesTheRateThatIsAskedFor() {
        const TemporaryFolder folder;
        EventLog log;
        auto project = smallProject(64, 0.01);
        set(project, "epochs", std::int64_t{6});
        set(project, "learning_rate", 0.5);
        project.training.schedule = {"plateau", {{"gamma", 0.1}, {"patience", std::int64_t{0}}}};
        std::optional<Trainer> trainer;
        const auto sink = log.sink();
        trainer.emplace(trainingJob(project, folder.path()), [&](const TrainingEvent& event) {
            sink(event);
            if (const auto* step = std::get_if<StepDone>(&event); step && step->step == 1)
                trainer->setLearningRate(0.25);
        });
        trainer->run({});
        const double last = log.all<StepDone>().back().learningRate;
        QVERIFY(last < 0.2);
        QVERIFY(RunDirectory::open(runOf(log)).readRunJson()["ended_by"] == "epochs");

        const auto resumedAt = [&](std::int64_t epochs, std::optional<double> rate) {
            EventLog resumed;
            set(project, "epochs", epochs);
            auto job = trainingJob(project, folder.path());
            job.resume = runOf(log);
            job.resumeRate = rate;
            Trainer(std::move(job), resumed.sink()).run({});
            const auto first = resumed.all<StepDone>().at(0).learningRate;
            // What is told at the start is what is taken.
            return first == resumed.all<RunStarted>().at(0).learningRate ? first : -1;
        };
        QVERIFY(resumedAt(7, {}) <= last);
        QCOMPARE(resumedAt(8, 0.02), 0.02);
        QVERIFY(resumedAt(9, {}) <= 0.02);
    }

    void divergenceNamesStepAndLayerAndKeepsTheCheckpoint() {
        const TemporaryFolder folder;
        EventLog log;
        auto project = smallProject();
        project.training.optimizer = {"sgd", {}};
        set(project, "learning_rate", 1000.0);
        set(project, "checkpoint_seconds", 0.0);
        project.training.objectives[0].loss = {"mean-squared-error", {}};
        // Mean squared error on unbounded scores diverges for certain.
        const auto softmax = project.network.main.findByName("probabilities")->id;
        apply(project.network, removeNodes(project.network, "", {softmax}));
        apply(project.network, {AddLink{"",
                                        {{90},
                                         {project.network.main.findByName("scores")->id, {0}},
                                         {project.network.main.findByName("digit")->id, {0}}}}});
        train(log, project, folder);
        const auto failed = log.all<Failed>().at(0);
        QVERIFY2(contains(failed.message, "Step "), failed.message.c_str());
        // Whichever overflows first: a layer's values or, at the Output, their squares.
        QVERIFY2(contains(failed.message, "hidden") || contains(failed.message, "scores") ||
                     contains(failed.message, "digit"),
                 failed.message.c_str());
        const auto weights = readCheckpointWeights(runOf(log) / "last.safetensors");
        for (const auto& [key, tensor] : weights.values)
            for (const float value : tensor.span<float>())
                QVERIFY(std::isfinite(value));
    }

    void aJobThatCannotRunSaysWhyAndLeavesNothing() {
        const TemporaryFolder folder;
        EventLog log;
        auto project = smallProject();
        apply(project.network,
              removeNodes(project.network, "", {project.network.main.findByName("flatten")->id}));
        train(log, project, folder);
        QCOMPARE(log.events().size(), 1U);
        const auto message = log.all<Failed>().at(0).message;
        QVERIFY2(contains(message, "hidden"), message.c_str());
        QVERIFY(std::filesystem::is_empty(folder.path()));
    }

    void doublePrecisionTrainsOnTheReference() {
        const TemporaryFolder folder;
        EventLog log;
        auto project = smallProject(64);
        set(project, "precision", std::string("fp64"));
        set(project, "epochs", std::int64_t{1});
        std::stop_source stop;
        Trainer(trainingJob(project, folder.path()), [&](const TrainingEvent& event) {
            log.sink()(event);
            if (std::holds_alternative<EpochDone>(event))
                stop.request_stop(); // the test set takes the slow engine long
        }).run(stop.get_token());
        QVERIFY(log.has<EpochDone>());
        const auto weights = readCheckpointWeights(runOf(log) / "last.safetensors");
        QVERIFY(weights.values.at(0).second.dtype() == DType::F64);
    }
};

QTEST_APPLESS_MAIN(TrainerTest)
#include "tst_trainer.moc"
