// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/devices.h"
#include "tests/engine/backend/sample_nets.h"
#include "tests/support/message_of.h"

#include <QTest>

#include <algorithm>

using namespace gradwright;
using namespace gradwright::test;

class DevicesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void anEngineIsChosenByDeviceAndPrecision() {
        QCOMPARE(backendFor({})->key(), std::string("onednn"));
        QCOMPARE(backendFor({"cpu", Precision::Bf16})->key(), std::string("onednn"));
        QCOMPARE(backendFor({"cpu", Precision::F64})->key(), std::string("reference"));
        QCOMPARE(backendFor({"reference", Precision::F32})->key(), std::string("reference"));
        QCOMPARE(
            messageOf([] {
                return backendFor({"tpu", Precision::F32})->key();
            }),
            "there is no device \"tpu\"; known are cpu, reference, and cuda:0 and on for NVIDIA "
            "GPUs");
    }

    void gpusAreNumbered() {
        QCOMPARE(gpuOrdinal("cuda"), std::optional(0));
        QCOMPARE(gpuOrdinal("cuda:0"), std::optional(0));
        QCOMPARE(gpuOrdinal("cuda:63"), std::optional(63));
        for (const char* other : {"cpu", "reference", "", "cuda:", "cuda:64", "cuda:-1", "cuda:01",
                                  "cuda:+1", "cuda:1 ", "cuda1", "CUDA:0", "cuda:99999999999"})
            QVERIFY2(!gpuOrdinal(other), other);
    }

    /// Without one at hand, a GPU's needs and refusals are known, and nothing is computed instead.
    void aGpuIsPlannedFor() {
        const auto backend = backendFor({"cuda:1", Precision::F32});
        QCOMPARE(backend->key(), std::string("cuda"));
        QCOMPARE(backend->device().key, std::string("cuda:1"));
        QVERIFY(backend->supports(DenseOp{}, Precision::F32));
        QVERIFY(!backend->supports(DenseOp{}, Precision::F64));
        QVERIFY(!backend->freeMemory());
        const auto net = sampleNets().front();
        const auto plan = backend->plan(net.graph, {.batch = 8, .mode = Mode::Training});
        QVERIFY(plan.arenaBytes > 0 && plan.weightBytes > 0);
        QCOMPARE(messageOf([&] { return backend->compile(net.graph, {.batch = 8}); }),
                 "cuda:1 computes in a process of its own only");
        QCOMPARE(
            messageOf([&] {
                return backend->plan(net.graph, {.batch = 8, .precision = Precision::F64});
            }),
            "the engine for NVIDIA GPUs computes in fp32, tf32, bf16 and fp16; fp64 runs on the "
            "reference backend");
    }

    void whatAnEngineSupportsItSays() {
        for (const auto& backend : backends()) {
            const auto device = backend->device();
            for (const auto precision : {Precision::F32, Precision::F64, Precision::Bf16,
                                         Precision::F16, Precision::Tf32}) {
                const bool isKnown =
                    std::ranges::find(device.precisions, precision) != device.precisions.end();
                QCOMPARE(backend->supports(DenseOp{}, precision), isKnown);
            }
        }
    }

    void whatNoEngineOfTheProcessorHasNeedsAGpu() {
        for (const auto precision :
             {Precision::F32, Precision::F64, Precision::Bf16, Precision::F16, Precision::Tf32}) {
            bool isThere = false;
            for (const auto& backend : backends())
                isThere = isThere || backend->supports(DenseOp{}, precision);
            QCOMPARE(needsGpu(precision), !isThere);
        }
    }

    void aPlanIsTheReportOfTheProgram_data() {
        QTest::addColumn<bool>("training");
        QTest::newRow("training") << true;
        QTest::newRow("inference") << false;
    }
    void aPlanIsTheReportOfTheProgram() {
        QFETCH(bool, training);
        const auto net = sampleNets().front();
        const CompileOptions options{.batch = 8,
                                     .mode = training ? Mode::Training : Mode::Inference};
        for (const auto& backend : backends()) {
            const auto planned = backend->plan(net.graph, options);
            const auto made = backend->compile(net.graph, options)->report();
            QCOMPARE(planned.arenaBytes, made.arenaBytes);
            QCOMPARE(planned.ops.size(), made.ops.size());
            QCOMPARE(planned.backward.size(), made.backward.size());
            QCOMPARE(planned.backward.empty(), !training);
        }
    }
};

QTEST_APPLESS_MAIN(DevicesTest)
#include "tst_devices.moc"
