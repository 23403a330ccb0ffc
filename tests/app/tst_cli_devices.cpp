// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/json.h"
#include "tests/app/cli.h"

#include <QElapsedTimer>
#include <QTest>

#include <algorithm>
#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

namespace {

const Json& deviceOf(const Json& list, const std::string& key) {
    return *std::ranges::find_if(list, [&](const Json& each) { return each["device"] == key; });
}

} // namespace

/// Peaks, rates and the check in the terminal, on the processor and on the stand-in for a GPU.
class CliDevicesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { qputenv("GRADWRIGHT_WORKER", GRADWRIGHT_STANDIN_WORKER); }
    void cleanupTestCase() { qunsetenv("GRADWRIGHT_WORKER"); }

    /// The stand-in is a GPU of 1.5 GHz and 256 bits at 1 GHz.
    void peaksAreListed() {
        const auto text = cli_.run({"devices", "--cards"});
        QVERIFY2(text.code == 0 && text.out.contains("\nPeaks\n") &&
                     text.out.contains("A100 SXM 80 GB") && text.out.contains("2.04 TB/s"),
                 text.text().c_str());
        const auto list = cli_.run({"devices", "--json"}).json();
        const auto& gpu = deviceOf(list, "cuda:0");
        QCOMPARE(gpu["bandwidth"].get<double>(), 64e9); // 2 · 1e9 · 256 / 8
        const auto capability = gpu["compute_capability"].get<std::string>();
        const double lanes = capability == "7.5" || capability == "8.0" ? 64 : 128;
        QCOMPARE(gpu["peaks"]["fp32"]["operations_per_second"].get<double>(),
                 gpu["multiprocessors"].get<double>() * 1.5e9 * lanes * 2);
        const auto& cpu = deviceOf(list, "cpu");
        for (const auto* format : {"fp64", "fp32", "tf32", "fp16", "bf16", "int8"})
            QVERIFY(!cpu["peaks"][format]["formula"].get<std::string>().empty());
        QVERIFY(!cpu.contains("measured"));
    }

    void theProcessorIsMeasured() {
        const auto result = cli_.run({"devices", "--measure", "--device", "cpu", "--json"});
        QVERIFY2(result.code == 0, result.text().c_str());
        const auto list = result.json();
        std::vector<std::string> measured;
        for (const auto& rate : deviceOf(list, "cpu")["measured"]) {
            measured.push_back(rate["what"].get<std::string>());
            QVERIFY2(rate["per_second"].get<double>() > 1e6, measured.back().c_str());
        }
        for (const auto* what :
             {"matrix product FP32", "matrix product BF16", "matrix product FP64", "memory"})
            QCOMPARE(std::ranges::count(measured, what), 1);
        QVERIFY(!deviceOf(list, "cuda:0").contains("measured"));
    }

    void aGpuIsMeasuredByItsWorker() {
        const auto result = cli_.run({"devices", "--measure", "--device", "cuda:0"});
        QVERIFY2(result.code == 0 && result.out.contains("copy to the device") &&
                     result.out.contains("copy from the device") &&
                     result.out.contains("copies within it of 1 MiB") &&
                     result.out.contains("matrix product FP32") && result.out.contains("cuda\n"),
                 result.text().c_str());
    }

    /// Layers and operations are those of the report that summary prints.
    void aNetworkIsComparedWithThePeak() {
        const auto result = cli_.run({"devices", "--network", "template:lenet-5", "--json"});
        QVERIFY2(result.code == 0, result.text().c_str());
        const auto speed = result.json();
        const auto report = cli_.run({"summary", "template:lenet-5", "--report", "--json"}).json();
        std::int64_t operations = 0;
        for (const auto* pass : {"forward", "backward"})
            for (const auto& op : report["report"][pass])
                operations += op["operations"].get<std::int64_t>();
        QVERIFY(operations > 0);
        QCOMPARE(speed["operations"].get<std::int64_t>(), operations);
        double seconds = 0;
        for (const auto& layer : speed["layers"]) {
            const double share = layer["share_of_peak"].get<double>();
            QVERIFY(share >= 0 && share <= 1);
            seconds += std::max(layer["operations"].get<double>() / speed["peak"].get<double>(),
                                layer["bytes"].get<double>() / speed["bandwidth"].get<double>());
        }
        QVERIFY(std::abs(seconds / speed["predicted_seconds"].get<double>() - 1) < 1e-9);
        QVERIFY(speed["measured_seconds"].get<double>() > 0);
        const auto text = cli_.run({"devices", "--network", "template:perceptron"});
        QVERIFY2(text.code == 0 && text.out.contains("Roofs, measured") &&
                     text.out.contains("not measured."),
                 text.text().c_str());
    }

    /// Every op of the processor's engine against the reference.
    void theProcessorComputesRight() {
        constexpr qint64 kLimit = 120'000; // ms
        QElapsedTimer timer;
        timer.start();
        const auto result = cli_.run({"devices", "--check", "--device", "cpu", "--json"});
        QVERIFY2(result.code == 0, result.text().c_str());
        QVERIFY2(timer.elapsed() < kLimit, QByteArray::number(timer.elapsed()));
        const auto json = result.json();
        QVERIFY(json["cases"].get<int>() > 300);
        QCOMPARE(json["failed"].get<int>(), 0);
        QCOMPARE(json["left_out"].get<int>(), 0);
        QCOMPARE(json["passed"].get<int>(), json["cases"].get<int>());
        QVERIFY(json["largest_difference"].get<double>() > 0 &&
                json["largest_difference"].get<double>() <= 1e-5);
    }

    /// What GPUs have no kernels for is left out and counted.
    void theStandinComputesRight() {
        const auto result = cli_.run({"devices", "--check", "--device", "cuda", "--json"});
        QVERIFY2(result.code == 0, result.text().c_str());
        const auto json = result.json();
        const auto leftOut = json["left_out"].get<int>();
        QCOMPARE(json["failed"].get<int>(), 0);
        QVERIFY(leftOut > 0 && leftOut < 20);
        QCOMPARE(json["passed"].get<int>() + leftOut, json["cases"].get<int>());
    }

    /// One message, and no result.
    void whatCannotBeCheckedIsNamed() {
        auto process = cli_.prepared({"devices", "--check", "--device", "cuda"});
        auto environment = process->processEnvironment();
        environment.insert("GRADWRIGHT_WORKER", "/nowhere/worker");
        process->setProcessEnvironment(environment);
        process->start();
        const auto missing = Cli::finish(*process);
        QVERIFY2(missing.whyNoFailure({"/nowhere/worker cannot be started"}).empty(),
                 missing.text().c_str());
        const auto other = cli_.run({"devices", "--check", "--device", "cuda:5"});
        QVERIFY2(
            other.whyNoFailure({"There is no GPU cuda:5 in this computer", "compute on the CPU"})
                .empty(),
            other.text().c_str());
    }

    void whatIsNoDeviceIsRefused() {
        const auto checked = cli_.run({"devices", "--check", "--device", "tpu"});
        QCOMPARE(checked.code, 2);
        QVERIFY(checked.err.contains("there is no device \"tpu\" to check"));
        const auto measured = cli_.run({"devices", "--measure", "--device", "cuda:9"});
        QCOMPARE(measured.code, 2);
        const auto both = cli_.run({"devices", "--measure", "--check"});
        QCOMPARE(both.code, 2);
    }

private:
    Cli cli_{400, 60};
};

QTEST_GUILESS_MAIN(CliDevicesTest)
#include "tst_cli_devices.moc"
