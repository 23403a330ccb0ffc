// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the real program makes of steps: several batches each, a rate for larger ones, a trace.
#include "engine/io/run_directory.h"
#include "engine/support/json.h"
#include "tests/app/cli.h"

#include <QTest>

#include <cmath>
#include <set>

using namespace gradwright;
using namespace gradwright::test;

class CliStepsTest : public QObject {
    Q_OBJECT

    /// LeNet-5 on 1,000 digits for one epoch.
    [[nodiscard]] CliResult train(const std::string& folder, const QStringList& more) const {
        return cli_.run(QStringList{"train", "template:lenet-5", "--epochs", "1", "--json",
                                    "--schedule", "constant", "--run-dir", cli_.path(folder)} +
                        more);
    }
    static Json recordOf(const CliResult& result) {
        return RunDirectory::open(result.json()["run"].get<std::string>()).readRunJson();
    }

private Q_SLOTS:
    /// 1,000 samples less a tenth for validation: 29 batches of 32, 8 steps of four.
    void batchesAreAccumulated() {
        const auto result = train("accumulated", {"--batch", "32", "--set", "accumulate_batches=4",
                                                  "--set", "data.validation_fraction=0.1"});
        QVERIFY2(result.code == 0, result.text().c_str());
        QCOMPARE(result.json()["steps"].get<int>(), 8);
        QCOMPARE(recordOf(result)["project"]["training"]["params"]["accumulate_batches"].get<int>(),
                 4);
        const auto resumed = cli_.run(
            {"train", "--resume", QString::fromStdString(result.json()["run"].get<std::string>()),
             "--epochs", "2", "--json"});
        QVERIFY2(resumed.code == 0, resumed.text().c_str());
        QCOMPARE(resumed.json()["steps"].get<int>(), 16);
        const auto changed = cli_.run(
            {"train", "--resume", QString::fromStdString(result.json()["run"].get<std::string>()),
             "--set", "accumulate_batches=2"});
        QVERIFY(changed.code != 0 && changed.err.contains("cannot change a run once it has begun"));
    }

    void noBatchesCannotBeAccumulated() {
        const auto result = train("none", {"--set", "accumulate_batches=0"});
        QVERIFY2(result.code != 0 && result.err.contains("Accumulated batches"),
                 result.text().c_str());
    }

    void theRateIsScaledToTheBatch() {
        const auto before = train("before", {"--batch", "64"});
        QVERIFY2(before.code == 0, before.text().c_str());
        const auto params = recordOf(before)["project"]["training"]["params"];
        const auto result =
            train("scaled", {"--batch", "256", "--scale-rate", "--set", "warmup_epochs=0.5"});
        QVERIFY2(result.code == 0, result.text().c_str());
        const auto scaling = recordOf(result)["rate_scaling"];
        const auto factor = scaling["factor"].get<double>();
        QCOMPARE(factor, 256.0 / scaling["samples_before"].get<double>());
        QVERIFY(factor > 1);
        const auto scaled = recordOf(result)["project"]["training"]["params"];
        QCOMPARE(scaled["learning_rate"].get<double>(),
                 params["learning_rate"].get<double>() * factor);
        QCOMPARE(scaled["warmup_start"].get<double>(), 1 / factor);
        QCOMPARE(scaled["warmup_epochs"].get<double>(), 0.5);
        QVERIFY(!recordOf(before).contains("rate_scaling"));
        QVERIFY(result.json()["rate_scaling"] == scaling);
        bool isSaid = false;
        const auto said = result.json();
        for (const auto& note : said["data_notes"])
            isSaid = isSaid || note.get<std::string>().starts_with("the learning rate ");
        QVERIFY2(isSaid, result.text().c_str());
    }

    void aSmallerBatchIsRefused() {
        const auto result = train("smaller", {"--batch", "4", "--scale-rate"});
        QVERIFY2(result.code != 0 &&
                     result.err.contains("--scale-rate: the learning rate is scaled to larger "
                                         "batches only"),
                 result.text().c_str());
    }

    void aTraceNamesTheLayers() {
        const auto result = train("traced", {"--batch", "64", "--trace", cli_.path("trace.json")});
        QVERIFY2(result.code == 0, result.text().c_str());
        const auto bytes = readFile(cli_ / "trace.json");
        const auto trace = Json::parse(bytes.begin(), bytes.end());
        std::set<std::string> backward;
        for (const auto& event : trace["traceEvents"])
            if (event["cat"] == "backward")
                backward.insert(event["name"].get<std::string>());
        QVERIFY2(backward.size() >= 5, trace.dump().substr(0, 1000).c_str());
    }

    void aTraceNeedsAFolder() {
        const auto result = train("nowhere", {"--trace", cli_.path("no/such/trace.json")});
        QVERIFY2(result.code != 0 && result.err.contains("--trace") &&
                     result.err.contains("there is no folder"),
                 result.text().c_str());
    }

private:
    Cli cli_;
};

QTEST_GUILESS_MAIN(CliStepsTest)
#include "tst_cli_steps.moc"
