// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/json_lines.h"
#include "engine/io/run_directory.h"
#include "engine/support/json.h"
#include "tests/app/cli.h"

#include <QTest>

#include <cmath>
#include <numbers>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

/// What a run that is resumed trains with, and why it ended before.
class CliResumeSettingsTest : public QObject {
    Q_OBJECT

    /// Classes by chance, so that validation soon stops to improve.
    void initTable() {
        std::string text = "x,y,kind\n";
        for (int i = 0; i < 120; ++i)
            text += fmt::format("{}.5,{}.25,{}\n", i * 7 % 31, i * 11 % 17,
                                i * i % 7 % 2 == 0 ? "a" : "b");
        writeText(cli_ / "noise.csv", text);
    }

    /// A new run of so many epochs, five steps each; its folder.
    QString trained(const std::string& name, const QStringList& more) {
        const auto result =
            cli_.run(QStringList{"train", "template:two-spirals", "--data", "csv", "--set",
                                 "data.file=noise.csv", "--fit", "--run-dir", cli_.path(name)} +
                     more);
        said_ = result.out;
        if (result.code != 0)
            QTest::qFail(result.text().c_str(), __FILE__, __LINE__);
        return QString::fromStdString(onlyRun(cli_ / name).string());
    }
    CliResult resumed(const QString& run, const QStringList& more) {
        return cli_.run(QStringList{"train", "--resume", run} + more);
    }
    /// The rates of the metrics, by how many epochs were done.
    static std::vector<std::pair<double, double>> ratesOf(const QString& run) {
        std::vector<std::pair<double, double>> rates;
        for (const auto& line :
             readJsonLines(fs::path(run.toStdString()) / "metrics.jsonl").records)
            if (line.contains("learning_rate") && line.contains("loss"))
                rates.emplace_back(line["epoch"].get<double>(),
                                   line["learning_rate"].get<double>());
        return rates;
    }
    static Json recordOf(const QString& run) {
        return RunDirectory::open(run.toStdString()).readRunJson();
    }

private Q_SLOTS:
    void initTestCase() { initTable(); }

    /// The rate that is asked for is what the schedule begins with, whatever it makes of it now.
    void schedulesMakeTheirsOfTheNewRate_data() {
        QTest::addColumn<QStringList>("schedule");
        QTest::addColumn<double>("factor"); // at epoch 6 of 12, from the papers' formulas
        QTest::newRow("constant") << QStringList{"--schedule", "constant"} << 1.0;
        QTest::newRow("cosine") << QStringList{"--schedule", "cosine"}
                                << 0.5 * (1 + std::cos(std::numbers::pi * 6 / 12));
        QTest::newRow("step") << QStringList{"--schedule",       "step",  "--set",
                                             "schedule.every=4", "--set", "schedule.gamma=0.1"}
                              << 0.1;
        QTest::newRow("cosine behind a warm-up")
            << QStringList{"--schedule", "cosine", "--set", "warmup_epochs=4"}
            << 0.5 * (1 + std::cos(std::numbers::pi * (6 - 4) / (12 - 4)));
        QTest::newRow("within a warm-up")
            << QStringList{"--schedule",      "constant", "--set",
                           "warmup_epochs=8", "--set",    "warmup_start=0.2"}
            << 0.2 + 0.8 * 6 / 8;
    }
    void schedulesMakeTheirsOfTheNewRate() {
        QFETCH(const QStringList, schedule);
        QFETCH(const double, factor);
        const auto run =
            trained(QTest::currentDataTag(),
                    schedule + QStringList{"--epochs", "6", "--learning-rate", "0.01"});
        const auto result = resumed(run, {"--epochs", "12", "--learning-rate", "0.002"});
        QVERIFY2(result.code == 0, result.text().c_str());
        const auto said =
            factor == 1 ? QByteArray("with a learning rate of 0.002\n")
                        : QByteArray::fromStdString(fmt::format(
                              "with a learning rate of {:.4g}, which the schedule makes of 0.002",
                              0.002 * factor));
        QVERIFY2(result.out.contains(said), (result.text() + said.toStdString()).c_str());
        // The first step after it, and those of a later resume.
        const auto rates = ratesOf(run);
        const auto first =
            std::ranges::find_if(rates, [](const auto& each) { return each.first > 6; });
        QVERIFY(first != rates.end());
        QVERIFY2(first->second <= 0.002 * 1.0001, std::to_string(first->second).c_str());
        QVERIFY(recordOf(run)["project"]["training"]["params"]["learning_rate"] == 0.002);
        const auto later = resumed(run, {"--epochs", "13"});
        QVERIFY2(later.out.contains("of 0.002"), later.text().c_str());
    }

