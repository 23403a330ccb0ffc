// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/catalog.h"
#include "tests/engine/layers/layer_harness.h"
#include "tests/support/numeric.h"

#include <QTest>

#include <algorithm>

using namespace gradwright;
using namespace gradwright::test;

namespace {

std::unique_ptr<Program> compile(const Backend& backend, const Harness& h, Precision precision) {
    auto program =
        backend.compile(h.graph, {.batch = kBatch, .precision = precision, .mode = Mode::Training});
    initializeWeights(*program->weights(), 11);
    return program;
}

/// Rounding around an exact zero does not count.
bool isZero(const Tensor& tensor) {
    const auto values = tensor.to(DType::F64);
    return std::ranges::all_of(values.span<double>(), [](double v) { return std::abs(v) < 1e-6; });
}

} // namespace

/// Every layer on the CPU engine against the reference in double.
class LayerEngineTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void engineEqualsReference_data() {
        QTest::addColumn<std::size_t>("index");
        const auto cases = layerCases();
        for (std::size_t i = 0; i < cases.size(); ++i)
            if (layer(cases[i].layer).lower)
                QTest::newRow(nameOf(cases[i]).c_str()) << i;
    }
    void engineEqualsReference() {
        QFETCH(std::size_t, index);
        const auto h = harnessOf(layerCases()[index]);
        const HarnessData data(h);
        const auto exact = compile(*makeReferenceBackend(), h, Precision::F64);
        const auto program = compile(*makeOneDnnBackend(), h, Precision::F32);
        for (auto* each : {exact.get(), program.get()})
            QVERIFY(each->forward(data.bindings(h), {7, 1}) && each->backward());
        compare("output", program->read(h.output), exact->read(h.output));
        for (std::uint32_t i = 0; i < h.graph.weights().size(); ++i)
            if (h.graph.weights()[i].trainable)
                compare(h.graph.weights()[i].key, program->weights()->readGradient(WeightId{i}),
                        exact->weights()->readGradient(WeightId{i}));
    }

private:
    static void compare(const std::string& name, const Tensor& actual, const Tensor& expected) {
        if (isZero(actual) && isZero(expected))
            return;
        const double difference = relativeDifference(actual, expected);
        QVERIFY2(difference <= 1e-5,
                 qPrintable(QString("%1: %2").arg(name.c_str()).arg(difference)));
    }
};

QTEST_APPLESS_MAIN(LayerEngineTest)
#include "tst_layer_engine.moc"
