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
        QCOMPARE(messageOf([] {
                     return backendFor({"cuda:0", Precision::F32})->key();
                 }),
                 "there is no device \"cuda:0\"; known are cpu and reference");
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
