// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/engine/backend/device_backend.h"
#include "tests/engine/backend/sample_nets.h"

#include <QFile>
#include <QTest>

#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// w - rate · g, and the gradient in a slot.
UpdateRule gradientDescent() {
    UpdateRule rule;
    rule.key = "sgd";
    rule.f32 = [](const UpdateSpan<float>& span, const UpdateStep& step) {
        for (std::size_t i = 0; i < span.size; ++i)
            span.weight[i] -= static_cast<float>(step.learningRate) * span.gradient[i];
    };
    return rule;
}

/// The losses of some steps on one batch.
std::vector<double> losses(const Backend& backend, const SampleNet& net, int steps) {
    constexpr std::int64_t batch = 8;
    auto rule = gradientDescent();
    rule.regularization = {.l2 = 1e-3, .clipNorm = 1.0};
    const auto program =
        backend.compile(net.graph, {.batch = batch, .mode = Mode::Training, .update = rule});
    initializeWeights(*program->weights(), 3);
    const auto data = randomBatch(net.graph, batch, 5);
    std::vector<double> values;
    for (int step = 1; step <= steps; ++step) {
        program->forward(data.bindings(net.graph), {1, static_cast<std::uint64_t>(step)});
        values.push_back(program->lossSum() / static_cast<double>(batch));
        program->backward();
        program->update(0.05, static_cast<std::uint64_t>(step));
    }
    return values;
}

} // namespace

/// What a backend has to write: device_backend.cpp, whose lines are counted here.
class ThirdBackendTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aDeviceTrainsToTheReferencesNumbers_data() {
        QTest::addColumn<std::size_t>("index");
        const auto nets = sampleNets();
        for (std::size_t i = 0; i < nets.size(); ++i)
            QTest::newRow(nets[i].name.c_str()) << i;
    }
    void aDeviceTrainsToTheReferencesNumbers() {
        QFETCH(std::size_t, index);
        const auto net = sampleNets()[index];
        const int steps = net.name.find("LeNet") != std::string::npos ? 10 : 2;
        const auto device = losses(*makeDeviceBackend(), net, steps);
        const auto reference = losses(*makeReferenceBackend(), net, steps);
        QVERIFY(std::isfinite(device.back()));
        for (std::size_t i = 0; i < device.size(); ++i)
            QCOMPARE(device[i], reference[i]); // the same kernels: to the bit
        QVERIFY(device.back() < device.front());
    }

    void itIsSmall() {
        QFile file(
            QStringLiteral(GRADWRIGHT_SOURCE_DIR "/tests/engine/backend/device_backend.cpp"));
        QVERIFY(file.open(QIODevice::ReadOnly));
        QVERIFY(file.readAll().count('\n') < 400);
    }
};

QTEST_APPLESS_MAIN(ThirdBackendTest)
#include "tst_third_backend.moc"
