// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/atomic_file.h"
#include "engine/io/move_run.h"
#include "engine/io/safetensors.h"
#include "engine/project/project_file.h"
#include "engine/project/runs.h"
#include "engine/project/templates.h"
#include "engine/project/unsaved_networks.h"
#include "engine/support/json.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <sys/stat.h>

#include <chrono>
#include <memory>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::system_clock;
const Clock::time_point kStart{std::chrono::seconds{1'790'000'000}};

constexpr auto kStep = R"({"step":10,"epoch":0.5,"loss":0.7,"accuracy":0.6})"
                       "\n";

std::string epochLine(int epoch, double accuracy, bool best) {
    return fmt::format(R"({{"epoch":{},"epoch_loss":0.5,"epoch_accuracy":0.1,"step":20,)"
                       R"("validation_loss":0.4,"validation_accuracy":{},"best":{}}})"
                       "\n",
                       epoch, accuracy, best);
}

/// A run of the project as training writes it, started so many seconds after kStart.
RunDirectory makeRun(const Project& project, int seconds, const std::string& metrics) {
    const auto run = RunDirectory::create(runsFolder(project, {}), project.name,
                                          kStart + std::chrono::seconds(seconds));
    writeFileAtomically(run.lastWeights(), "weights");
    writeFileAtomically(run.metrics(), metrics);
    run.writeRunJson({{"name", project.name}, {"project", toJson(project)}});
    return run;
}

bool isOtherFileSystem(const fs::path& a, const fs::path& b) {
    struct stat first {};
    struct stat second {};
    return ::stat(a.c_str(), &first) == 0 && ::stat(b.c_str(), &second) == 0 &&
           first.st_dev != second.st_dev;
}

} // namespace

/// Networks that were trained and not saved: found, told about, and brought beside a file.
class UnsavedNetworksTest : public QObject {
    Q_OBJECT

private:
    std::unique_ptr<TemporaryFolder> folder_;

private Q_SLOTS:
    void init() {
        folder_ = std::make_unique<TemporaryFolder>();
        qputenv("XDG_DATA_HOME", folder_->path().c_str());
    }

    /// Where samples have values, runs are told by R².
    void theBestOfValuesIsTheirDetermination() {
        const auto project = openTemplate("weather");
        const auto line = [](int epoch, const char* validation) {
            return fmt::format(R"({{"epoch":{},"epoch_loss":0.5,"epoch_r2":0.25,"step":20,)"
                               R"("validation_loss":0.4,"validation_r2":{},"best":true}})"
                               "\n",
                               epoch, validation);
        };
        makeRun(project, 0, line(1, "-1.5") + line(2, "0.75"));
        makeRun(project, 60, line(1, "0.5") + line(2, "null")); // one that overflowed
        const auto all = unsavedNetworks();
        QCOMPARE(all.size(), 1U);
        QVERIFY(all.front().best()->best == (Quality{&metric("r2"), 0.75}));
        QVERIFY(all.front().runs.front().best == (Quality{&metric("r2"), 0.25}));
    }

    void aNetworkTellsItsRunsItsBestAndItsSize() {
        QVERIFY(unsavedNetworks().empty());
        const auto project = openTemplate("perceptron");
        makeRun(project, 0, kStep + epochLine(1, 0.8, true) + epochLine(2, 0.9125, true));
        makeRun(project, 60, kStep + epochLine(1, 0.85, true) + epochLine(2, 0.7, false));
        makeRun(openTemplate("lenet-5"), 30, {});
        const auto all = unsavedNetworks();
        QCOMPARE(all.size(), 2U);
        const auto& found = all.front().project.name == project.name ? all[0] : all[1];
        const auto& other = all.front().project.name == project.name ? all[1] : all[0];
        QVERIFY(found.project == project);
        QCOMPARE(found.project.madeFrom, std::string("perceptron"));
        QCOMPARE(found.runs.size(), 2U);
        QCOMPARE(found.runs.front().best->value, 0.85); // the newest
        QCOMPARE(found.runs.front().epochs, std::int64_t{2});
        QCOMPARE(found.best()->best->value, 0.9125);
        QVERIFY(found.isTrained());
        QVERIFY(!found.isLocked());
        std::uintmax_t bytes = 0;
        for (const auto& entry : fs::recursive_directory_iterator(found.folders.front()))
            bytes += entry.is_regular_file() ? entry.file_size() : 0;
        QCOMPARE(found.bytes, bytes);
        QCOMPARE(found.runs[0].bytes + found.runs[1].bytes, bytes);
        QVERIFY(!other.isTrained()); // it has made no step
        QVERIFY(hasUnsavedRuns(project.uuid));
        QVERIFY(!hasUnsavedRuns(other.project.uuid));
        QVERIFY(!hasUnsavedRuns(newProject().uuid));
    }

    /// A large network may train for minutes before a line is logged.
    void theCheckpointTellsOfStepsBeforeTheLogDoes() {
        const auto run = makeRun(newProject(), 0, {});
        const auto position = [](int step) {
            return SafetensorsFile{
                {{"gradwright.position",
                  fmt::format(R"({{"epoch":0,"batch":{0},"step":{0},"learning_rate_factor":1.0,)"
                              R"("loss_sum":1.0,"correct":0,"samples":{0},"best_epoch":0,)"
                              R"("epochs_without_gain":0,"finished":false}})",
                              step)}},
                {}};
        };
        writeSafetensors(run.lastWeights(), position(0));
        QVERIFY(!summarize(run).trained);
        writeSafetensors(run.lastWeights(), position(3));
        QVERIFY(summarize(run).trained);
        QVERIFY(hasUnsavedRuns(projectOfRun(run).uuid));
    }

    void aRunThatIsWrittenSaysByWhom() {
        const auto run = makeRun(newProject(), 0, kStep);
        const auto lock = run.lock();
        const auto found = unsavedNetworks();
        QVERIFY(found.front().isLocked());
        QCOMPARE(found.front().runs.front().lockOwner, std::to_string(::getpid()));
    }

    void aProjectRenamedBetweenTwoRunsIsOneNetwork() {
        auto project = openTemplate("perceptron");
        makeRun(project, 0, kStep);
        project.name = "another name";
        makeRun(project, 60, kStep);
        QCOMPARE(unsavedRunsFolders(project.uuid).size(), 2U);
        const auto found = unsavedNetworks();
        QCOMPARE(found.size(), 1U);
        QCOMPARE(found.front().runs.size(), 2U);
        QCOMPARE(found.front().project.name, project.name);
    }

    void aBrokenRunIsListedAndHidesNoOther() {
        const auto broken = makeRun(newProject(), 0, kStep);
        writeFileAtomically(broken.runJson(), "{");
        auto project = openTemplate("perceptron");
        makeRun(project, 0, kStep);
        writeFileAtomically(makeRun(project, 60, kStep).runJson(), "[]");
        const auto found = unsavedNetworks();
        QCOMPARE(found.size(), 2U);
        for (const auto& network : found) {
            const bool good = network.runs.size() == 2;
            QCOMPARE(network.problem.empty(), good);
            QVERIFY(!good || network.project == project); // its older run tells
            QVERIFY(good || contains(network.problem, broken.runJson().string()));
        }
    }

    void editsThatWereKeptComeBackUntilALaterRun() {
        auto project = openTemplate("perceptron");
        makeRun(project, 0, kStep);
        auto edited = project;
        edited.description = "edited after the run";
        keepUnsaved(edited, {runsFolder(project, {})});
        QVERIFY(unsavedNetworks().front().project == edited);
        project.description = "trained after that";
        // A run's name tells when it began: long after now.
        const int later = 400'000'000;
        makeRun(project, later, kStep);
        QVERIFY(unsavedNetworks().front().project == project);
    }

    void savingBringsTheRunsBesideTheFile() {
        const auto project = openTemplate("perceptron");
        const auto first = makeRun(project, 0, kStep);
        makeRun(project, 60, kStep);
        keepUnsaved(project, {first.path().parent_path()});
        const auto file = *folder_ / "mine.gradwright";
        saveProject(file, project);
        const auto adopted = adoptRuns(project.uuid, file);
        QVERIFY(adopted.problems.empty());
        QCOMPARE(adopted.moved.size(), 2U);
        QCOMPARE(adopted.moved.front().first, first.path());
        const auto runs = RunDirectory::list(*folder_ / "mine.runs");
        QCOMPARE(runs.size(), 2U);
        QCOMPARE(adopted.moved.front().second, runs.front().path());
        QVERIFY(fs::exists(runs.front().lastWeights()));
        QVERIFY(!fs::exists(first.path().parent_path())); // nothing of it is left over
        QVERIFY(unsavedNetworks().empty());
        QVERIFY(adoptRuns(project.uuid, file).moved.empty());
    }

    void aRunThatIsWrittenFollowsLater() {
        const auto project = openTemplate("perceptron");
        const auto busy = makeRun(project, 0, kStep);
        const auto file = *folder_ / "busy.gradwright";
        saveProject(file, project);
        {
            const auto lock = busy.lock();
            const auto adopted = adoptRuns(project.uuid, file);
            QVERIFY(adopted.moved.empty() && adopted.problems.empty());
            QVERIFY(fs::exists(busy.runJson()));
            QVERIFY(unsavedNetworks().empty()); // its project has a file
        }
        QCOMPARE(adoptRuns(project.uuid, file).moved.size(), 1U);
        QVERIFY(!fs::exists(busy.path()));
    }

    void aFileThatIsGoneGivesItsRunsBack() {
        const auto project = openTemplate("perceptron");
        const auto busy = makeRun(project, 0, kStep);
        const auto file = *folder_ / "gone.gradwright";
        saveProject(file, project);
        {
            const auto lock = busy.lock();
            adoptRuns(project.uuid, file);
        }
        fs::remove(file); // before its run could follow
        QCOMPARE(unsavedNetworks().size(), 1U);

        saveProject(file, project);
        adoptRuns(project.uuid, file);
        QVERIFY(unsavedNetworks({file}).empty());
        fs::remove(file); // with runs beside it
        QVERIFY(unsavedNetworks().empty());
        const auto found = unsavedNetworks({file});
        QCOMPARE(found.size(), 1U);
        QCOMPARE(found.front().missingFile, file);
        QVERIFY(found.front().project == project);
    }

    void runsOfARenamedFileAreFound() {
        const auto project = openTemplate("perceptron");
        makeRun(project, 0, kStep);
        const auto file = *folder_ / "before.gradwright";
        saveProject(file, project);
        adoptRuns(project.uuid, file);
        const auto renamed = *folder_ / "after.gradwright";
        QVERIFY(orphanedRuns(project.uuid, renamed).empty()); // they have their file
        fs::rename(file, renamed);
        const auto found = orphanedRuns(project.uuid, renamed);
        QCOMPARE(found, std::vector<fs::path>{*folder_ / "before.runs"});
        QVERIFY(orphanedRuns(newProject().uuid, renamed).empty());
    }

    void aTakenNameGetsASuffix() {
        const auto run = makeRun(openTemplate("perceptron"), 0, kStep);
        const auto target = *folder_ / "target";
        fs::create_directories(target / run.name());
        writeFileAtomically(target / run.name() / "there", "before");
        const auto moved = moveRun(run, target);
        QCOMPARE(moved, target / (run.name() + "-002"));
        QVERIFY(fs::exists(moved / "run.json"));
        QVERIFY(fs::exists(target / run.name() / "there"));
    }

    void aRunThatCannotBeMovedStays() {
        const auto run = makeRun(openTemplate("perceptron"), 0, kStep);
        {
            const auto lock = run.lock();
            const auto error = errorOf([&] { moveRun(run, *folder_ / "target"); });
            QVERIFY2(contains(error, "is being written"), error.c_str());
        }
        writeFileAtomically(*folder_ / "file.runs", "no folder");
        const auto error = errorOf([&] { moveRun(run, *folder_ / "file.runs"); });
        QVERIFY2(contains(error, "stays where it is"), error.c_str());
        QVERIFY(fs::exists(run.lastWeights()));
    }

    void aRunGoesToAnotherFileSystemAsAWhole() {
        QTemporaryDir other(QStringLiteral("/dev/shm/gradwright-XXXXXX"));
        if (!other.isValid() || !isOtherFileSystem(folder_->path(), other.path().toStdString()))
            QSKIP("no second file system to write to");
        const fs::path target = fs::path(other.path().toStdString()) / "x.runs";
        const auto run = makeRun(openTemplate("perceptron"), 0, kStep);
        fs::create_directories(run.path() / "more");
        writeFileAtomically(run.path() / "more" / "events", "kept");
        const auto time = fs::last_write_time(run.metrics());
        const auto record = readTextFile(run.runJson());

        // What a copy that was cut off left is no run, and in nobody's way.
        const auto partial = target / ("." + run.name() + ".moving");
        fs::create_directories(partial);
        writeFileAtomically(partial / "run.json", "{}");
        QVERIFY(RunDirectory::list(target).empty());

        // A failure in the middle: a pipe cannot be copied.
        const auto pipe = run.path() / "zzz-pipe";
        QCOMPARE(::mkfifo(pipe.c_str(), 0600), 0);
        const auto error = errorOf([&] { moveRun(run, target); });
        QVERIFY2(contains(error, "stays where it is"), error.c_str());
        QVERIFY(fs::exists(run.lastWeights()) && fs::exists(run.runJson()));
        QVERIFY(RunDirectory::list(target).empty());
        QVERIFY(!fs::exists(partial));

        fs::remove(pipe);
        const auto moved = moveRun(run, target);
        QCOMPARE(moved, target / run.name());
        QVERIFY(!fs::exists(run.path()));
        QCOMPARE(readTextFile(moved / "run.json"), record);
        QCOMPARE(readTextFile(moved / "last.safetensors"), std::string("weights"));
        QCOMPARE(readTextFile(moved / "more" / "events"), std::string("kept"));
        QVERIFY(fs::last_write_time(moved / "metrics.jsonl") == time);
        QVERIFY(!RunDirectory::open(moved).isLocked());
    }

    void theFileTellsWhatTrainingsStartWith() {
        auto project = openTemplate("perceptron");
        project.startWeights = *folder_ / "new.start.safetensors";
        const auto file = *folder_ / "new.gradwright";
        saveProject(file, project);
        const auto json = parseJson(readTextFile(file), "the project");
        QVERIFY(json["start_weights"] == Json("new.start.safetensors"));
        QVERIFY(loadProject(file) == project);
        QVERIFY(!toJson(newProject()).contains("start_weights"));
        auto wrong = toJson(project);
        wrong["start_weights"] = 7;
        QVERIFY(contains(errorOf([&] { projectFromJson(wrong); }), "start_weights"));
        project.startScaling = ChannelScaling{{0.5, 0.4, 0.3}, {0.2, 0.25, 0.125}};
        saveProject(file, project);
        QVERIFY(loadProject(file) == project);
        for (const auto* const bad : {R"({"mean": [0.5]})", R"({"mean": [0.5], "deviation": [0]})",
                                      R"({"mean": [0.5, 1], "deviation": [1]})",
                                      R"({"mean": ["x"], "deviation": [1]})", "3"}) {
            wrong = toJson(project);
            wrong["start_scaling"] = parseJson(bad, "the scaling");
            QVERIFY2(contains(errorOf([&] { projectFromJson(wrong); }), "start_scaling"), bad);
        }
    }

    void theFileTellsTemplateAndEarlierRuns() {
        auto project = openTemplate("perceptron");
        project.earlierRuns = {*folder_ / "old.runs", "/elsewhere/x.runs"};
        const auto file = *folder_ / "new.gradwright";
        saveProject(file, project);
        const auto json = parseJson(readTextFile(file), "the project");
        QVERIFY(json["template"] == Json("perceptron"));
        QVERIFY(json["earlier_runs"] == Json({"old.runs", "/elsewhere/x.runs"}));
        QVERIFY(loadProject(file) == project);

        // Without them it is a file as older versions wrote it.
        auto older = toJson(project);
        older.erase("template");
        older.erase("earlier_runs");
        QVERIFY(projectFromJson(older).madeFrom.empty());
        QVERIFY(projectFromJson(older).earlierRuns.empty());
        QVERIFY(!toJson(newProject()).contains("template"));
        QVERIFY(!toJson(newProject()).contains("earlier_runs"));

        older["earlier_runs"] = "no list";
        QVERIFY(contains(errorOf([&] { projectFromJson(older); }), "earlier_runs"));
    }
};

QTEST_APPLESS_MAIN(UnsavedNetworksTest)
#include "tst_unsaved_networks.moc"
