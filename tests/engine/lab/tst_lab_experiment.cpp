// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/atomic_file.h"
#include "engine/io/run_directory.h"
#include "engine/lab/experiment.h"
#include "engine/lab/kinds.h"
#include "engine/lab/run_experiment.h"
#include "engine/lab/spread.h"
#include "engine/lab/train_trial.h"
#include "engine/support/json.h"
#include "tests/support/message_of.h"
#include "tests/support/small_jobs.h"
#include "tests/support/small_mnist_home.h"

#include <QTest>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <set>
#include <thread>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

Experiment seedsExperiment(std::int64_t trainings) {
    Experiment experiment{"seeds", smallProject(200, 0.2), {{"trainings", trainings}}, "Luck"};
    set(experiment.project, "epochs", std::int64_t{2});
    return experiment;
}

Plan planOf(const Experiment& experiment) {
    return experimentKind(experiment.kind).make(experiment)->plan();
}

/// The values of all trials, which must not depend on interruptions; times do.
std::string valuesIn(const ExperimentDirectory& directory) {
    Json all = Json::array();
    for (const auto& result : directory.results()) {
        auto values = result.values;
        values.erase("seconds");
        all.push_back({{"title", result.trial.title}, {"values", values}});
    }
    return all.dump();
}

} // namespace

class LabExperimentTest : public QObject {
    Q_OBJECT

private Q_SLOTS:

    void experimentComesBackFromItsFile() {
        const auto experiment = seedsExperiment(3);
        const auto directory =
            ExperimentDirectory::create(home_ / "written", experiment, planOf(experiment));
        const auto read = directory.read();
        QCOMPARE(read.kind, experiment.kind);
        QCOMPARE(read.name, experiment.name);
        QVERIFY(read.project == experiment.project);
        // What was left open is written down.
        QCOMPARE(std::get<std::int64_t>(read.settings.at("first_seed")), std::int64_t{1});
        QCOMPARE(std::get<std::int64_t>(read.settings.at("trainings")), std::int64_t{3});
        const auto json = parseJson(readTextFile(directory.experimentJson()), "experiment.json");
        QCOMPARE(json.at("plan").at("trials").get<int>(), 3);
        QVERIFY(!json.at("versions").at("gradwright").get<std::string>().empty());
        QVERIFY(!json.at("versions").at("device").get<std::string>().empty());
        QCOMPARE(directory.state(), ExperimentState::Planned);
    }

    void badFilesAreRefused_data() {
        QTest::addColumn<QByteArray>("key");
        QTest::addColumn<QByteArray>("value");
        QTest::addColumn<QString>("part");
        QTest::newRow("format") << QByteArray("format") << QByteArray("\"x\"") << "\"format\"";
        QTest::newRow("newer") << QByteArray("schema") << QByteArray("99") << "newer version";
        QTest::newRow("schema") << QByteArray("schema") << QByteArray("1.5") << "whole number";
        QTest::newRow("kind") << QByteArray("kind") << QByteArray("\"magic\"") << "known are";
        QTest::newRow("range") << QByteArray("settings") << QByteArray("{\"trainings\": 1}")
                               << "trainings";
        QTest::newRow("setting") << QByteArray("settings") << QByteArray("{\"magic\": 1}")
                                 << "magic";
        QTest::newRow("project") << QByteArray("project") << QByteArray("3") << "project";
        QTest::newRow("jobs") << QByteArray("jobs") << QByteArray("0") << "from 1 to 256, not 0";
        QTest::newRow("no list") << QByteArray("beside") << QByteArray("3") << "list of lists";
        QTest::newRow("beside itself") << QByteArray("beside") << QByteArray("[[],[1]]")
                                       << "of trial 1 must be a list of numbers of earlier trials";
        QTest::newRow("many jobs") << QByteArray("jobs") << QByteArray("1e9") << "from 1 to 256";
    }
    void badFilesAreRefused() {
        QFETCH(QByteArray, key);
        QFETCH(QByteArray, value);
        QFETCH(QString, part);
        const auto experiment = seedsExperiment(3);
        const auto directory =
            ExperimentDirectory::create(home_ / "bad", experiment, planOf(experiment));
        auto json = parseJson(readTextFile(directory.experimentJson()), "experiment.json");
        json[key.toStdString()] = Json::parse(value.toStdString());
        writeFileAtomically(directory.experimentJson(), json.dump());
        const auto message = messageOf([&] { return directory.read(); });
        QVERIFY2(message.contains(part), qPrintable(message));
        QVERIFY2(message.contains("experiment.json"), qPrintable(message));
    }

