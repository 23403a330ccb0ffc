// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/bf16_support.h"
#include "engine/backend/onednn/kernels/bf16.h"
#include "engine/support/error.h"
#include "tests/engine/backend/compare_cases.h"
#include "tests/engine/backend/net_rows.h"
#include "tests/engine/backend/rounded_weights.h"
#include "tests/support/message_of.h"

#include <QTest>

#include <bit>
#include <limits>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr double kTolerance = 2e-2;
/// In this chain, ReLUs see values near 0 that rounding moves to the other side; with tanh in their
/// place it keeps to kTolerance, too.
constexpr auto kSwitchesSides = "chain/residual block";
constexpr double kSwitchedTolerance = 0.1;

float rounded(float value) {
    onednn::roundToBf16(&value, &value, 1);
    return value;
}

/// As a sum of powers of two: bfloat16 keeps 7 bits after the leading one.
float near1(int halfUnits) {
    return 1.0F + static_cast<float>(halfUnits) / 256.0F;
}

/// Programs compiled meanwhile use the primitives in bfloat16, or do without.
class Pretended {
public:
    explicit Pretended(onednn::Bf16Support support) { onednn::pretendBf16Support(support); }
    Pretended(const Pretended&) = delete;
    Pretended& operator=(const Pretended&) = delete;
    ~Pretended() { onednn::pretendBf16Support({}); }
};

/// What this machine can run, natively or by oneDNN's emulation of the instructions.
std::vector<onednn::Bf16Support> supports() {
    std::vector all{onednn::Bf16Support::Emulated};
    if (onednn::hasBf16Primitives())
        all.push_back(onednn::Bf16Support::Native);
    return all;
}

void addSupports() {
    QTest::addColumn<onednn::Bf16Support>("support");
    for (const auto support : supports())
        QTest::newRow(support == onednn::Bf16Support::Native ? "native" : "emulated") << support;
}

const std::vector<OpCase>& cases() {
    static const auto all = opCases();
    return all;
}

std::unique_ptr<Program> trained(const OpGraph& graph, Precision precision, int steps) {
    auto program = makeOneDnnBackend()->compile(graph, training(16, precision));
    initializeWeights(*program->weights(), 1);
    for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(steps); ++i) {
        const auto data = randomBatch(graph, 16, i);
        program->forward(data.bindings(graph), {3, i});
        program->backward();
        program->update(0.01, i + 1);
    }
    return program;
}

} // namespace

