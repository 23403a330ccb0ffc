// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/templates.h"
#include "engine/support/json.h"
#include "tests/app/cli.h"

#include <QTest>

#include <algorithm>
#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

namespace {

const Json& passNamed(const Json& report, const std::string& name) {
    return *std::ranges::find_if(report["passes"],
                                 [&](const Json& pass) { return pass["name"] == name; });
}

} // namespace

/// What is left of networks in inference, and how fast they answer, in the terminal.
class CliOptimizeTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// 43 as NVIDIA counts them; 16 convolutions, 5 pools, 3 dense layers and the softmax are left.
    void layersOfVgg19() {
        const auto result = cli_.run({"optimize", "template:vgg-19", "--report", "--json"});
        QVERIFY2(result.code == 0, result.text().c_str());
        const auto report = result.json();
        QCOMPARE(report["layers_before"].get<int>(), 43);
        QCOMPARE(report["layers_after"].get<int>(), 25);
        const auto& fused = passNamed(report, "fuse-products");
        QCOMPARE(fused["merged"].get<int>(), 18);
        QVERIFY(fused["saved_bytes"].get<std::int64_t>() > 0);
        QCOMPARE(fused["layers"].size(), std::size_t{18});
        QVERIFY(report["after"]["bytes"].get<std::int64_t>() <
                report["before"]["bytes"].get<std::int64_t>());
    }

    /// The auxiliary classifier goes where only the other output is asked for.
    void oneOutputIsEnough() {
        const auto all = cli_.run({"optimize", "template:inception-v3", "--json"}).json();
        const auto one =
            cli_.run({"optimize", "template:inception-v3", "--output", "class", "--json"}).json();
        QVERIFY(one["layers_before"].get<int>() < all["layers_before"].get<int>());
        QVERIFY(one["layers_after"].get<int>() <= 113); // TensorRT's, as published
        const auto wrong = cli_.run({"optimize", "template:inception-v3", "--output", "classes"});
        QCOMPARE(wrong.whyNoFailure({"\"classes\"", "aux, class"}), std::string());
    }

    void aPassIsLeftOut() {
        const auto report =
            cli_.run({"optimize", "template:lenet-5", "--without", "fuse-products", "--json"})
                .json();
        QVERIFY(report["layers_before"] == report["layers_after"]);
        const auto text = cli_.run({"optimize", "template:lenet-5", "--report"});
        QVERIFY2(text.out.contains("Fuse products") && text.out.contains("12 → 8"),
                 text.text().c_str());
        const auto wrong = cli_.run({"optimize", "template:lenet-5", "--without", "fuse"});
        QCOMPARE(wrong.whyNoFailure({"\"fuse\"", "fuse-products"}), std::string());
    }

    void aRunIsOptimizedAndMeasured() {
        const auto file = cli_.save(openTemplate("lenet-5"), "lenet.gradwright");
        const auto trained = cli_.run({"train", file, "--set", "data.limit=200", "--epochs", "1"});
        QVERIFY2(trained.code == 0, trained.text().c_str());
        const auto run = QString::fromStdString(onlyRun(cli_ / "lenet.runs").string());
        const auto report = cli_.run({"optimize", run, "--json"}).json();
        QCOMPARE(report["layers_after"].get<int>(), 8);
        const auto result = cli_.run({"bench", run, "--batch", "1,4", "--precision", "fp32,bf16",
                                      "--seconds", "0", "--json"});
        QVERIFY2(result.code == 0, result.text().c_str());
        const auto lines = result.json()["measured"];
        QCOMPARE(lines.size(), std::size_t{4});
        for (const auto& line : lines) {
            QVERIFY(line["runs"].get<int>() >= 3);
            QVERIFY(line["median_seconds"].get<double>() > 0);
            QVERIFY(line["median_seconds"] <= line["p90_seconds"]);
            QVERIFY(line["p90_seconds"] <= line["p99_seconds"]);
            const double rate = line["batch"].get<double>() / line["median_seconds"].get<double>();
            QVERIFY(std::abs(line["samples_per_second"].get<double>() - rate) < 1e-6 * rate);
            QVERIFY(line["bytes"].get<std::int64_t>() > 61706 * 4); // the weights
        }
    }

    void whatCannotBeMeasuredIsRefused() {
        const auto precision = cli_.run({"bench", "template:lenet-5", "--precision", "fp16"});
        QVERIFY2(precision.code == 2 && precision.err.contains("fp16"), precision.text().c_str());
        const auto batch = cli_.run({"bench", "template:lenet-5", "--batch", "0"});
        QVERIFY2(batch.code != 0 && batch.err.contains("--batch"), batch.text().c_str());
        const auto none = cli_.run({"optimize", cli_.path("none.gradwright")});
        QCOMPARE(none.whyNoFailure({"none.gradwright"}), std::string());
    }

private:
    Cli cli_;
};

QTEST_APPLESS_MAIN(CliOptimizeTest)
#include "tst_cli_optimize.moc"
