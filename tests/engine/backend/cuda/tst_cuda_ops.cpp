// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/lowering.h"
#include "tests/engine/backend/case_builder.h"
#include "tests/engine/backend/compare_programs.h"
#include "tests/engine/backend/cuda/cuda_rig.h"
#include "tests/engine/backend/cuda/large_cases.h"
#include "tests/standin/standin_rig.h"
#include "tests/support/message_of.h"

#include <QTest>

#include <array>
#include <limits>
#include <set>

using namespace gradwright;
using namespace gradwright::test;

namespace {

CompileOptions descent(const OpCase& opCase, Mode mode, Precision precision) {
    return {.batch = opCase.batch,
            .precision = precision,
            .mode = mode,
            .update = ruleOf("sgd", {{"momentum", 0.9}})};
}

/// The ops of a program of the case that a GPU has no kernels for, by name.
std::set<std::string> missingOps(const OpCase& opCase) {
    std::set<std::string> names;
    for (const auto mode : {Mode::Training, Mode::Inference}) {
        const auto graph = programGraph(opCase.graph, mode);
        for (const auto& op : graph.ops())
            if (!cuda::hasLowering(op.attributes))
                names.insert(std::string(nameOf(op.attributes)));
    }
    return names;
}

const std::vector<OpCase>& allCases() {
    static const auto cases = [] {
        auto all = opCases();
        for (auto& large : largeCases())
            all.push_back(std::move(large));
        return all;
    }();
    return cases;
}

void addCases() {
    QTest::addColumn<std::size_t>("index");
    const auto& cases = allCases();
    for (std::size_t i = 0; i < cases.size(); ++i)
        if (missingOps(cases[i]).empty())
            QTest::newRow(cases[i].name.c_str()) << i;
}

/// The bytes of everything that a training step makes.
std::vector<std::byte> madeByStep(const OpCase& opCase) {
    const auto program =
        cudaBackend()->compile(opCase.graph, descent(opCase, Mode::Training, Precision::F32));
    auto& store = *program->weights();
    writeWeights(opCase, store);
    if (!program->forward(bindings(opCase), kCaseSeed) || !program->backward())
        return {};
    program->update(0.1, 1);
    std::vector<std::byte> made;
    const auto add = [&](const Tensor& tensor) {
        const auto bytes = tensor.bytes();
        made.insert(made.end(), bytes.begin(), bytes.end());
    };
    for (const auto& [name, value] : opCase.graph.outputs())
        add(program->read(value));
    for (std::uint32_t i = 0; i < store.specs().size(); ++i) {
        add(store.read(WeightId{i}));
        if (store.specs()[i].trainable)
            add(store.readGradient(WeightId{i}));
    }
    return made;
}

std::vector<std::byte> bytesOf(const WeightStore& store) {
    std::vector<std::byte> all;
    for (std::uint32_t i = 0; i < store.specs().size(); ++i) {
        const auto tensor = store.read(WeightId{i});
        all.insert(all.end(), tensor.bytes().begin(), tensor.bytes().end());
    }
    return all;
}

} // namespace

