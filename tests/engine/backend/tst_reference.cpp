// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/differentiate.h"
#include "engine/passes/inference/inference_model.h"
#include "engine/passes/program_graph.h"
#include "tests/engine/backend/op_cases.h"
#include "tests/support/numeric.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <set>

using namespace gradwright;
using namespace gradwright::test;

namespace {

std::unique_ptr<Program> compile(const OpCase& opCase, Precision precision, Mode mode) {
    auto program = makeReferenceBackend()->compile(
        opCase.graph, {.batch = opCase.batch, .precision = precision, .mode = mode});
    writeWeights(opCase, *program->weights());
    return program;
}

double objective(Program& program, const OpCase& opCase) {
    program.forward(bindings(opCase), kCaseSeed);
    return program.lossSum() / static_cast<double>(opCase.batch);
}

/// At most `limit` elements, evenly spread.
std::vector<std::size_t> probes(std::size_t size, std::size_t limit) {
    std::vector<std::size_t> result;
    for (std::size_t i = 0; i < std::min(size, limit); ++i)
        result.push_back(size <= limit ? i : i * size / limit);
    return result;
}

/// |analytic - numeric| / |numeric| over the probed elements of one weight.
double gradientError(Program& program, const OpCase& opCase, WeightId weight,
                     const Tensor& analytic) {
    constexpr double step = 1e-5;
    auto& store = *program.weights();
    const auto original = store.read(weight);
    double difference = 0;
    double norm = 0;
    for (const auto i : probes(static_cast<std::size_t>(original.elements()), 150)) {
        auto moved = original;
        moved.span<double>()[i] += step;
        store.write(weight, moved);
        const double above = objective(program, opCase);
        moved.span<double>()[i] = original.span<double>()[i] - step;
        store.write(weight, moved);
        const double below = objective(program, opCase);
        const double numeric = (above - below) / (2 * step);
        difference += std::pow(analytic.span<double>()[i] - numeric, 2);
        norm += numeric * numeric;
    }
    store.write(weight, original);
    return std::sqrt(difference) / std::max(std::sqrt(norm), 1e-30);
}

std::vector<WeightId> trainable(const OpGraph& graph) {
    std::vector<WeightId> result;
    for (std::uint32_t i = 0; i < graph.weights().size(); ++i)
        if (graph.weights()[i].trainable)
            result.push_back(WeightId{i});
    return result;
}

const std::vector<OpCase>& cases() {
    static const auto all = opCases();
    return all;
}

void addCaseRows() {
    QTest::addColumn<std::size_t>("index");
    for (std::size_t i = 0; i < cases().size(); ++i)
        QTest::newRow(cases()[i].name.c_str()) << i;
}

} // namespace

class ReferenceTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyOpHasACase() {
        std::set<std::size_t> ops;
        std::set<ActivationKind> functions;
        std::set<PoolKind> pools;
        std::set<std::string> names;
        for (const auto& opCase : cases()) {
            QVERIFY2(names.insert(opCase.name).second, opCase.name.c_str());
            // With the gradients, which are ops, too, and those that others are fused to, in
            // training and in inference.
            InferenceModel inference{opCase.graph, {}};
            std::vector<Merge> merges;
            fuseProducts(inference, merges);
            for (const auto& graph : {differentiate(opCase.graph),
                                      programGraph(opCase.graph, Mode::Training), inference.graph})
                for (const auto& op : graph.ops()) {
                    ops.insert(op.attributes.index());
                    if (const auto* activation = std::get_if<ActivationOp>(&op.attributes))
                        functions.insert(activation->activation.kind);
                    if (const auto* pool = std::get_if<PoolOp>(&op.attributes))
                        pools.insert(pool->kind);
                }
        }
        qInfo("%zu cases cover %zu of %zu ops and %zu of %zu activations", cases().size(),
              ops.size(), std::variant_size_v<AnyOp>, functions.size(), activations().size());
        // Ops on integers have cases of their own (tst_quantized_product, tst_quantized_pool,
        // tst_packed_dense), and so has rounding, whose gradient is none (tst_fake_quantization).
        for (const OpAttributes& op :
             {OpAttributes(QuantizedProductOp{}), OpAttributes(QuantizedPoolOp{}),
              OpAttributes(PackedDenseOp{}), OpAttributes(FakeQuantizeOp{})})
            QVERIFY(ops.insert(op.index()).second);
        QCOMPARE(ops.size(), std::variant_size_v<AnyOp>);
        QCOMPARE(functions.size(), activations().size());
        QCOMPARE(pools.size(), std::size_t{2});
    }

    void gradientsEqualCentralDifferences_data() { addCaseRows(); }
    void gradientsEqualCentralDifferences() {
        QFETCH(std::size_t, index);
        const auto& opCase = cases()[index];
        const auto program = compile(opCase, Precision::F64, Mode::Training);
        QVERIFY(program->forward(bindings(opCase), kCaseSeed));
        QVERIFY(program->backward());
        std::vector<Tensor> gradients;
        for (const auto weight : trainable(opCase.graph))
            gradients.push_back(program->weights()->readGradient(weight));

        double norm = 0;
        for (std::size_t i = 0; i < gradients.size(); ++i) {
            const auto weight = trainable(opCase.graph)[i];
            const double error = gradientError(*program, opCase, weight, gradients[i]);
            QVERIFY2(
                error <= 1e-6,
                qPrintable(
                    QString("%1: %2").arg(opCase.graph.weight(weight).key.c_str()).arg(error)));
            for (const auto value : gradients[i].span<double>())
                norm += value * value;
        }
        QVERIFY2(norm > 0, "a case whose gradients are all zero checks nothing");
    }

    /// Also shows that every case is conditioned well enough for a comparison in F32.
    void floatAgreesWithDouble_data() { addCaseRows(); }
    void floatAgreesWithDouble() {
        QFETCH(std::size_t, index);
        const auto& opCase = cases()[index];
        for (const auto mode : {Mode::Training, Mode::Inference}) {
            const auto exact = compile(opCase, Precision::F64, mode);
            const auto single = compile(opCase, Precision::F32, mode);
            for (auto* program : {exact.get(), single.get()})
                QVERIFY(program->forward(bindings(opCase), kCaseSeed));
            for (const auto& [name, value] : opCase.graph.outputs()) {
                QCOMPARE(single->read(value).dtype(), DType::F32);
                QCOMPARE(exact->read(value).dtype(), DType::F64);
                QVERIFY(relativeDifference(single->read(value), exact->read(value)) <= 1e-5);
            }
            // Terms of about 1 may cancel to a small sum.
            QVERIFY(std::abs(single->lossSum() - exact->lossSum()) <=
                    1e-5 * std::max(1.0, exact->lossSum()));
            if (mode == Mode::Inference)
                continue;
            QVERIFY(exact->backward() && single->backward());
            for (const auto weight : trainable(opCase.graph)) {
                const double error = relativeDifference(single->weights()->readGradient(weight),
                                                        exact->weights()->readGradient(weight));
                QVERIFY2(
                    error <= 1e-5,
                    qPrintable(
                        QString("%1: %2").arg(opCase.graph.weight(weight).key.c_str()).arg(error)));
            }
        }
    }
};

QTEST_APPLESS_MAIN(ReferenceTest)
#include "tst_reference.moc"
