// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/conv_layouts.h"
#include "engine/backend/onednn/primitives.h"
#include "tests/support/message_of.h"

#include <QTest>

#include <map>

using namespace gradwright;
using namespace gradwright::test;

class ConvLayoutsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void ordersAreMeasured_data() {
        QTest::addColumn<int>("axes");
        QTest::addColumn<QString>("rows");
        QTest::addColumn<QString>("channelsLast");
        QTest::newRow("signal") << 1 << "NCW"
                                << "NWC";
        QTest::newRow("image") << 2 << "NCHW"
                               << "NHWC";
        QTest::newRow("volume") << 3 << "NCDHW"
                                << "NDHWC";
    }
    void ordersAreMeasured() {
        QFETCH(int, axes);
        QFETCH(QString, rows);
        QFETCH(QString, channelsLast);
        ConvOp op{.outChannels = 32};
        Shape input{16};
        Shape output{32};
        for (int axis = 0; axis < axes; ++axis) {
            op.kernel[static_cast<std::size_t>(axis)] = 3;
            op.stride[static_cast<std::size_t>(axis)] = 1;
            op.dilation[static_cast<std::size_t>(axis)] = 1;
            input = withAxis(input, 10);
            output = withAxis(output, 8);
        }
        const auto times = measureConvLayouts(op, input, output, 4);
        QCOMPARE(times.size(), std::size_t{5});
        std::map<std::string, const ConvLayoutTime*> byName;
        for (const auto& time : times)
            byName[time.layout] = &time;
        QCOMPARE(byName.size(), std::size_t{5});
        QVERIFY(byName.contains(rows.toStdString()));
        QVERIFY(byName.contains(channelsLast.toStdString()));
        // What comes row-major and is wanted so needs no change; what oneDNN chooses is measured.
        const auto& plain = *byName.at(rows.toStdString());
        QCOMPARE(plain.reorders, 0);
        QCOMPARE(plain.reorderSeconds, 0.0);
        const auto& last = *byName.at(channelsLast.toStdString());
        if (last.seconds) {
            QCOMPARE(last.reorders, 2);
            QVERIFY(last.reorderSeconds > 0);
        }
        const auto& chosen = *byName.at("oneDNN's choice");
        QVERIFY(chosen.seconds && *chosen.seconds > 0);
        QVERIFY(!chosen.implementation.empty() && !chosen.memory.empty());
        // The blocks of the processor's own vector have kernels.
        const auto lanes = std::to_string(onednn::vectorLanes()) + "c";
        for (const auto& time : times)
            if (time.layout.ends_with(lanes)) {
                QVERIFY2(time.seconds, time.implementation.c_str());
                QVERIFY(time.memory.find(lanes.substr(0, lanes.size() - 1) + "b") !=
                        std::string::npos);
            }
    }

    void groupsAndBiasesAreTaken() {
        const ConvOp op{.outChannels = 16,
                        .kernel = {3, 3},
                        .stride = {2, 2},
                        .dilation = {1, 1},
                        .groups = 16,
                        .bias = true};
        const auto times = measureConvLayouts(op, Shape{16, 9, 9}, Shape{16, 4, 4}, 2);
        QVERIFY(times.back().seconds.has_value());
    }

    void stopEndsIt() {
        std::stop_source stop;
        stop.request_stop();
        const ConvOp op{.outChannels = 8, .kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}};
        QVERIFY(
            measureConvLayouts(op, Shape{8, 4, 4}, Shape{8, 4, 4}, 1, stop.get_token()).empty());
    }

    void vectorsAreRefused() {
        QVERIFY(messageOf([] {
                    return measureConvLayouts({}, Shape{8}, Shape{8}, 1).size();
                }).contains("over 0 axes"));
    }

private:
    static Shape withAxis(const Shape& shape, std::int64_t length) {
        std::vector<std::int64_t> dims(shape.begin(), shape.end());
        dims.push_back(length);
        return Shape(dims);
    }
};

QTEST_GUILESS_MAIN(ConvLayoutsTest)
#include "tst_conv_layouts.moc"
