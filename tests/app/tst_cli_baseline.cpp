// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/templates.h"
#include "engine/support/json.h"
#include "tests/app/cli.h"
#include "tests/support/image_tables.h"

#include <QTest>

#include <csignal>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// Whether a process blocks SIGINT, as the lines of its /proc/PID/status say.
bool takesInterrupts(const std::string& status) {
    const auto at = status.find("SigBlk:");
    if (at == std::string::npos)
        return false;
    const auto blocked = std::stoull(status.substr(at + 7), nullptr, 16);
    return (blocked >> (SIGINT - 1) & 1) != 0;
}

} // namespace

/// Classical methods, in the terminal.
class CliBaselineTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void methodsStandBesideTheNetwork() {
        const auto file = cli_.save(openTemplate("softmax-regression"), "softmax.gradwright");
        const auto trained = cli_.run({"train", file, "--epochs", "2"});
        QVERIFY2(trained.code == 0, trained.text().c_str());
        const auto run = QString::fromStdString(onlyRun(cli_ / "softmax.runs").string());
        const auto made = cli_.run({"baseline", run, "--json"});
        QVERIFY2(made.code == 0, made.text().c_str());
        const auto json = made.json();
        QCOMPARE(json["training_samples"].get<int>(), 900); // a tenth is for validation
        QCOMPARE(json["samples"].get<int>(), 300);
        QCOMPARE(json["methods"].size(), std::size_t{9}); // all for classes, and the network
        for (const auto& row : json["methods"]) {
            const auto least =
                row["method"] == "naive-bayes" || row["method"] == "tree" ? 0.35 : 0.7;
            QVERIFY2(row["accuracy"].get<double>() > least, row.dump().c_str());
            int samples = 0;
            int right = 0;
            for (std::size_t label = 0; label < 10; ++label)
                for (std::size_t said = 0; said < 10; ++said) {
                    const auto count = row["confusion"][label][said].get<int>();
                    samples += count;
                    right += label == said ? count : 0;
                }
            QCOMPARE(samples, 300);
            QCOMPARE(right / 300.0, row["accuracy"].get<double>());
        }
        const auto network = json["methods"].back();
        QCOMPARE(network["method"].get<std::string>(), std::string("network"));
        QVERIFY(network["fit_seconds"].is_null());
        const auto evaluated = cli_.run({"evaluate", run, "--json"}).json();
        QVERIFY(network["accuracy"] == evaluated["accuracy"]);
    }

    void samplesAndParametersAreChosen() {
        const auto one = cli_.run({"baseline", "template:softmax-regression", "--methods", "knn",
                                   "--limit", "200", "--set", "knn.neighbours=1", "--json"});
        QVERIFY2(one.code == 0, one.text().c_str());
        QCOMPARE(one.json()["training_samples"].get<int>(), 200);
        const auto all = cli_.run({"baseline", "template:softmax-regression", "--methods", "knn",
                                   "--limit", "200", "--set", "knn.neighbours=200", "--json"});
        // All neighbours always say the most frequent class.
        QVERIFY(all.json()["methods"][0]["accuracy"].get<double>() < 0.3);
        QVERIFY(one.json()["methods"][0]["accuracy"].get<double>() > 0.6);
    }

    /// What was fitted once reads digits later, as it read the test set.
    void fittedMethodIsSavedAndReads() {
        const auto file = cli_.path("digits.baseline");
        const auto made = cli_.run({"baseline", "template:softmax-regression", "--methods",
                                    "forest", "--save", file, "--json"});
        QVERIFY2(made.code == 0, made.text().c_str());
        QVERIFY2(made.err.contains("Wrote"), made.text().c_str());
        writeFile(cli_ / "one.png", digitPng(1, 3));
        const auto read = cli_.run({"predict", file, cli_.path("one.png"), "--json"});
        QVERIFY2(read.code == 0, read.text().c_str());
        const auto reading = read.json()[0];
        QVERIFY(reading["probabilities"].size() == 10);
        QVERIFY(reading["probability"].get<double>() > 0.1); // of a hundred trees
        const auto again = cli_.run(
            {"baseline", "template:softmax-regression", "--methods", "forest", "--save", file});
        QCOMPARE(again.whyNoFailure({"exists already"}), std::string());
        const auto several = cli_.run({"baseline", "template:softmax-regression", "--methods",
                                       "forest,knn", "--save", cli_.path("two.baseline")});
        QCOMPARE(several.code, 2);
        QVERIFY2(several.err.contains("a single method"), several.text().c_str());
        writeFile(cli_ / "torn.baseline", Bytes(20));
        const auto torn = cli_.run({"predict", cli_.path("torn.baseline"), cli_.path("one.png")});
        QCOMPARE(torn.whyNoFailure({"torn.baseline"}), std::string());
    }

    void valuesAreJudgedByTheirUnits() {
        const auto made =
            cli_.run({"baseline", "template:weather", "--methods", "ridge,boosting", "--json"});
        QVERIFY2(made.code == 0, made.text().c_str());
        for (const auto& row : made.json()["methods"]) {
            QVERIFY(row["r2"].get<double>() > 0.75 && row["r2"].get<double>() < 1);
            QVERIFY(!row.contains("confusion"));
        }
        const auto table = cli_.run({"baseline", "template:weather"});
        QVERIFY2(table.out.contains("Random forest") && table.out.contains("R²"),
                 table.text().c_str());
        QVERIFY(!table.out.contains("Logistic"));
    }

    void whatCannotBeIsRefused() {
        const auto text = cli_.run({"baseline", "template:character-lstm"});
        QCOMPARE(text.whyNoFailure({"classical methods cannot learn", "texts"}), std::string());
        const auto same = cli_.run({"baseline", "template:denoising-autoencoder"});
        QCOMPARE(same.whyNoFailure({"their own targets"}), std::string());
        for (const QStringList& wrong :
             {QStringList{"--methods", "magic"}, QStringList{"--methods", "logistic"},
              QStringList{"--set", "ridge.beta=1"}, QStringList{"--set", "ridge.alpha=-1"},
              QStringList{"--set", "ridge"}, QStringList{"--limit", "0"}}) {
            const auto refused = cli_.run(QStringList{"baseline", "template:weather"} + wrong);
            QCOMPARE(refused.code, 2);
            QVERIFY2(refused.failsInOneLine(), refused.text().c_str());
        }
        QCOMPARE(cli_.run({"baseline"}).code, 2);
    }

    void interruptStops() {
        const auto process = cli_.start({"baseline", "template:softmax-regression", "--methods",
                                         "boosting", "--set", "boosting.trees=100000"});
        // From when on it takes the signal itself.
        const auto status = "/proc/" + std::to_string(process->processId()) + "/status";
        QTRY_VERIFY(takesInterrupts(contentsOf(status)));
        ::kill(static_cast<pid_t>(process->processId()), SIGINT);
        const auto stopped = Cli::finish(*process);
        QCOMPARE(stopped.code, 1);
        QVERIFY2(stopped.err.contains("Stopped."), stopped.text().c_str());
    }

    void theListTellsAll() {
        const auto list = cli_.run({"baseline", "--list"});
        QCOMPARE(list.code, 0);
        for (const auto* key : {"naive-bayes", "svm-rbf.gamma", "forest.trees", "boosting.rate"})
            QVERIFY2(list.out.contains(key), key);
    }

private:
    Cli cli_;
};

QTEST_GUILESS_MAIN(CliBaselineTest)
#include "tst_cli_baseline.moc"
