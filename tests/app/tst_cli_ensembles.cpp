// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/templates.h"
#include "engine/support/json.h"
#include "tests/app/cli.h"

#include <QTest>

#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

/// Ensembles, comparisons and cost surfaces, in the terminal.
class CliEnsemblesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        file_ = cli_.save(openTemplate("softmax-regression"), "softmax.gradwright");
        for (const auto* seed : {"1", "2"}) {
            const auto folder = cli_.path(QStringLiteral("runs%1").arg(seed).toStdString());
            const auto trained =
                cli_.run({"train", file_, "--epochs", "2", "--seed", seed, "--run-dir", folder});
            QVERIFY2(trained.code == 0, trained.text().c_str());
            runs_ << QString::fromStdString(onlyRun(folder.toStdString()).string());
        }
    }

    void runsAnswerTogether() {
        const auto made = cli_.run({"ensemble", runs_[0], runs_[1], "--json"});
        QVERIFY2(made.code == 0, made.text().c_str());
        const auto json = made.json();
        QCOMPARE(json["samples"].get<int>(), 300);
        for (std::size_t i = 0; i < 2; ++i) {
            const auto evaluated =
                cli_.run({"evaluate", runs_[static_cast<qsizetype>(i)], "--json"}).json();
            QVERIFY(json["members"][i]["accuracy"] == evaluated["accuracy"]);
            QVERIFY(std::abs(json["members"][i]["error"].get<double>() -
                             evaluated["loss"].get<double>()) < 1e-4);
        }
        QVERIFY(json["together"]["error"].get<double>() <= json["mean"]["error"].get<double>());
        const auto text = cli_.run({"ensemble", runs_[0], runs_[1]});
        QVERIFY2(text.out.contains("All together"), text.text().c_str());
    }

    void runsAreCompared() {
        const auto made = cli_.run({"compare", runs_[0], runs_[1], "--draws", "500", "--json"});
        QVERIFY2(made.code == 0, made.text().c_str());
        const auto json = made.json();
        const auto difference = json["second"].get<double>() - json["first"].get<double>();
        QVERIFY(std::abs(json["bootstrap"]["difference"].get<double>() - difference) < 1e-9);
        const auto first = json["mcnemar"]["first_only"].get<int>();
        const auto second = json["mcnemar"]["second_only"].get<int>();
        QVERIFY(std::abs((second - first) / 300.0 - difference) < 1e-9);
        const auto same = cli_.run({"compare", runs_[0], runs_[0], "--draws", "500"});
        QVERIFY2(same.out.contains("does not tell them apart"), same.text().c_str());
    }

    void membersAreTrained() {
        const auto made = cli_.run({"ensemble", file_, "--bag", "2", "--epochs", "1", "--out",
                                    cli_.path("bag"), "--json"});
        QVERIFY2(made.code == 0, made.text().c_str());
        QCOMPARE(made.json()["data"]["members"].size(), std::size_t{2});
        const auto plan = cli_.run(
            {"ensemble", file_, "--bag", "3", "--of", "folds", "--stack", "forest", "--plan"});
        QVERIFY2(plan.out.contains("Stack them"), plan.text().c_str());
    }

    void surfacesAreMeasuredAndWritten() {
        const auto csv = cli_.path("surface.csv");
        const auto made = cli_.run({"landscape", runs_[0], "--resolution", "3", "--samples", "50",
                                    "--sharpness", "10", "--csv", csv, "--json"});
        QVERIFY2(made.code == 0, made.text().c_str());
        const auto data = made.json()["data"];
        QCOMPARE(data["loss"].size(), std::size_t{3});
        QVERIFY(data["sharpness"]["largest"].get<double>() > 0);
        const auto lines = QString::fromStdString(contentsOf(csv.toStdString())).split('\n');
        QCOMPARE(lines.size(), 11); // a head, nine places, and the end
        QCOMPARE(lines.front(), QStringLiteral("x,y,loss"));
        QVERIFY(lines[5].startsWith("0,0,"));
        QCOMPARE(lines[5].section(',', 2).toDouble(), data["center_loss"].get<double>());
        const auto trained =
            cli_.run({"landscape", file_, "--directions", "path", "--epochs", "2", "--resolution",
                      "3", "--samples", "50", "--out", cli_.path("lab"), "--json"});
        QVERIFY2(trained.code == 0, trained.text().c_str());
        QCOMPARE(trained.json()["data"]["paths"][0]["points"].size(), std::size_t{3});
    }

    void whatCannotBeIsRefused() {
        QCOMPARE(cli_.run({"ensemble", runs_[0]}).code, 2);
        QCOMPARE(cli_.run({"ensemble", runs_[0], runs_[1], "--bag", "2"}).code, 2);
        QCOMPARE(cli_.run({"landscape", runs_[0], "--resolution", "1"}).code, 2);
        QCOMPARE(cli_.run({"landscape", runs_[0], "--directions", "path"})
                     .whyNoFailure({"kept no path"}),
                 std::string());
        const auto weather = cli_.run(
            {"train", "template:weather", "--epochs", "1", "--run-dir", cli_.path("weather")});
        QVERIFY2(weather.code == 0, weather.text().c_str());
        const auto other = QString::fromStdString(onlyRun(cli_ / "weather").string());
        QCOMPARE(cli_.run({"compare", runs_[0], other}).whyNoFailure({"different questions"}),
                 std::string());
        QCOMPARE(cli_.run({"ensemble", runs_[0], cli_.path("nowhere")}).code, 1);
    }

private:
    Cli cli_;
    QString file_;
    QStringList runs_;
};

QTEST_GUILESS_MAIN(CliEnsemblesTest)
#include "tst_cli_ensembles.moc"
