// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/atomic_file.h"
#include "engine/project/project_file.h"
#include "engine/project/run_label.h"
#include "engine/project/templates.h"
#include "engine/support/json.h"
#include "tests/support/data_files.h"
#include "ui/session/run_history.h"

#include <QTest>

#include <cmath>

using namespace gradwright;
using test::TemporaryFolder;

namespace {

RunDirectory makeRun(const TemporaryFolder& folder, const char* of, const std::string& metrics) {
    const auto project = openTemplate(of);
    const auto run = RunDirectory::create(folder.path(), project.name);
    writeFileAtomically(run.metrics(), metrics);
    run.writeRunJson({{"name", project.name}, {"project", toJson(project)}});
    return run;
}

} // namespace

/// What runs wrote down, whichever version wrote it.
class RunHistoryTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void classesAreToldByAccuracy() {
        const TemporaryFolder folder;
        const auto history = readHistory(
            makeRun(folder, "softmax-regression",
                    R"({"step":4,"epoch":0.5,"loss":0.7,"accuracy":0.6,"learning_rate":0.1})"
                    "\n"
                    R"({"step":8,"epoch":1,"epoch_loss":0.5,"epoch_accuracy":0.8,"best":true})"
                    "\n"));
        QCOMPARE(history.metric, &metric("accuracy"));
        QCOMPARE(history.steps.size(), 1U);
        QVERIFY(history.steps[0].quality == (Quality{&metric("accuracy"), 0.6}));
        QCOMPARE(history.steps[0].learningRate, 0.1);
        QVERIFY(history.best()->quality == (Quality{&metric("accuracy"), 0.8}));
        QVERIFY(!history.best()->validated);
    }

    void whatAPersonWroteAndHowItEndedIsRead() {
        const TemporaryFolder folder;
        const auto run =
            makeRun(folder, "softmax-regression",
                    R"({"step":4,"epoch":0.5,"loss":0.7,"accuracy":0.6,"seconds":1.5})"
                    "\n"
                    R"({"step":6,"epoch":0.75,"learning_rate_set":0.2,"learning_rate":0.15})"
                    "\n"
                    R"({"step":8,"epoch":1,"loss":0.6,"accuracy":0.7,"seconds":3.25})"
                    "\n"
                    R"({"step":8,"epoch":1,"epoch_loss":0.5,"epoch_accuracy":0.8,"best":true})"
                    "\n");
        auto history = readHistory(run);
        QVERIFY(!history.isNamed && history.note.empty() && !history.endedEarly());
        QCOMPARE(history.seconds, 3.25);
        QCOMPARE(history.secondsAt(7), 1.5);
        QCOMPARE(history.rateChanges.size(), 1U);
        QCOMPARE(history.rateChanges[0].epoch, 0.75);
        QCOMPARE(history.rateChanges[0].rate, 0.15);

        writeLabel(run, {"first try", "slow"});
        auto record = run.readRunJson();
        record["result"] = {{"epochs", 1}, {"seconds", 4.5}, {"test_accuracy", 0.75}};
        run.writeRunJson(record);
        history = readHistory(run);
        QCOMPARE(history.name, std::string("first try"));
        QCOMPARE(history.note, std::string("slow"));
        QCOMPARE(history.seconds, 4.5);
        QVERIFY(history.test && *history.test == (Quality{&metric("accuracy"), 0.75}));
        QVERIFY(history.totalEpochs > 1 && history.endedEarly());

        // A label that cannot be read takes nothing else away.
        writeFileAtomically(labelFileOf(run), "{");
        QCOMPARE(readHistory(run).name, openTemplate("softmax-regression").name);
    }

    /// Runs of versions that did not log times.
    void oldRunsHaveNoTimes() {
        const TemporaryFolder folder;
        const auto history = readHistory(
            makeRun(folder, "softmax-regression",
                    R"({"step":4,"epoch":0.5,"loss":0.7,"accuracy":0.6,"learning_rate":0.1})"
                    "\n"));
        QVERIFY(std::isnan(history.seconds));
        QCOMPARE(history.secondsAt(4), 0.0);
    }

    void valuesAreToldByDetermination() {
        const TemporaryFolder folder;
        const auto history = readHistory(
            makeRun(folder, "weather",
                    R"({"step":4,"epoch":0.5,"loss":0.7,"r2":-0.25})"
                    "\n"
                    R"({"step":8,"epoch":1,"epoch_loss":0.5,"epoch_r2":0.5,"validation_loss":0.4,)"
                    R"("validation_r2":0.75,"best":true})"
                    "\n"
                    R"({"step":12,"epoch":1.5,"loss":null,"r2":null})"
                    "\n"));
        QCOMPARE(history.metric, &metric("r2"));
        QCOMPARE(history.steps.size(), 2U);
        QVERIFY(history.steps[0].quality == (Quality{&metric("r2"), -0.25}));
        QVERIFY(std::isnan(history.steps[1].quality.value));
        QVERIFY(history.best()->quality == (Quality{&metric("r2"), 0.75}));
        QVERIFY(history.best()->validated);
    }
};

QTEST_GUILESS_MAIN(RunHistoryTest)
#include "tst_run_history.moc"