    /// To the bit, and in the order of the plan, however many run at a time.
    void trialsAtATimeGiveTheSame() {
        auto experiment = seedsExperiment(5);
        const auto alone =
            ExperimentDirectory::create(home_ / "alone", experiment, planOf(experiment));
        QCOMPARE(runExperiment(alone, {}, {}), ExperimentOutcome::Finished);
        for (const int jobs : {2, 3, 8}) {
            const auto together = ExperimentDirectory::create(
                home_ / ("together" + std::to_string(jobs)), experiment, planOf(experiment));
            std::vector<std::int64_t> ended;
            double share = 0;
            std::size_t atATime = 0;
            bool isEachOnce = true;
            std::set<std::int64_t> seen;
            const ExperimentSink sink{
                [&](const ExperimentProgress& progress) {
                    share = progress.share;
                    std::set<std::int64_t> now;
                    std::size_t unfinished = 0;
                    for (const auto& trial : progress.running) {
                        now.insert(trial.number);
                        unfinished += trial.share < 1 ? 1U : 0U;
                    }
                    isEachOnce = isEachOnce && now.size() == progress.running.size();
                    seen.merge(now);
                    atATime = std::max(atATime, unfinished);
                },
                [&](const TrialResult& result) { ended.push_back(result.trial.number); }};
            QCOMPARE(runExperiment(together, sink, {}, jobs), ExperimentOutcome::Finished);
            QCOMPARE(ended, (std::vector<std::int64_t>{0, 1, 2, 3, 4}));
            QCOMPARE(valuesIn(together), valuesIn(alone));
            QVERIFY(share > 0.5 && share <= 1);
            QVERIFY(isEachOnce);
            QCOMPARE(seen, (std::set<std::int64_t>{0, 1, 2, 3, 4}));
            QVERIFY(atATime > 1 && atATime <= static_cast<std::size_t>(jobs));
            QCOMPARE(together.state(), ExperimentState::Finished);
        }
    }

    /// A cancelled trial leaves nothing that a later one could take for a run.
    void givenUpTrialLeavesNoRun() {
        const TemporaryFolder folder;
        std::stop_source stop;
        stop.request_stop();
        const TrialContext context{folder.path(), folder.path(), stop.get_token(), {}};
        QVERIFY(!trainTrial(smallProject(200, 0.2), context));
        QVERIFY(fs::is_empty(folder.path()));

        // Nor in an experiment that is stopped in the middle of its second trial.
        auto experiment = seedsExperiment(3);
        set(experiment.project, "epochs", std::int64_t{50});
        const auto directory =
            ExperimentDirectory::create(home_ / "given-up", experiment, planOf(experiment));
        std::stop_source later;
        const ExperimentSink sink{[&](const ExperimentProgress& progress) {
                                      if (progress.done == 1 && progress.running[0].share > 0.2)
                                          later.request_stop();
                                  },
                                  {}};
        QCOMPARE(runExperiment(directory, sink, later.get_token()), ExperimentOutcome::Stopped);
        QCOMPARE(directory.results().size(), std::size_t{1});
        QVERIFY(fs::exists(directory.trialFolder(0)));
        QVERIFY(!fs::exists(directory.trialFolder(1)));
    }