    /// What a plateau took off before is forgotten; what it takes off later is said.
    void plateausBeginAnew() {
        const auto run =
            trained("plateau", {"--schedule", "plateau", "--set", "schedule.patience=0", "--set",
                                "schedule.gamma=0.1", "--epochs", "12", "--learning-rate", "0.5"});
        QVERIFY(ratesOf(run).back().second < 0.1);
        const auto kept = resumed(run, {"--epochs", "13"});
        QVERIFY2(kept.out.contains(", which the schedule makes of 0.5"), kept.text().c_str());
        const auto result = resumed(run, {"--epochs", "14", "--learning-rate", "0.02"});
        QVERIFY2(result.out.contains("with a learning rate of 0.02\n"), result.text().c_str());
    }

    void patienceAndEarlyStoppingMayChange() {
        const auto run = trained("patience", {"--schedule", "constant", "--epochs", "60", "--set",
                                              "early_stopping=true", "--set", "patience=2"});
        QVERIFY2(said_.contains("Stopped early at epoch "), said_.constData());
        const auto first = recordOf(run);
        QVERIFY(first["ended_by"] == "patience");
        const auto epochs = first["result"]["epochs"].get<int>();
        const auto best = first["result"]["best_epoch"].get<int>();
        QCOMPARE(epochs, best + 2);
        // More patience continues where the lesser one ended; the best weights stay the best.
        const auto longer = resumed(run, {"--set", "patience=5", "--json"});
        QVERIFY2(longer.code == 0, longer.text().c_str());
        const auto second = recordOf(run);
        QVERIFY(second["result"]["epochs"].get<int>() >= epochs + 3);
        QVERIFY(second["project"]["training"]["params"]["patience"] == 5);
        QVERIFY(second["result"]["best_epoch"].get<int>() >= best);
        // Without early stopping all epochs are had.
        const auto all = second["result"]["epochs"].get<int>() + 9;
        const auto whole =
            resumed(run, {"--set", "early_stopping=false", "--epochs", QString::number(all)});
        QVERIFY2(whole.code == 0 && !whole.out.contains("Stopped early"), whole.text().c_str());
        QVERIFY(recordOf(run)["ended_by"] == "epochs");
        QCOMPARE(recordOf(run)["result"]["epochs"].get<int>(), all);
        QVERIFY(!recordOf(run)["result"].contains("stopped_after"));
        // What would make it another training is refused, with what is not.
        for (const char* setting : {"patience_=3", "l2=0.1", "batch=4", "data.limit=5"}) {
            const auto refused = resumed(run, {"--set", setting, "--epochs", "90"});
            QCOMPARE(refused.code, 2);
            QVERIFY2(refused.err.contains(setting) &&
                         refused.err.contains("--set with early_stopping, patience, "
                                              "checkpoint_seconds, where or processes"),
                     refused.text().c_str());
        }
    }

    void aRunThatWasStoppedSaysSo() {
        auto process = cli_.start({"train", "template:two-spirals", "--data", "csv", "--set",
                                   "data.file=noise.csv", "--fit", "--epochs", "100000", "--set",
                                   "early_stopping=true", "--set", "patience=10000", "--run-dir",
                                   cli_.path("stop")});
        fs::path run;
        QTRY_VERIFY_WITH_TIMEOUT(!(run = onlyRun(cli_ / "stop")).empty() &&
                                     fs::exists(run / "metrics.jsonl") &&
                                     fs::file_size(run / "metrics.jsonl") > 0,
                                 60'000);
        process->terminate();
        const auto stopped = Cli::finish(*process);
        QCOMPARE(stopped.code, 1);
        const auto name = QString::fromStdString(run.string());
        QVERIFY(recordOf(name)["ended_by"] == "stop");
        // It is no end: asked for fewer epochs than it had, it has nothing left, and says so.
        const auto none = resumed(name, {"--epochs", "1"});
        QVERIFY2(none.code == 0 && none.out.contains("Nothing is left to train"),
                 none.text().c_str());
        QVERIFY(recordOf(name)["ended_by"] == "epochs");
    }

    /// Without samples to validate with, nothing is ever better or worse.
    void earlyStoppingWithoutValidationIsNoted() {
        trained("blind", {"--epochs", "3", "--set", "early_stopping=true", "--set", "patience=1",
                          "--set", "data.validation_fraction=0"});
        QVERIFY2(said_.contains("Data: nothing is held back for validation, so early stopping "
                                "never ends the training"),
                 said_.constData());
        trained("seeing", {"--epochs", "1", "--set", "early_stopping=true"});
        QVERIFY(!said_.contains("nothing is held back"));
    }

private:
    Cli cli_;
    QByteArray said_;
};

QTEST_GUILESS_MAIN(CliResumeSettingsTest)
#include "tst_cli_resume_settings.moc"
