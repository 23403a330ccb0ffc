// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/json_lines.h"
#include "engine/lab/experiment.h"
#include "engine/project/project_file.h"
#include "engine/support/json.h"
#include "tests/app/cli.h"
#include "tests/support/small_jobs.h"

#include <QElapsedTimer>
#include <QProcess>
#include <QTest>

#include <random>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

/// The only experiment in a folder of experiments; empty when there is none yet.
fs::path onlyExperiment(const fs::path& folder) {
    const auto found = ExperimentDirectory::list(folder);
    return found.size() == 1 ? found.front().path() : fs::path();
}

/// Finished trials of the only experiment in the folder.
std::size_t trialsIn(const fs::path& folder) {
    const auto experiment = onlyExperiment(folder);
    return experiment.empty() ? 0 : ExperimentDirectory::open(experiment).results().size();
}

/// What must not depend on interruptions.
std::string lastingValues(const fs::path& experiment) {
    Json all = Json::array();
    for (const auto& result : ExperimentDirectory::open(experiment).results()) {
        auto values = result.values;
        for (const auto* const key : {"seconds", "samples_per_second", "run"}) // named by the time
            values.erase(key);
        all.push_back(std::move(values));
    }
    return all.dump();
}

} // namespace

class CliLabTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void kindsAreListed() {
        const auto result = cli_.run({"lab", "kinds", "--json"});
        QVERIFY2(result.code == 0, result.text().c_str());
        QVERIFY(result.json().at("kinds").size() >= 3);
        QVERIFY(cli_.run({"lab", "kinds"}).out.contains("trainings=5"));
    }

    void planSaysWhatWouldBeDone() {
        const auto file = cli_.save(smallProject(100, 0.2), "plan.gradwright");
        const auto result = cli_.run({"lab", "run", "seeds", file, "--with", "trainings=7",
                                      "--epochs", "3", "--plan", "--json"});
        QVERIFY2(result.code == 0, result.text().c_str());
        QCOMPARE(result.json().at("trials").get<int>(), 7);
        QCOMPARE(result.json().at("epochs").get<int>(), 21);
        QVERIFY(!fs::exists(cli_ / "plan.lab"));
    }

    void experimentIsDoneListedAndRepeated() {
        const auto file = cli_.save(smallProject(100, 0.2), "seeds.gradwright");
        const auto result =
            cli_.run({"lab", "run", "seeds", file, "--with", "trainings=2", "--json"});
        QVERIFY2(result.code == 0, result.text().c_str());
        const auto json = result.json();
        QCOMPARE(json.at("state").get<std::string>(), "finished");
        QCOMPARE(json.at("trials").size(), std::size_t{2});
        const auto folder = onlyExperiment(cli_ / "seeds.lab");
        QCOMPARE(json.at("experiment").get<std::string>(), folder.string());

        const auto listed = cli_.run({"lab", "list", file, "--json"});
        QVERIFY2(listed.code == 0, listed.text().c_str());
        QCOMPARE(listed.json().at("experiments").at(0).at("trials").get<int>(), 2);

        const auto shown = cli_.run({"lab", "report", QString::fromStdString(folder.string())});
        QVERIFY2(shown.code == 0 && shown.out.contains("Best epoch"), shown.text().c_str());

        const auto again = cli_.run({"lab", "repeat",
                                     QString::fromStdString((folder / "experiment.json").string()),
                                     "--out", cli_.path("again"), "--quiet"});
        QVERIFY2(again.code == 0, again.text().c_str());
        QCOMPARE(lastingValues(onlyExperiment(cli_ / "again")), lastingValues(folder));
    }

    void severalTrialsAtATimeGiveTheSame() {
        const auto file = cli_.save(smallProject(100, 0.2), "jobs.gradwright");
        for (const auto* const jobs : {"1", "2"}) {
            const auto result = cli_.run({"lab", "run", "seeds", file, "--with", "trainings=4",
                                          "--threads", "1", "--jobs", jobs, "--out",
                                          cli_.path(std::string("jobs") + jobs), "--quiet"});
            QVERIFY2(result.code == 0, result.text().c_str());
        }
        const auto one = lastingValues(onlyExperiment(cli_ / "jobs1"));
        QVERIFY(one.size() > 100);
        QCOMPARE(lastingValues(onlyExperiment(cli_ / "jobs2")), one);
    }

    void wrongRequestsAreRefused_data() {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<QString>("part");
        QTest::newRow("kind") << QStringList{"lab", "run", "magic", "template:exclusive-or"}
                              << "known are";
        QTest::newRow("no setting")
            << QStringList{"lab", "run", "seeds", "template:exclusive-or", "--with", "magic=1"}
            << "known are trainings";
        QTest::newRow("no value") << QStringList{"lab",    "run",
                                                 "seeds",  "template:exclusive-or",
                                                 "--with", "trainings"}
                                  << "key=value";
        QTest::newRow("range") << QStringList{"lab",    "run",
                                              "seeds",  "template:exclusive-or",
                                              "--with", "trainings=1"}
                               << "trainings";
        QTest::newRow("jobs with all threads")
            << QStringList{"lab", "run", "seeds", "template:small-cnn", "--jobs", "2"}
            << "--threads in the terminal";
        QTest::newRow("jobs that depend")
            << QStringList{"lab",       "run", "precision", "template:exclusive-or",
                           "--threads", "1",   "--jobs",    "2"}
            << "one after the other";
        QTest::newRow("no jobs") << QStringList{"lab",    "run", "seeds", "template:exclusive-or",
                                                "--jobs", "0"}
                                 << "--jobs";
        QTest::newRow("no experiment")
            << QStringList{"lab", "resume", "/nowhere"} << "no such experiment";
        QTest::newRow("other folder")
            << QStringList{"lab", "report", "/tmp"} << "experiment.json is missing";
    }
    void wrongRequestsAreRefused() {
        QFETCH(QStringList, arguments);
        QFETCH(QString, part);
        const auto result = cli_.run(arguments);
        QVERIFY2(result.code != 0 && result.failsInOneLine() && result.err.contains(part.toUtf8()),
                 result.text().c_str());
    }

    void sweepAdoptsTheBest() {
        const auto file = cli_.save(smallProject(200, 0.3), "sweep.gradwright");
        const auto result =
            cli_.run({"sweep", file, "--over", "learning_rate=0.0001..0.1:log", "--over",
                      "layer.hidden.units=8,16", "--method", "random", "--trials", "4", "--epochs",
                      "2", "--adopt", cli_.path("best.gradwright"), "--json"});
        QVERIFY2(result.code == 0, result.text().c_str());
        const auto json = result.json();
        const auto& data = json.at("data");
        const auto best = data.at("best").get<std::size_t>();
        const auto point = json.at("trials").at(best).at("settings").at("point");
        const auto adopted = loadProject(cli_ / "best.gradwright");
        QCOMPARE(adopted.training.learningRate(), std::stod(point.at(0).get<std::string>()));
        QVERIFY(result.err.contains("learning_rate=" +
                                    QByteArray::fromStdString(point.at(0).get<std::string>())));
        // The same again by name.
        const auto experiment = QString::fromStdString(json.at("experiment").get<std::string>());
        const auto again = cli_.run({"lab", "adopt", experiment, cli_.path("again.gradwright")});
        QVERIFY2(again.code == 0, again.text().c_str());
        QVERIFY(loadProject(cli_ / "again.gradwright").training == adopted.training);
        const auto taken = cli_.run({"lab", "adopt", experiment, cli_.path("again.gradwright")});
        QVERIFY(taken.whyNoFailure({"exists already"}).empty());
    }

    void batchSizesAreTold() {
        const auto file = cli_.save(smallProject(200, 0.3), "sizes.gradwright");
        const auto result =
            cli_.run({"batch-size", file, "--smallest", "16", "--largest", "64", "--repeats", "1"});
        QVERIFY2(result.code == 0, result.text().c_str());
        QVERIFY2(result.out.contains("The sweet spot is"), result.text().c_str());
        QVERIFY2(result.out.contains("Trial 3 of 3: batch 16, seed 1"), result.text().c_str());
    }

    void wrongSweepsAreUsageErrors() {
        const auto wrong = cli_.run(
            {"sweep", "template:exclusive-or", "--over", "batch=1,2", "--method", "magic"});
        QVERIFY2(wrong.code == 2 && wrong.err.contains("--method"), wrong.text().c_str());
        const auto key =
            cli_.run({"sweep", "template:exclusive-or", "--over", "magic=1,2", "--plan"});
        QVERIFY2(key.code != 0 && key.err.contains("no such setting"), key.text().c_str());
    }

    /// Whatever it is at: each time it resumes behind its last finished trial, and in the end it
    /// has found what it would have found undisturbed.
    void sweepIsKilledAtTwentyMoments_data() {
        QTest::addColumn<QString>("method");
        QTest::addColumn<QString>("jobs");
        QTest::newRow("one job, each trial after those before") << "tpe"
                                                                << "1";
        QTest::newRow("one job, runs that are resumed") << "asha"
                                                        << "1";
        QTest::newRow("two jobs") << "random"
                                  << "2";
        QTest::newRow("two jobs, chosen beside each other") << "tpe"
                                                            << "2";
        QTest::newRow("two jobs, runs that are resumed") << "asha"
                                                         << "2";
    }
    void sweepIsKilledAtTwentyMoments() {
        QFETCH(QString, method);
        QFETCH(QString, jobs);
        constexpr int kKills = 20;
        constexpr int kTrials = 60;
        const auto file = cli_.save(smallProject(300, 0.2), "sweep-killed.gradwright");
        const auto into = [&](const fs::path& folder) {
            return QStringList{"sweep",    file,
                               "--over",   "learning_rate=0.0001..0.1:log",
                               "--over",   "layer.hidden.units=4..32",
                               "--method", method,
                               "--trials", QString::number(kTrials),
                               "--epochs", "3",
                               "--jobs",   jobs,
                               "--out",    QString::fromStdString(folder),
                               "--quiet"};
        };
        const auto ending = (method + jobs).toStdString();
        const auto whole = cli_ / ("whole-" + ending);
        QElapsedTimer timer;
        timer.start();
        const auto plan = cli_.run(into(whole) << "--plan");
        QVERIFY2(plan.code == 0, plan.text().c_str());
        const double start = static_cast<double>(timer.restart());
        const auto undisturbed = cli_.run(into(whole));
        QVERIFY2(undisturbed.code == 0, undisturbed.text().c_str());
        const double trial = static_cast<double>(timer.elapsed()) / kTrials;
        const auto expected = lastingValues(onlyExperiment(whole));

        const auto folder = cli_ / ("killed-" + ending);
        std::mt19937 random(7);
        std::uniform_real_distribution<double> share(0, 2);
        auto process = cli_.start(into(folder));
        std::size_t before = 0;
        int kills = 0;
        while (kills < kKills) {
            // Some end before they have begun anything, none lasts much longer than a trial:
            // trials are counted, since time alone is stretched by a busy computer.
            QElapsedTimer life;
            life.start();
            const auto longest = share(random) * (start + trial);
            while (process->state() != QProcess::NotRunning &&
                   static_cast<double>(life.elapsed()) < longest && trialsIn(folder) <= before)
                process->waitForFinished(1);
            if (process->state() == QProcess::NotRunning)
                break;
            ++kills;
            QVERIFY(killAndResume(process, folder, into(folder), before));
        }
        const auto last = Cli::finish(*process);
        QVERIFY2(last.code == 0, last.text().c_str());
        qInfo("%d kills, %zu trials were done by then", kills, before);
        QCOMPARE(kills, kKills);
        if (jobs == "2" && method != "random") {
            // What is chosen depends on what has ended by then, which is kept: so the experiment
            // that was killed can be repeated, and the one that was not, too.
            for (const auto& first : {folder, whole}) {
                const auto again = first.string() + "-again";
                const auto repeated =
                    cli_.run({"lab", "repeat", QString::fromStdString(onlyExperiment(first)),
                              "--out", QString::fromStdString(again), "--quiet"});
                QVERIFY2(repeated.code == 0, repeated.text().c_str());
                QCOMPARE(lastingValues(onlyExperiment(again)),
                         lastingValues(onlyExperiment(first)));
            }
        } else {
            QCOMPARE(lastingValues(onlyExperiment(folder)), expected);
        }
        QCOMPARE(ExperimentDirectory::open(onlyExperiment(folder)).state(),
                 ExperimentState::Finished);
    }

    void killedExperimentLosesNoTrial() {
        const auto file = cli_.save(smallProject(300, 0.2), "killed.gradwright");
        const auto into = [&](const fs::path& folder) {
            return QStringList{"lab",     "run",         "seeds", file,
                               "--with",  "trainings=8", "--out", QString::fromStdString(folder),
                               "--quiet", "--epochs",    "3"};
        };
        QElapsedTimer timer;
        timer.start();
        const auto whole = cli_.run(into(cli_ / "undisturbed"));
        QVERIFY2(whole.code == 0, whole.text().c_str());
        const auto duration = timer.elapsed();
        const auto expected = lastingValues(onlyExperiment(cli_ / "undisturbed"));
        QCOMPARE(ExperimentDirectory::open(onlyExperiment(cli_ / "undisturbed")).results().size(),
                 std::size_t{8});

        const auto folder = cli_ / "killed";
        auto process = cli_.start(into(folder));
        std::size_t before = 0;
        int kills = 0;
        for (int i = 0; i < 6; ++i) {
            // Killed at several moments of a trial, the first ones before anything is done.
            // Trials are counted rather than time alone, which a busy computer stretches.
            while (process->state() != QProcess::NotRunning && i > 0 && trialsIn(folder) <= before)
                process->waitForFinished(1);
            if (process->state() == QProcess::NotRunning ||
                process->waitForFinished(static_cast<int>(duration / 10 * i / 6)))
                break;
            ++kills;
            QVERIFY(killAndResume(process, folder, into(folder), before));
        }
        QVERIFY(kills > 2);
        const auto last = Cli::finish(*process);
        QVERIFY2(last.code == 0, last.text().c_str());
        QCOMPARE(lastingValues(onlyExperiment(folder)), expected);
        QCOMPARE(ExperimentDirectory::open(onlyExperiment(folder)).state(),
                 ExperimentState::Finished);
    }

    /// Paths on a cost surface keep the points that they have: an epoch is a trial, and begins
    /// where the one before ended, whatever a killed process has left in its run.
    void killedPathsKeepTheirPoints() {
        const auto file = cli_.save(smallProject(300, 0.2), "paths.gradwright");
        const auto into = [&](const fs::path& folder) {
            return QStringList{"landscape",    file,
                               "--directions", "path",
                               "--optimizers", "adam,sgd",
                               "--epochs",     "6",
                               "--resolution", "3",
                               "--samples",    "50",
                               "--out",        QString::fromStdString(folder),
                               "--quiet"};
        };
        const auto whole = cli_.run(into(cli_ / "whole-paths"));
        QVERIFY2(whole.code == 0, whole.text().c_str());
        const auto expected = lastingValues(onlyExperiment(cli_ / "whole-paths"));
        const auto folder = cli_ / "killed-paths";
        auto process = cli_.start(into(folder));
        std::size_t before = 0;
        int kills = 0;
        for (; kills < 10; ++kills) {
            // Behind the next point but one, and a little later each time.
            while (process->state() != QProcess::NotRunning && trialsIn(folder) <= before + 1)
                process->waitForFinished(1);
            if (process->state() == QProcess::NotRunning || process->waitForFinished(4 * kills))
                break;
            QVERIFY(killAndResume(process, folder, into(folder), before));
        }
        QVERIFY2(kills > 2, qPrintable(QString::number(kills)));
        const auto last = Cli::finish(*process);
        QVERIFY2(last.code == 0, last.text().c_str());
        QCOMPARE(lastingValues(onlyExperiment(folder)), expected);
    }

    void interruptedExperimentSaysHowToResume() {
        const auto file = cli_.save(smallProject(300, 0.2), "stopped.gradwright");
        auto process = cli_.start({"lab", "run", "seeds", file, "--with", "trainings=200"});
        const auto folder = cli_ / "stopped.lab";
        QTRY_VERIFY_WITH_TIMEOUT(
            !onlyExperiment(folder).empty() &&
                !ExperimentDirectory::open(onlyExperiment(folder)).results().empty(),
            60'000);
        process->terminate();
        const auto result = Cli::finish(*process);
        QCOMPARE(result.code, 1);
        QVERIFY2(result.err.contains("lab resume"), result.text().c_str());
        QVERIFY2(result.out.contains("Trial 1 of 200: seed 1"), result.text().c_str());
        QCOMPARE(ExperimentDirectory::open(onlyExperiment(folder)).state(),
                 ExperimentState::Stopped);
    }

private:
    /// Kills the process and resumes its experiment, or begins it where there is none yet. False
    /// where finished trials are lost.
    bool killAndResume(std::unique_ptr<QProcess>& process, const fs::path& folder,
                       const QStringList& begin, std::size_t& trials) const {
        process->kill();
        if (!process->waitForFinished(60'000))
            return false;
        const auto done = trialsIn(folder);
        const bool keepsAll = done >= trials;
        trials = done;
        const auto experiment = onlyExperiment(folder);
        process = cli_.start(
            experiment.empty()
                ? begin
                : QStringList{"lab", "resume", QString::fromStdString(experiment), "--quiet"});
        return keepsAll;
    }

    Cli cli_{300, 100};
};

QTEST_GUILESS_MAIN(CliLabTest)
#include "tst_cli_lab.moc"