    /// A stopped experiment has done the first trials of the plan and resumes with any number of
    /// jobs.
    void stoppedTrialsAtATimeResume() {
        const auto experiment = seedsExperiment(6);
        const auto alone =
            ExperimentDirectory::create(home_ / "whole", experiment, planOf(experiment));
        runExperiment(alone, {}, {});
        const auto together =
            ExperimentDirectory::create(home_ / "parts", experiment, planOf(experiment));
        std::stop_source stop;
        const ExperimentSink sink{{}, [&](const TrialResult&) { stop.request_stop(); }};
        QCOMPARE(runExperiment(together, sink, stop.get_token(), 3), ExperimentOutcome::Stopped);
        const auto kept = together.results();
        QVERIFY(!kept.empty() && kept.size() < 6);
        for (std::size_t i = 0; i < kept.size(); ++i)
            QCOMPARE(kept[i].trial.number, static_cast<std::int64_t>(i));
        QCOMPARE(runExperiment(together, {}, {}, 2), ExperimentOutcome::Finished);
        QCOMPARE(valuesIn(together), valuesIn(alone));
    }

    void onlySomeTrialsRunTogether() {
        using enum TrialsAtATime;
        const auto atATime = [](const char* kind, const ParamValues& settings) {
            Experiment experiment{kind, smallProject(200, 0.2), settings, "x"};
            return experimentKind(kind).make(experiment)->trialsAtATime();
        };
        for (const auto* const kind : {"seeds", "depth", "cross-validation"})
            QCOMPARE(atATime(kind, {}), Independent);
        const std::string over = "learning_rate=0.001..0.1:log";
        for (const auto* const method : {"grid", "random", "sobol"})
            QCOMPARE(atATime("sweep", {{"over", over}, {"method", std::string(method)}}),
                     Independent);
        for (const auto* const method : {"tpe", "asha"})
            QCOMPARE(atATime("sweep", {{"over", over}, {"method", std::string(method)}}), Chosen);
        QCOMPARE(
            atATime("sweep", {{"over", over}, {"method", std::string("random")}, {"minutes", 5.0}}),
            Chosen);
        for (const auto* const kind : {"batch-size", "precision", "ensemble", "data-amount"})
            QCOMPARE(atATime(kind, {}), One);
        QCOMPARE(atATime("data-amount", {{"threads", false}}), Independent);
    }

    void experimentIsRenamed() {
        const auto experiment = seedsExperiment(2);
        const auto directory =
            ExperimentDirectory::create(home_ / "named", experiment, planOf(experiment));
        const auto before = parseJson(readTextFile(directory.experimentJson()), "before");
        directory.rename("  Luck of München ");
        QCOMPARE(directory.read().name, std::string("Luck of München"));
        auto after = parseJson(readTextFile(directory.experimentJson()), "after");
        after["name"] = before.at("name");
        QVERIFY(after == before); // nothing else has changed
        QVERIFY(messageOf([&] {
                    directory.rename("  ");
                    return 0;
                }).contains("needs a name"));
        QCOMPARE(directory.read().name, std::string("Luck of München"));
    }