/// Mixed precision on the CPU engine.
class OneDnnBf16Test : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void roundsToNearestAndTiesToEven() {
        QCOMPARE(rounded(near1(0)), near1(0));
        QCOMPARE(rounded(near1(1)), near1(0)); // halfway, to the even one
        QCOMPARE(rounded(near1(2)), near1(2)); // is one of its numbers
        QCOMPARE(rounded(near1(3)), near1(4)); // halfway, to the even one
        QCOMPARE(rounded(std::nextafter(near1(1), 2.0F)), near1(2));
        QCOMPARE(rounded(std::nextafter(near1(3), 0.0F)), near1(2));
        QCOMPARE(rounded(-near1(3)), -near1(4));
        QCOMPARE(rounded(0.0F), 0.0F);
        QVERIFY(std::signbit(rounded(-0.0F)));
        QCOMPARE(rounded(std::numeric_limits<float>::max()),
                 std::numeric_limits<float>::infinity());
        QVERIFY(std::isinf(rounded(-std::numeric_limits<float>::infinity())));
        // All payload bits set: rounding up must not carry into the sign.
        QVERIFY(std::isnan(rounded(std::bit_cast<float>(0x7fffffffU))));
        QVERIFY(std::isnan(rounded(std::bit_cast<float>(0xff800001U))));
    }

    void casesEqualReference_data() {
        QTest::addColumn<std::size_t>("index");
        QTest::addColumn<onednn::Bf16Support>("support");
        for (const auto support : supports())
            for (std::size_t i = 0; i < cases().size(); ++i)
                QTest::addRow("%s, %s", cases()[i].name.c_str(),
                              support == onednn::Bf16Support::Native ? "native" : "emulated")
                    << i << support;
    }
    void casesEqualReference() {
        QFETCH(std::size_t, index);
        QFETCH(onednn::Bf16Support, support);
        const Pretended pretended(support);
        const auto& opCase = cases()[index];
        const double tolerance = opCase.name == kSwitchesSides ? kSwitchedTolerance : kTolerance;
        for (const auto mode : {Mode::Training, Mode::Inference}) {
            auto options = training(opCase.batch, Precision::Bf16);
            options.mode = mode;
            auto [program, exact, difference, ran] =
                compareForward(opCase, options, writeRoundedWeights);
            QVERIFY(ran);
            QVERIFY2(difference.relative <= tolerance, difference.text());
            if (mode == Mode::Inference)
                continue;
            QVERIFY(exact->backward() && program->backward());
            addWeights(difference, *program->weights(), *exact->weights(), true);
            QVERIFY2(difference.relative <= tolerance, difference.text());
        }
    }

    /// The products are rounded, not merely called so; and the report tells how.
    void productsAreRoundedAndReported_data() { addSupports(); }
    void productsAreRoundedAndReported() {
        QFETCH(onednn::Bf16Support, support);
        const Pretended pretended(support);
        const auto net = leNet5();
        const auto bf16 = trained(net.graph, Precision::Bf16, 1);
        const auto single = trained(net.graph, Precision::F32, 1);
        const auto logits = net.graph.output("logits");
        const double difference = relativeDifference(bf16->read(logits), single->read(logits));
        QVERIFY2(difference > 1e-4 && difference < kTolerance, QByteArray::number(difference));
        const bool emulated = support == onednn::Bf16Support::Emulated;
        int products = 0;
        const auto report = bf16->report();
        for (const auto* ops : {&report.ops, &report.backward})
            for (const auto& op : *ops)
                if (op.op == "conv" || op.op == "dense") {
                    ++products;
                    const bool says = op.implementation.ends_with("(bf16 emulated)");
                    QVERIFY2(!emulated || says, op.implementation.c_str());
                }
        QVERIFY2(products >= 10, QByteArray::number(products));
    }

    /// A step smaller than bfloat16 can tell from the weight is not lost.
    void masterWeightsStayInSinglePrecision() {
        const auto net = leNet5();
        const auto program = trained(net.graph, Precision::Bf16, 2);
        QCOMPARE(program->weights()->dtype(), DType::F32);
        std::size_t fine = 0;
        std::size_t all = 0;
        for (std::uint32_t i = 0; i < net.graph.weights().size(); ++i) {
            const auto values = program->weights()->read(WeightId{i});
            for (const float value : values.span<float>()) {
                ++all;
                fine += rounded(value) != value ? 1 : 0;
            }
        }
        QVERIFY2(fine > all / 2, QByteArray::number(static_cast<qulonglong>(fine)));
    }

    void twoRunsAreBitEqual_data() { addSupports(); }
    void twoRunsAreBitEqual() {
        QFETCH(onednn::Bf16Support, support);
        const Pretended pretended(support);
        const auto net = smallCnn();
        const auto first = trained(net.graph, Precision::Bf16, 3);
        const auto second = trained(net.graph, Precision::Bf16, 3);
        for (std::uint32_t i = 0; i < net.graph.weights().size(); ++i)
            QVERIFY(first->weights()->read(WeightId{i}) == second->weights()->read(WeightId{i}));
    }

    /// The store of a program in FP32 serves one in mixed precision, and the other way round.
    void storesAreShared() {
        const auto net = smallCnn();
        const auto single = trained(net.graph, Precision::F32, 1);
        const auto adopted = makeOneDnnBackend()->compile(
            net.graph, {.batch = 5, .precision = Precision::Bf16, .mode = Mode::Inference},
            single->weights());
        const auto exact = makeReferenceBackend()->compile(
            net.graph, {.batch = 5, .precision = Precision::F64, .mode = Mode::Inference});
        const auto data = randomBatch(net.graph, 5, 9);
        for (std::uint32_t i = 0; i < net.graph.weights().size(); ++i)
            exact->weights()->write(WeightId{i}, single->weights()->read(WeightId{i}));
        for (auto* each : {adopted.get(), exact.get()})
            QVERIFY(each->forward(data.bindings(net.graph)));
        const auto logits = net.graph.output("logits");
        const double error = relativeDifference(adopted->read(logits), exact->read(logits));
        QVERIFY2(error <= kTolerance, QByteArray::number(error));
    }

    /// Rounded weights are kept from pass to pass, but not beyond a change of the weights.
    void predictionsFollowTheWeights_data() {
        QTest::addColumn<std::int64_t>("batch");
        QTest::addColumn<int>("parts");
        QTest::addColumn<onednn::Bf16Support>("support");
        for (const auto support : supports()) {
            const bool native = support == onednn::Bf16Support::Native;
            QTest::addRow("whole, of a whole training%s", native ? ", native" : "")
                << std::int64_t{3} << 1 << support;
            QTest::addRow("in chunks, of a training in parts%s", native ? ", native" : "")
                << std::int64_t{64} << 2 << support;
        }
    }
    void predictionsFollowTheWeights() {
        QFETCH(onednn::Bf16Support, support);
        const Pretended pretended(support);
        QFETCH(std::int64_t, batch);
        QFETCH(int, parts);
        const auto net = leNet5();
        const auto backend = makeOneDnnBackend();
        const auto learning =
            makeOneDnnBackend({.parts = parts})->compile(net.graph, training(16, Precision::Bf16));
        auto& store = *learning->weights();
        initializeWeights(store, 1);
        const CompileOptions predicting{
            .batch = batch, .precision = Precision::Bf16, .mode = Mode::Inference};
        const auto program = backend->compile(net.graph, predicting, learning->weights());
        const auto data = randomBatch(net.graph, batch, 9);
        const auto lessons = randomBatch(net.graph, 16, 2);
        const auto read = [&](Program& of) {
            of.forward(data.bindings(net.graph));
            return of.read(net.graph.output("logits"));
        };
        const auto isTrue = [&] {
            const auto fresh = backend->compile(net.graph, predicting);
            for (std::uint32_t i = 0; i < net.graph.weights().size(); ++i)
                fresh->weights()->write(WeightId{i}, store.read(WeightId{i}));
            return relativeDifference(read(*program), read(*fresh)) <= 1e-5;
        };
        const auto before = read(*program);
        QVERIFY(isTrue());
        QVERIFY(learning->forward(lessons.bindings(net.graph)) && learning->backward());
        learning->update(0.1, 1);
        QVERIFY2(isTrue(), "after a step");
        QVERIFY(relativeDifference(read(*program), before) > 1e-3);
        store.exchange(0);
        QVERIFY2(isTrue(), "after an exchange with a slot");
        store.write(WeightId{0}, randomTensor(DType::F32, store.specs()[0].shape, 5));
        QVERIFY2(isTrue(), "after a write");
    }

    /// Whole networks, in which one op's layout and type are another's.
    void nativeEqualsEmulated_data() { addNetRows(); }
    void nativeEqualsEmulated() {
        QFETCH(std::size_t, index);
        if (!onednn::hasBf16Primitives())
            QSKIP("oneDNN has no primitives in bfloat16 here");
        const auto net = sampleNets()[index];
        const auto data = randomBatch(net.graph, 5, 9);
        std::vector<Tensor> answers;
        for (const auto support : supports()) {
            const Pretended pretended(support);
            const auto program = makeOneDnnBackend()->compile(
                net.graph, {.batch = 5, .precision = Precision::Bf16, .mode = Mode::Inference});
            initializeWeights(*program->weights(), 1);
            QVERIFY(program->forward(data.bindings(net.graph)));
            answers.push_back(program->read(net.graph.output("logits")));
        }
        const double difference = relativeDifference(answers[0], answers[1]);
        QVERIFY2(difference <= kTolerance, QByteArray::number(difference));
    }

    /// From a convolution to the next product, in inference. The products would round them anyway.
    void valuesStayInBf16BetweenProducts() {
        if (!onednn::hasBf16Primitives())
            QSKIP("oneDNN has no primitives in bfloat16 here");
        const auto net = smallCnn();
        const auto compile = [&](onednn::Bf16Support support, Mode mode) {
            const Pretended pretended(support);
            auto program = makeOneDnnBackend()->compile(
                net.graph, {.batch = 8, .precision = Precision::Bf16, .mode = mode});
            initializeWeights(*program->weights(), 1);
            return program;
        };
        const auto predicting = compile(onednn::Bf16Support::Native, Mode::Inference);
        const auto emulating = compile(onednn::Bf16Support::Emulated, Mode::Inference);
        const auto training = compile(onednn::Bf16Support::Native, Mode::Training);
        const auto data = randomBatch(net.graph, 8, 9);
        const auto logits = net.graph.output("logits");
        for (auto* each : {predicting.get(), emulating.get()})
            QVERIFY(each->forward(data.bindings(net.graph)));
        const double difference =
            relativeDifference(predicting->read(logits), emulating->read(logits));
        QVERIFY2(difference <= 1e-3, QByteArray::number(difference));
        const auto inBf16 = [](const ProgramReport& report) {
            return std::ranges::count_if(
                report.ops, [](const OpReport& op) { return op.layout.ends_with(" bf16"); });
        };
        QCOMPARE(inBf16(training->report()), 0);
        QVERIFY2(inBf16(predicting->report()) >= 3,
                 QByteArray::number(static_cast<qlonglong>(inBf16(predicting->report()))));
    }

    void theReferenceRefuses() {
        const auto net = leNet5();
        try {
            makeReferenceBackend()->compile(net.graph, training(4, Precision::Bf16));
            QFAIL("bf16 was accepted");
        } catch (const Error& error) {
            QCOMPARE(QString(error.what()), QString("the reference computes in fp32 and fp64; bf16 "
                                                    "runs on the CPU engine"));
        }
    }

    /// What GPUs alone have is named.
    void formatsOfGpusAreRefused_data() {
        QTest::addColumn<Precision>("precision");
        QTest::addColumn<QString>("name");
        QTest::newRow("fp16") << Precision::F16 << "fp16";
        QTest::newRow("tf32") << Precision::Tf32 << "tf32";
    }
    void formatsOfGpusAreRefused() {
        QFETCH(Precision, precision);
        QFETCH(QString, name);
        const auto net = multilayerPerceptron();
        const auto message = [&](const Backend& backend) {
            return messageOf([&] { return backend.compile(net.graph, training(4, precision)); });
        };
        QCOMPARE(message(*makeOneDnnBackend()),
                 "the CPU engine computes in fp32 and bf16; " + name + " needs an NVIDIA GPU");
        QCOMPARE(message(*makeReferenceBackend()),
                 "the reference computes in fp32 and fp64; " + name + " needs an NVIDIA GPU");
    }
};

QTEST_APPLESS_MAIN(OneDnnBf16Test)
#include "tst_onednn_bf16.moc"
