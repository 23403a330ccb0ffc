// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/json.h"
#include "tests/app/cli.h"
#include "tests/support/small_jobs.h"

#include <QTest>

using namespace gradwright;
using test::Cli;

/// `gradwright-cli runs`: what there is, names and notes.
class CliRunsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void runsAreListedNamedAndNoted() {
        const Cli cli(400, 100);
        const auto project = cli.save(test::smallProject(0), "small.gradwright");
        QCOMPARE(cli.run({"runs", project, "--json"}).json()["runs"].size(), 0U);
        for (int i = 0; i < 2; ++i)
            QCOMPARE(cli.run({"train", project}).code, 0);
        const auto listed = [&] { return cli.run({"runs", project, "--json"}).json()["runs"]; };
        auto runs = listed();
        QCOMPARE(runs.size(), 2U);
        QCOMPARE(runs[0]["name"].get<std::string>(), std::string("small"));
        QCOMPARE(runs[0]["state"].get<std::string>(), std::string("finished"));
        QCOMPARE(runs[0]["epochs"].get<int>(), 2);
        QVERIFY(runs[0]["best_accuracy"].get<double>() > 0);
        // The newest first.
        QVERIFY(runs[0]["folder"].get<std::string>() > runs[1]["folder"].get<std::string>());

        const auto run = QString::fromStdString(runs[1]["folder"].get<std::string>());
        QCOMPARE(cli.run({"runs", run, "--name", "first try", "--note", "much too slow"}).code, 0);
        runs = listed();
        QCOMPARE(runs[0]["name"].get<std::string>(), std::string("small"));
        QCOMPARE(runs[1]["name"].get<std::string>(), std::string("first try"));
        QCOMPARE(runs[1]["note"].get<std::string>(), std::string("much too slow"));
        const auto text = cli.run({"runs", project}).out;
        QVERIFY2(text.contains("first try") && text.contains("much too slow"), text.constData());
        // One option leaves the other alone, an empty one takes back.
        QCOMPARE(cli.run({"runs", run, "--name", ""}).code, 0);
        QCOMPARE(listed()[1]["name"].get<std::string>(), std::string("small"));
        QCOMPARE(listed()[1]["note"].get<std::string>(), std::string("much too slow"));
    }

    void mistakesAreToldInOneLine() {
        const Cli cli(400, 100);
        const auto project = cli.save(test::smallProject(0), "small.gradwright");
        const auto unnamed = cli.run({"runs", project, "--name", "x"});
        QVERIFY2(unnamed.code == 2 && unnamed.failsInOneLine(), unnamed.text().c_str());
        const auto missing = cli.run({"runs", cli.path("nowhere")}).whyNoFailure({"nowhere"});
        QVERIFY2(missing.empty(), missing.c_str());
    }
};

QTEST_GUILESS_MAIN(CliRunsTest)
#include "tst_cli_runs.moc"