    /// While a sink holds the trials, as a pause does, nothing counts: not for a trial, not for the
    /// time that is left.
    void pausesAreNoWork() {
        using Clock = std::chrono::steady_clock;
        const auto experiment = seedsExperiment(2);
        const auto directory =
            ExperimentDirectory::create(home_ / "held", experiment, planOf(experiment));
        constexpr auto hold = std::chrono::seconds(1);
        Clock::duration held{};
        double mostLeft = 0;
        const auto begun = Clock::now();
        const auto workSoFar = [&] {
            return std::chrono::duration<double>(Clock::now() - begun - held).count();
        };
        ExperimentSink sink;
        sink.progress = [&](const ExperimentProgress& progress) {
            if (held == Clock::duration{} && progress.share > 0) {
                const auto since = Clock::now();
                std::this_thread::sleep_for(hold);
                held = Clock::now() - since;
            } else if (progress.secondsLeft && progress.share > 0 && progress.share < 1) {
                // What is left was reckoned from the work until now.
                const double work = *progress.secondsLeft * progress.share / (1 - progress.share);
                mostLeft = std::max(mostLeft, work - workSoFar());
            }
        };
        QCOMPARE(runExperiment(directory, sink, {}), ExperimentOutcome::Finished);
        const double work = workSoFar();
        QVERIFY(held >= hold);
        QVERIFY2(mostLeft < 1e-6, qPrintable(QString::number(mostLeft)));
        double seconds = 0;
        for (const auto& result : directory.results()) {
            seconds += result.seconds;
            QVERIFY(result.seconds > 0);
            QVERIFY(result.values.at("seconds").get<double>() <= result.seconds);
        }
        QVERIFY2(seconds <= work, qPrintable(QStringLiteral("%1 > %2").arg(seconds).arg(work)));
    }

    void trialsAreStoredAndReported() {
        const auto experiment = seedsExperiment(3);
        const auto directory =
            ExperimentDirectory::create(home_ / "done", experiment, planOf(experiment));
        std::vector<std::size_t> linesWhenDone;
        std::vector<ExperimentProgress> progress;
        const auto outcome = runExperiment(
            directory,
            {[&](const auto& now) { progress.push_back(now); },
             [&](const auto&) { linesWhenDone.push_back(directory.results().size()); }},
            {});
        QCOMPARE(outcome, ExperimentOutcome::Finished);
        QCOMPARE(linesWhenDone, (std::vector<std::size_t>{1, 2, 3}));
        QCOMPARE(directory.state(), ExperimentState::Finished);
        double before = 0;
        for (const auto& now : progress) {
            QVERIFY(now.share >= before && now.share <= 1);
            before = now.share;
            QCOMPARE(now.trials, std::int64_t{3});
        }
        QVERIFY(before > 0.9);
        QVERIFY(progress.back().secondsLeft.has_value());

        // A trial's figures are those of a plain training with its seed.
        auto project = experiment.project;
        set(project, "seed", std::int64_t{2});
        EventLog log;
        Trainer(trainingJob(project, home_ / "plain"), log.sink()).run({});
        const auto finished = log.all<Finished>().front();
        const auto values = directory.results()[1].values;
        QCOMPARE(values.at("test_loss").get<double>(), finished.test.loss);
        QCOMPARE(values.at("best_epoch").get<std::int64_t>(), finished.bestEpoch);
        const auto epoch =
            log.all<EpochDone>().at(static_cast<std::size_t>(finished.bestEpoch - 1));
        QCOMPARE(values.at("loss").get<double>(), epoch.validation->loss);
        QCOMPARE(values.at("quality").get<double>(), epoch.validation->quality.value);

        const auto report = parseJson(readTextFile(directory.reportJson()), "report.json");
        QCOMPARE(report.at("tables").at(0).at("rows").size(), std::size_t{3});
        QCOMPARE(report.at("data").at("trainings").get<int>(), 3);
        const auto markdown = readTextFile(directory.reportMarkdown());
        QVERIFY(markdown.starts_with("# Luck of the seed"));
        QVERIFY(markdown.find("| Seed |") != std::string::npos);
        // Weights are gone, curves are not.
        QVERIFY(!fs::exists(directory.trialFolder(0) / "x"));
        const auto runs = RunDirectory::list(directory.trialFolder(0));
        QCOMPARE(runs.size(), std::size_t{1});
        QVERIFY(!fs::exists(runs.front().bestWeights()));
        QVERIFY(fs::exists(runs.front().metrics()));
    }

