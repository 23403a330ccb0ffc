// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/compute_threads.h"
#include "engine/project/runs.h"
#include "engine/project/templates.h"
#include "engine/support/json.h"
#include "engine/training/calibration.h"
#include "tests/support/data_files.h"
#include "tests/support/small_jobs.h"

#include <QTest>

#include <fstream>

using namespace gradwright;
using test::EventLog;
using test::set;
using test::smallProject;
using test::TemporaryFolder;

namespace {

TrainingGraph graphOf(const Project& project) {
    return trainingGraph(project.network, openDataset(project.data).info, project.training);
}

ComputePlan recordedPlan(const std::filesystem::path& run) {
    const auto record = RunDirectory::open(run).readRunJson();
    return computePlanFromJson(record["machine"]).value();
}

/// Trains until the end or `steps` steps are done; the run's folder.
std::filesystem::path train(const Project& project, const TemporaryFolder& folder,
                            const std::filesystem::path& resume = {}, int steps = 1 << 30) {
    std::filesystem::path run;
    std::stop_source stop;
    auto job = trainingJob(project, folder.path());
    job.resume = resume;
    int done = 0;
    Trainer(std::move(job), [&](const TrainingEvent& event) {
        if (const auto* started = std::get_if<RunStarted>(&event))
            run = started->run;
        if (std::holds_alternative<StepDone>(event) && ++done == steps)
            stop.request_stop();
    }).run(stop.get_token());
    return run;
}

} // namespace

class CalibrationTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Runs and calibrations of earlier versions keep their number of parts.
    void earlierRecordsAreRead() {
        const auto plan = [](const char* text) {
            return computePlanFromJson(parseJson(text, "text")).value();
        };
        QVERIFY((plan(R"({"threads": 2, "parts": 3})") == ComputePlan{2, 3}));
        QVERIFY((plan(R"({"threads": 2, "parts": 3})") == ComputePlan{2, 3}));
        QVERIFY((plan(R"({"threads": 2})") == ComputePlan{2, 1}));
        QCOMPARE(toJson(ComputePlan{2, 3}).dump(), std::string(R"({"threads":2,"parts":3})"));
    }

    void init() {
        folder_.emplace();
        qputenv("XDG_CACHE_HOME", QByteArray::fromStdString((*folder_ / "cache").string()));
    }

    void triesAndRemembers() {
        auto project = smallProject();
        set(project, "threads", std::int64_t{0});
        const auto training = graphOf(project);
        const auto result = calibrateAndRemember(training.graph, project.training);
        QVERIFY(result.has_value());
        QVERIFY(!result->trials.empty());
        QVERIFY(result->trials.front().plan ==
                (ComputePlan{availableThreads(), defaultParts(training.graph, project.training)}));
        bool tried = false;
        for (const auto& trial : result->trials) {
            QVERIFY(trial.samplesPerSecond > 0);
            tried = tried || trial.plan == result->best;
        }
        QVERIFY(tried);
        QVERIFY(planFor(training.graph, project.training) == result->best);
    }

    void stopsWithoutRemembering() {
        const auto project = smallProject();
        const auto training = graphOf(project);
        std::stop_source stop;
        stop.request_stop();
        QVERIFY(!calibrateAndRemember(training.graph, project.training, stop.get_token()));
        QVERIFY(!CalibrationCache().find(calibrationKey(training.graph, project.training)));
    }

    void theSettingsComeFirst() {
        auto project = smallProject();
        set(project, "threads", std::int64_t{0});
        const auto training = graphOf(project);
        const auto key = calibrationKey(training.graph, project.training);
        const int parts = defaultParts(training.graph, project.training);
        QVERIFY(planFor(training.graph, project.training) ==
                (ComputePlan{availableThreads(), parts}));
        CalibrationCache().remember(key, {3, 3}, 1000);
        QVERIFY(planFor(training.graph, project.training) == (ComputePlan{3, 3}));
        set(project, "threads", std::int64_t{5});
        QVERIFY(planFor(training.graph, project.training) == (ComputePlan{5, parts}));
        set(project, "parts", std::int64_t{4});
        QVERIFY(planFor(training.graph, project.training) == (ComputePlan{5, 4}));
        // What speed depends on is in the key.
        set(project, "batch", std::int64_t{64});
        QVERIFY(calibrationKey(training.graph, project.training) != key);
        project = smallProject();
        project.training.optimizer = {"sgd", {}};
        QVERIFY(calibrationKey(training.graph, project.training) != key);
    }

    void partsSuitTheBatch() {
        auto project = smallProject();
        const auto parts = [&](std::int64_t batch) {
            set(project, "batch", batch);
            return defaultParts(graphOf(project).graph, project.training);
        };
        const int processors = availableThreads();
        QCOMPARE(parts(1), 1);
        QCOMPARE(parts(7), 1); // no two parts of four
        QCOMPARE(parts(8), std::min(2, processors));
        QCOMPARE(parts(1024), std::min(128, processors));
        set(project, "precision", std::string("fp64"));
        QCOMPARE(parts(1024), 1);
    }

    void partsWhoseGradientsTakeMuchMemoryAreFew() {
        auto project = openTemplate("vgg-16");
        project.training.params["batch"] = std::int64_t{8};
        DataInfo info;
        info.input = {3, 224, 224};
        info.classes.assign(1000, "class");
        const auto graph = trainingGraph(project.network, info, project.training).graph;
        // 553 MB for each; and its kernels are large.
        QCOMPARE(defaultParts(graph, project.training), 1);
    }

    void networksThatPartsSlowDownStayWhole() {
        auto project = openTemplate("small-residual"); // with batch normalization
        project.training.params["batch"] = std::int64_t{64};
        const auto training =
            trainingGraph(project.network, openDataset(project.data).info, project.training);
        QCOMPARE(defaultParts(training.graph, project.training), 1);
        project = openTemplate("small-cnn");
        project.training.params["batch"] = std::int64_t{64};
        const auto cnn =
            trainingGraph(project.network, openDataset(project.data).info, project.training);
        // Its steps are long: parts of eight samples, at most two for each processor.
        const int processors = availableThreads();
        QCOMPARE(defaultParts(cnn.graph, project.training), processors > 4 ? std::min(8, processors)
                                                            : processors > 1 ? 2 * processors
                                                                             : 1);
    }

    /// The weights do not depend on the threads, and a run is resumed in as many parts.
    void aRunIsResumedOnAnotherNumberOfThreads() {
        auto project = smallProject(400, 0.01);
        set(project, "threads", std::int64_t{2});
        set(project, "parts", std::int64_t{2});
        const auto whole = train(project, *folder_);
        const auto run = train(project, *folder_, {}, 5);
        set(project, "parts", std::int64_t{0});
        set(project, "threads", std::int64_t{1});
        train(project, *folder_, run);
        QVERIFY(recordedPlan(run) == (ComputePlan{1, 2}));
        QVERIFY(test::readFile(whole / "last.safetensors") ==
                test::readFile(run / "last.safetensors"));
    }

    void aBrokenCacheIsNone() {
        const auto file = *folder_ / "calibration.json";
        const CalibrationCache cache(file);
        QVERIFY(!cache.find("net"));
        for (const char* text : {"", "{", "[1]", R"({"net": {"threads": 0}})",
                                 R"({"net": {"threads": "2"}})", R"({"net": 7})"}) {
            std::ofstream(file) << text;
            QVERIFY2(!cache.find("net"), text);
        }
        cache.remember("net", {2, 1}, 1);
        cache.remember("other", {2, 2}, 1);
        QVERIFY(cache.find("net") == std::optional(ComputePlan{2, 1}));
        QVERIFY(cache.find("other") == std::optional(ComputePlan{2, 2}));
    }

    /// What calibration says later does not change a run that has begun.
    void aRunGoesOnAsItBegan() {
        auto project = smallProject(400, 0.01);
        set(project, "threads", std::int64_t{0});
        const auto training = graphOf(project);
        const auto key = calibrationKey(training.graph, project.training);
        CalibrationCache().remember(key, {2, 2}, 1);
        const auto whole = train(project, *folder_);
        QVERIFY(recordedPlan(whole) == (ComputePlan{2, 2}));

        const auto run = train(project, *folder_, {}, 5);
        CalibrationCache().remember(key, {1, 1}, 1);
        train(project, *folder_, run);
        QVERIFY(recordedPlan(run) == (ComputePlan{2, 2}));
        QVERIFY(test::readFile(whole / "last.safetensors") ==
                test::readFile(run / "last.safetensors"));

        const auto other = train(project, *folder_);
        QVERIFY(recordedPlan(other) == (ComputePlan{1, 1}));
    }

private:
    std::optional<TemporaryFolder> folder_;
};

QTEST_APPLESS_MAIN(CalibrationTest)
#include "tst_calibration.moc"
