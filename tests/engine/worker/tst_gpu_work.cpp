// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/worker/gpu_work.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <set>

using namespace gradwright;
using test::contains;
using test::errorOf;

namespace {

GpuWork onStandin(std::vector<std::string> arguments = {}) {
    return {.device = "cuda:0",
            .program = WorkerProgram{GRADWRIGHT_STANDIN_WORKER, std::move(arguments)}};
}

} // namespace

/// Measuring and checking in a worker whose GPU is the stand-in.
class GpuWorkTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void ratesArriveOneByOne() {
        std::multiset<std::string> titles;
        QVERIFY(measureGpu(onStandin(), [&](const Rate& rate) {
            titles.insert(titleOf(rate));
            QVERIFY(rate.perSecond > 0);
        }));
        QVERIFY(titles.contains("memory") && titles.contains("copy to the device") &&
                titles.contains("copy from the device") &&
                titles.count("matrix product FP32") == 1);
    }

    /// The first ops are right there, too.
    void casesArriveOneByOne() {
        std::size_t count = 0;
        QVERIFY(!checkDevice(onStandin(), [&](const CheckedCase& checked) {
            ++count;
            return checked.number == count && checked.outcome != CheckedCase::Outcome::Failed &&
                   count < 20;
        }));
        QCOMPARE(count, std::size_t{20});
    }

    void aGpuThatFailsIsAnError() {
        const auto error = errorOf([] {
            checkDevice(onStandin({"--fault-after", "400"}),
                        [](const CheckedCase& checked) { return checked.number < 100; });
        });
        QVERIFY2(contains(error, "CUDA_ERROR_ILLEGAL_ADDRESS"), error.c_str());
    }

    void whatIsNotThereIsAnError() {
        const auto measured = [](GpuWork work) {
            return errorOf([&] { measureGpu(work, [](const Rate&) {}); });
        };
        QVERIFY(contains(measured(onStandin({"--none", "no driver"})),
                         "There is no GPU to compute on: no driver"));
        auto processor = onStandin();
        processor.device = "cpu";
        QCOMPARE(measured(processor), std::string("cpu is no GPU"));
        processor.program = WorkerProgram{"/bin/true"};
        QVERIFY(contains(measured(processor), "ended with exit code 0"));
    }

    void itStops() {
        std::stop_source source;
        auto work = onStandin();
        work.stop = source.get_token();
        source.request_stop();
        QVERIFY(!measureGpu(work, [](const Rate&) {}));
    }
};

QTEST_GUILESS_MAIN(GpuWorkTest)
#include "tst_gpu_work.moc"