    void stoppedExperimentGoesOnAsIfUndisturbed() {
        const auto experiment = seedsExperiment(4);
        const auto whole =
            ExperimentDirectory::create(home_ / "whole", experiment, planOf(experiment));
        QCOMPARE(runExperiment(whole, {}, {}), ExperimentOutcome::Finished);

        const auto parts =
            ExperimentDirectory::create(home_ / "parts", experiment, planOf(experiment));
        std::stop_source stop;
        // In the middle of the second trial.
        const ExperimentSink sink{[&](const ExperimentProgress& now) {
                                      if (now.done == 1 && now.share > 0.3)
                                          stop.request_stop();
                                  },
                                  {}};
        QCOMPARE(runExperiment(parts, sink, stop.get_token()), ExperimentOutcome::Stopped);
        QCOMPARE(parts.results().size(), std::size_t{1});
        QCOMPARE(parts.state(), ExperimentState::Stopped);
        QVERIFY(!fs::exists(parts.reportJson()));

        // As a kill leaves it: a line of which only a part was written.
        {
            std::ofstream torn(parts.trialsFile(), std::ios::app);
            torn << "{\"trial\":1,\"title\":\"seed 2\",\"sett";
        }
        QCOMPARE(parts.results().size(), std::size_t{1});
        int begun = 0;
        std::int64_t last = -1;
        const ExperimentSink counting{[&](const ExperimentProgress& now) {
                                          begun += now.done != last ? 1 : 0;
                                          last = now.done;
                                      },
                                      {}};
        QCOMPARE(runExperiment(parts, counting, {}), ExperimentOutcome::Finished);
        QCOMPARE(begun, 3); // the finished one is not done again
        QCOMPARE(valuesIn(parts), valuesIn(whole));
    }

    void damagedTrialsAreNamed() {
        const auto experiment = seedsExperiment(2);
        const auto directory =
            ExperimentDirectory::create(home_ / "damaged", experiment, planOf(experiment));
        const auto message = [&](const char* text) {
            writeFileAtomically(directory.trialsFile(), std::string_view(text));
            return messageOf([&] { return directory.results(); });
        };
        QVERIFY(message("3\n").contains("trials.jsonl:1"));
        QVERIFY(message("{\"trial\":0}\n").contains("lacks \"title\""));
        QVERIFY(message("{\"trial\":4,\"title\":\"a\",\"settings\":{},\"cost\":1,\"seconds\":1,"
                        "\"values\":{}}\n")
                    .contains("where trial 0 is due"));
        QVERIFY(messageOf([&] { return runExperiment(directory, {}, {}); }).contains("trial 0"));
    }

    void trialThatFailsIsTold() {
        auto experiment = seedsExperiment(2);
        experiment.project.training.optimizer = {"lbfgs", {}}; // which wants one whole batch
        const auto directory =
            ExperimentDirectory::create(home_ / "failing", experiment, planOf(experiment));
        QCOMPARE(runExperiment(directory, {}, {}), ExperimentOutcome::Finished);
        const auto results = directory.results();
        QCOMPARE(results.size(), std::size_t{2});
        QVERIFY(results.front().hasFailed());
        QVERIFY(readTextFile(directory.reportMarkdown()).find("batch size") != std::string::npos);
    }

    void onlyOneProcessWrites() {
        const auto experiment = seedsExperiment(2);
        const auto directory =
            ExperimentDirectory::create(home_ / "locked", experiment, planOf(experiment));
        const auto lock = directory.lock();
        QCOMPARE(directory.state(), ExperimentState::Running);
        QVERIFY(messageOf([&] {
                    return runExperiment(directory, {}, {});
                }).contains("is being written by process"));
    }

