// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/npy.h"
#include "engine/project/templates.h"
#include "engine/support/json.h"
#include "tests/app/cli.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <fstream>

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

    void layersAreMeasuredOneByOne() {
        const auto result =
            cli_.run({"bench", "template:cifar-resnet-20", "--layers", "--seconds", "0", "--json"});
        QVERIFY2(result.code == 0, result.text().c_str());
        const auto networks = result.json()["networks"];
        QCOMPARE(networks.size(), std::size_t{2});
        QCOMPARE(networks[0]["network"].get<std::string>(), std::string("as_trained"));
        QVERIFY(networks[1]["layers"].size() < networks[0]["layers"].size());
        for (const auto& network : networks) {
            double shares = 0, sum = 0;
            for (const auto& layer : network["layers"]) {
                shares += layer["share"].get<double>();
                sum += layer["median_seconds"].get<double>();
            }
            QVERIFY(std::abs(shares - 1) < 1e-9);
            QVERIFY(std::abs(sum - network["sum_seconds"].get<double>()) < 1e-9);
        }
        const auto text =
            cli_.run({"bench", "template:cifar-resnet-20", "--layers", "--seconds", "0"});
        QVERIFY2(text.out.contains("As trained, fp32, batch 1") &&
                     text.out.contains("Optimized, fp32, batch 1"),
                 text.text().c_str());
        // What is printed sums up, too.
        int tenths = 0;
        for (const auto& line : text.out.mid(text.out.indexOf("Optimized,")).split('\n')) {
            const auto parts = QString::fromUtf8(line).simplified().split(' ');
            const auto percent = parts.indexOf(QStringLiteral("%"));
            if (percent > 0)
                tenths += static_cast<int>(std::lround(10 * parts[percent - 1].toDouble()));
        }
        QCOMPARE(tenths, 1000);
    }

    /// All that opens a run opens what the passes left of it, and says the same.
    void anOptimizedModelIsTakenAway() {
        const auto file = cli_.save(openTemplate("lenet-5"), "taken.gradwright");
        const auto trained = cli_.run({"train", file, "--set", "data.limit=200", "--epochs", "1"});
        QVERIFY2(trained.code == 0, trained.text().c_str());
        const auto run = QString::fromStdString(onlyRun(cli_ / "taken.runs").string());
        const auto model = cli_.path("taken.gwmodel");
        const auto written = cli_.run({"optimize", run, "-o", model, "--json"});
        QVERIFY2(written.code == 0, written.text().c_str());
        QCOMPARE(written.json()["layers_before"].get<int>(), 12);
        QCOMPARE(written.json()["layers_after"].get<int>(), 8);
        QVERIFY(cli_.run({"optimize", run, "-o", model}).err.contains("--force replaces it"));

        const auto before = cli_.run({"evaluate", run, "--json"}).json();
        const auto after = cli_.run({"evaluate", model, "--json"}).json();
        QCOMPARE(after["accuracy"].get<double>(), before["accuracy"].get<double>());
        QVERIFY(std::abs(after["loss"].get<double>() - before["loss"].get<double>()) < 1e-5);

        const auto image = cli_.path("digit.pgm");
        writeText(cli_ / "digit.pgm", "P5 28 28 255\n" + std::string(8 * 28, '\0') +
                                          std::string(12 * 28, '\x7F') + std::string(8 * 28, '\0'));
        const auto said = cli_.run({"predict", run, image, "--json"});
        QVERIFY2(said.code == 0, said.text().c_str());
        const auto saidAfter = cli_.run({"predict", model, image, "--json"});
        QVERIFY2(saidAfter.code == 0, saidAfter.text().c_str());
        QVERIFY(saidAfter.json()[0]["class"] == said.json()[0]["class"]);
        QVERIFY(std::abs(saidAfter.json()[0]["probability"].get<double>() -
                         said.json()[0]["probability"].get<double>()) < 1e-6);

        const auto bench = cli_.run({"bench", model, "--batch", "1", "--seconds", "0", "--json"});
        QVERIFY2(bench.code == 0, bench.text().c_str());
        const auto wrong = cli_.run({"bench", model, "--as-trained"});
        QVERIFY2(wrong.code == 2 && wrong.err.contains("before the passes"), wrong.text().c_str());
        writeNpy(cli_ / "x.npy", Tensor(DType::F32, {3, 1, 28, 28}));
        const auto inferred = cli_.run({"infer", model, "--input", "image=" + cli_.path("x.npy"),
                                        "--output", cli_.path("out"), "--json"});
        QVERIFY2(inferred.code == 0, inferred.text().c_str());
        QVERIFY(inferred.json()["outputs"][0]["shape"] == Json({3, 10}));
        QVERIFY(cli_.run({"optimize", model}).whyNoFailure({"nothing to do"}).empty());

        std::ifstream stream(cli_ / "taken.gwmodel", std::ios::binary);
        std::string bytes{std::istreambuf_iterator<char>(stream), {}};
        bytes.resize(bytes.size() / 2);
        writeText(cli_ / "half.gwmodel", bytes);
        for (const char* command : {"evaluate", "bench", "optimize"})
            QCOMPARE(cli_.run({command, cli_.path("half.gwmodel")}).whyNoFailure({"half.gwmodel"}),
                     std::string());
    }

    void pruningTellsWhatItCosts() {
        const auto file = cli_.save(openTemplate("lenet-5"), "pruned.gradwright");
        const auto trained = cli_.run({"train", file, "--set", "data.limit=200", "--epochs", "1"});
        QVERIFY2(trained.code == 0, trained.text().c_str());
        const auto run = QString::fromStdString(onlyRun(cli_ / "pruned.runs").string());
        const auto single = cli_.run({"optimize", run, "--prune", "0.3", "--json"});
        QVERIFY2(single.code == 0, single.text().c_str());
        const auto weights = single.json();
        QCOMPARE(weights["weights"].get<int>(), 61'470); // without biases
        QCOMPARE(weights["weights_gone"].get<int>(), 45 + 720 + 14'400 + 3'024 + 252);
        QVERIFY(weights["weight_bytes_after"] == weights["weight_bytes_before"]);
        QVERIFY(weights["before"]["accuracy"].get<double>() > 0.1);
        QVERIFY(weights["after"]["loss"] != weights["before"]["loss"]);

        const auto formats =
            cli_.run({"formats", run, "--samples", "20", "--seconds", "0", "--json"});
        QVERIFY2(formats.code == 0, formats.text().c_str());
        const auto list = formats.json()["formats"];
        QCOMPARE(list.size(), std::size_t{9});
        QCOMPARE(list[0]["largest_error"].get<double>(), 0.0);
        QVERIFY(list[1]["largest_error"].get<double>() < 1e-3); // FP32
        QVERIFY(list[3]["mean_error"].get<double>() > list[1]["mean_error"].get<double>());
        QCOMPARE(list[8]["format"].get<std::string>(), std::string("int4"));
        QVERIFY(list[8]["simulated"].get<bool>() && list[8]["weights_only"].get<bool>());
        const auto table = cli_.run({"formats", run, "--samples", "5", "--seconds", "0"});
        QVERIFY2(table.out.contains("FP8 E4M3"), table.text().c_str());

        const auto model = cli_.path("pruned.gwmodel");
        const auto whole = cli_.run({"optimize", run, "--prune", "0.5", "--structured",
                                     "--constant-units", "100", "-o", model, "--json"});
        QVERIFY2(whole.code == 0, whole.text().c_str());
        const auto units = whole.json()["reduction"];
        QVERIFY(std::abs(2 * units["units_gone"].get<int>() - units["units"].get<int>()) <= 4);
        QCOMPARE(units["units"].get<int>() + units["constant_units"].get<int>(), 6 + 16 + 120 + 84);
        QVERIFY(units["operations_after"].get<std::int64_t>() <
                units["operations_before"].get<std::int64_t>() / 2);
        // The file is what was measured.
        const auto measured = cli_.run({"evaluate", model, "--json"}).json();
        QCOMPARE(measured["accuracy"].get<double>(), units["after"]["accuracy"].get<double>());
        const auto wrong = cli_.run({"optimize", run, "--prune", "1.5"});
        QVERIFY2(wrong.code != 0 && wrong.err.contains("--prune"), wrong.text().c_str());
        QCOMPARE(cli_.run({"optimize", run, "--structured"}).code, 2);
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