/// The CUDA engine's ops on the stand-in against the reference in double.
class CudaOpsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() { cuda::standin::restartStandin(); }

    void casesEqualReference_data() { addCases(); }
    void casesEqualReference() {
        QFETCH(std::size_t, index);
        const auto& opCase = allCases()[index];
        for (const auto mode : {Mode::Training, Mode::Inference}) {
            const auto program =
                cudaBackend()->compile(opCase.graph, descent(opCase, mode, Precision::F32));
            const auto exact = makeReferenceBackend()->compile(
                opCase.graph, descent(opCase, mode, Precision::F64));
            for (auto* each : {program.get(), exact.get()}) {
                writeWeights(opCase, *each->weights());
                QVERIFY(each->forward(bindings(opCase), kCaseSeed));
            }
            Difference difference;
            for (const auto& [name, value] : opCase.graph.outputs())
                difference.add(name, program->read(value), exact->read(value));
            for (const auto& loss : opCase.graph.losses())
                difference.add("loss", program->read(loss.perSample), exact->read(loss.perSample));
            QVERIFY2(difference.relative <= 1e-5, difference.text());
            QVERIFY(std::abs(program->lossSum() - exact->lossSum()) <=
                    1e-5 * std::abs(exact->lossSum()));
            if (mode == Mode::Inference)
                continue;
            for (auto* each : {program.get(), exact.get()}) {
                QVERIFY(each->backward());
            }
            addWeights(difference, *program->weights(), *exact->weights(), true);
            QVERIFY2(difference.relative <= 1e-5, difference.text());
            for (std::size_t i = 0; i < opCase.graph.weights().size(); ++i) {
                const double want = exact->gradientSquares()[i];
                QVERIFY(std::abs(program->gradientSquares()[i] - want) <= 1e-5 * want + 1e-12);
            }
            for (auto* each : {program.get(), exact.get()})
                each->update(0.1, 1);
            addWeights(difference, *program->weights(), *exact->weights(), false);
            QVERIFY2(difference.relative <= 1e-5, difference.text());
        }
    }

    /// No result depends on the order in which a GPU runs threads and blocks.
    void casesAreTheSameInAllOrders_data() { addCases(); }
    void casesAreTheSameInAllOrders() {
        QFETCH(std::size_t, index);
        std::vector<std::byte> first;
        for (const auto order : cuda::standin::kOrders) {
            cuda::standin::restartStandin();
            cuda::standin::setThreadOrder(order, 17);
            const auto made = madeByStep(allCases()[index]);
            QVERIFY(!made.empty());
            if (first.empty())
                first = made;
            QVERIFY(made == first);
        }
    }

    /// A step that is given up moves nothing, the running statistics included.
    void stepThatIsNotFiniteChangesNothing() {
        CaseBuilder builder("statistics", 4);
        const auto input = builder.values({3, 5});
        const auto opCase = builder.regressed(
            builder.chain(input, {BatchNormOp{.momentum = 0.5}, DenseOp{.units = 2}}));
        const auto program =
            cudaBackend()->compile(opCase.graph, descent(opCase, Mode::Training, Precision::F32));
        writeWeights(opCase, *program->weights());
        const auto before = bytesOf(*program->weights());
        auto inputs = opCase.inputs;
        const auto step = [&] {
            std::vector<BatchInput> bound;
            for (const auto& fed : inputs)
                bound.push_back({fed.value, fed.data.bytes().data()});
            program->submit({bound, {1, 1}, 0.1});
            return program->finish({});
        };
        const float good = inputs[0].data.span<float>()[7];
        inputs[0].data.span<float>()[7] = std::numeric_limits<float>::quiet_NaN();
        auto result = step();
        QVERIFY(result && result->fault);
        QVERIFY(bytesOf(*program->weights()) == before);

        inputs[0].data.span<float>()[7] = good;
        result = step();
        QVERIFY(result && !result->fault);
        for (std::uint32_t i = 0; i < program->weights()->specs().size(); ++i) {
            const auto& key = program->weights()->specs()[i].key;
            const auto now = program->weights()->read(WeightId{i}).to(DType::F32);
            const auto was = opCase.weights[i].to(DType::F32);
            QVERIFY2(!std::ranges::equal(now.span<float>(), was.span<float>()), key.c_str());
        }
    }

    /// What a batch brings is checked before it is looked up.
    void embeddingNamesNumbersThatAreNoEntries() {
        CaseBuilder builder("words", 2);
        auto opCase = builder.regressed(
            builder.apply(EmbeddingOp{.vocabulary = 5, .dimensions = 3}, {builder.numbers(4, 5)}));
        const auto program =
            cudaBackend()->compile(opCase.graph, descent(opCase, Mode::Training, Precision::F32));
        writeWeights(opCase, *program->weights());
        for (const float bad : {-1.0F, 5.0F, 1.5F, std::numeric_limits<float>::quiet_NaN()}) {
            opCase.inputs[0].data.span<float>()[3] = bad;
            QVERIFY_THROWS_EXCEPTION(
                Error, static_cast<void>(program->forward(bindings(opCase), kCaseSeed)));
        }
        opCase.inputs[0].data.span<float>()[3] = 4.0F;
        QVERIFY(program->forward(bindings(opCase), kCaseSeed));
    }

    /// What ops compute is kept as real numbers, of which no kernel for classes may read the bits.
    void computedClassesAreRefused() {
        OpGraph graph;
        const auto scores = graph.addInput("scores", {Shape{3}});
        const auto numbers = graph.addInput("numbers", {Shape{1}});
        const auto classes = graph.add(CastOp{DType::I32}, {numbers}, "classes");
        const auto refusal = [&](const Backend& backend, const OpAttributes& op,
                                 const std::vector<ValueId>& inputs) {
            auto whole = graph;
            whole.addOutput("y", whole.add(op, inputs, "op"));
            return messageOf([&] { return backend.compile(whole, {.batch = 2}); });
        };
        const std::array backends{cudaBackend(), makeOneDnnBackend()};
        for (const auto& backend : backends) {
            const QString expected = "op: class indices have to be an input of the network; "
                                     "computed ones are real numbers";
            QCOMPARE(refusal(*backend, SoftmaxCrossEntropyOp{}, {scores, classes}), expected);
            QCOMPARE(refusal(*backend, HingeLossOp{}, {scores, classes}), expected);
            QCOMPARE(refusal(*backend, OneHotOp{3}, {classes}), expected);
        }
    }

    void stacksOfMatricesHaveUpToEightAxes() {
        const auto message = [](std::size_t axes) {
            std::vector<std::int64_t> lengths(axes, 1);
            lengths.insert(lengths.end(), {2, 2});
            OpGraph graph;
            const auto x = graph.addInput("x", ValueType::of(Dims::of(Shape(lengths))));
            graph.addOutput("y", graph.add(MatMulOp{}, {x, x}, "product"));
            return messageOf([&] { return cudaBackend()->compile(graph, {.batch = 1}); });
        };
        QCOMPARE(message(8), "no error");
        QCOMPARE(message(9), "a GPU's kernels take stacks of matrices along up to 8 axes, not 9");
    }

    /// Which ops still have no kernels: a new op is noticed, and so is one that lost them.
    void opsWithoutKernelsAreKnown() {
        const std::set<std::string> known{"conv-integer", "dequantize", "matmul-integer",
                                          "quantize", "shape"};
        std::set<std::string> missing;
        for (const auto& opCase : allCases())
            missing.merge(missingOps(opCase));
        QStringList names;
        for (const auto& name : missing)
            names.append(QString::fromStdString(name));
        QVERIFY2(missing == known, qPrintable(names.join(", ")));
    }
};

QTEST_MAIN(CudaOpsTest)
#include "tst_cuda_ops.moc"