    void experimentsAreFoundBeforeAndAfterSaving() {
        const auto experiment = seedsExperiment(2);
        const auto& project = experiment.project;
        ExperimentDirectory::create(labFolder(project, {}), experiment, planOf(experiment));
        QCOMPARE(experimentsOf(project, {}).size(), std::size_t{1});
        const auto file = home_ / "saved" / "net.gradwright";
        QCOMPARE(labFolder(project, file), home_ / "saved" / "net.lab");
        ExperimentDirectory::create(labFolder(project, file), experiment, planOf(experiment));
        QCOMPARE(experimentsOf(project, file).size(), std::size_t{2});
        auto renamed = project;
        renamed.name = "another name";
        QCOMPARE(experimentsOf(renamed, {}).size(), std::size_t{1});
        QCOMPARE(experimentsOf(newProject(), {}).size(), std::size_t{0});
    }

    void trainingEndedEarlyGoesOnToTheBit() {
        auto project = smallProject(200, 0.2);
        set(project, "epochs", std::int64_t{4});
        const auto context = [&](const char* name) {
            const auto path = home_ / name;
            fs::create_directories(path);
            return TrialContext{path, path, {}, {}};
        };
        const auto whole = trainTrial(project, context("at-once"));
        QVERIFY(whole && whole->test);
        QCOMPARE(whole->epochs.size(), std::size_t{4});
        const auto first = trainTrial(project, context("in-parts"), {.untilEpoch = 1});
        QVERIFY(first && !first->test);
        QCOMPARE(first->epochs.size(), std::size_t{1});
        const auto second =
            trainTrial(project, context("in-parts"), {.resume = first->run, .untilEpoch = 3});
        QVERIFY(second);
        QCOMPARE(second->epochs.size(), std::size_t{3});
        const auto third = trainTrial(project, context("in-parts"), {.resume = first->run});
        QVERIFY(third && third->test);
        QCOMPARE(third->test->loss, whole->test->loss);
        for (std::size_t i = 0; i < 4; ++i)
            QCOMPARE(third->epochs[i].validation->loss, whole->epochs[i].validation->loss);
    }

    /// A project may ask for several processes; a trial is one, as if the project did not.
    void trialsTrainInOneProcess() {
        const TemporaryFolder alone, asking;
        auto project = smallProject(200, 0.2);
        const auto contextIn = [](const TemporaryFolder& folder) {
            return TrialContext{folder.path(), folder.path(), {}, {}};
        };
        const auto expected = trainTrial(project, contextIn(alone));
        set(project, "where", std::string("processes"));
        const auto trial = trainTrial(project, contextIn(asking));
        QVERIFY(expected && trial);
        QCOMPARE(trial->test->loss, expected->test->loss);
        QVERIFY(!RunDirectory::open(trial->run).readRunJson()["machine"].contains("ranks"));
    }

    void markdownKeepsItsCells() {
        const Report report{.title = "T",
                            .paragraphs = {"Answer."},
                            .tables = {{"Numbers", {"a", "b"}, {{"x|y\nz", "1.5"}, {"w", "-2"}}}},
                            .pictures = {{"p.png", "Picture"}}};
        QCOMPARE(QString::fromStdString(toMarkdown(report)),
                 QString("# T\n\nAnswer.\n\n![Picture](p.png)\n\n## Numbers\n\n"
                         "| a | b |\n| --- | ---: |\n| x\\|y z | 1.5 |\n| w | -2 |\n"));
    }

    void spreadIsTheTextbooks() {
        const std::vector<double> values{4, 1, std::nan(""), 3, 2};
        const auto spread = spreadOf(values);
        QCOMPARE(spread.count, std::size_t{4});
        QCOMPARE(spread.mean, 2.5);
        QCOMPARE(spread.median, 2.5);
        QCOMPARE(spread.deviation, std::sqrt(5.0 / 3)); // squares 2.25 + 0.25 + 0.25 + 2.25 by 3
        QCOMPARE(spread.least, 1.0);
        QCOMPARE(spread.most, 4.0);
        QCOMPARE(spreadOf({}).count, std::size_t{0});
    }

private:
    SmallMnistHome home_{300, 100};
};

QTEST_GUILESS_MAIN(LabExperimentTest)
#include "tst_lab_experiment.moc"
