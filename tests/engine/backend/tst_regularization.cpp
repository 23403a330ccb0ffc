// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/backend.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "engine/training/recipes/optimizers.h"

#include <QFile>
#include <QTest>

#include <cmath>

using namespace gradwright;

namespace {

/// Made by data/make_regularization_goldens.py with PyTorch.
const Json& goldens() {
    static const Json all = [] {
        QFile file(GRADWRIGHT_SOURCE_DIR "/tests/engine/backend/data/regularization_goldens.json");
        if (!file.open(QIODevice::ReadOnly))
            throw Error("{} cannot be read", file.fileName().toStdString());
        return parseJson(file.readAll().toStdString(), "regularization_goldens.json");
    }();
    return all;
}

const std::vector<Shape> kShapes{{5, 4}, {5}, {3, 5}, {3}};

/// Dense 4 → 5, tanh, Dense 5 → 3, mean squared error.
struct Net {
    explicit Net(const std::vector<double>& factors) {
        input = graph.addInput("x", {Shape{4}});
        target = graph.addInput("t", {Shape{3}});
        std::vector<WeightId> weights;
        for (std::size_t i = 0; i < kShapes.size(); ++i) {
            WeightSpec spec{fmt::format("w{}", i), kShapes[i], {}, {}};
            spec.rateFactor = factors[i];
            weights.push_back(graph.addWeight(std::move(spec)));
        }
        auto value = graph.add(DenseOp{.units = 5}, {input}, "one", {weights[0], weights[1]});
        value = graph.add(ActivationOp{{ActivationKind::Tanh}}, {value}, "tanh");
        value = graph.add(DenseOp{.units = 3}, {value}, "two", {weights[2], weights[3]});
        graph.addLoss(graph.add(MeanSquaredErrorOp{}, {value, target}, "loss"), 1.0);
    }
    OpGraph graph;
    ValueId input, target;
};

std::vector<double> numbers(const Tensor& tensor) {
    const auto all = tensor.to(DType::F64);
    return {all.span<double>().begin(), all.span<double>().end()};
}

void compare(const Tensor& actual, const Json& expected, double tolerance) {
    const auto have = numbers(actual);
    const auto want = expected.get<std::vector<double>>();
    QCOMPARE(have.size(), want.size());
    for (std::size_t i = 0; i < have.size(); ++i)
        QVERIFY2(std::abs(have[i] - want[i]) <= tolerance,
                 qPrintable(QString("element %1: %2 instead of %3")
                                .arg(i)
                                .arg(have[i], 0, 'g', 17)
                                .arg(want[i], 0, 'g', 17)));
}

UpdateRule ruleOf(const Json& golden) {
    const bool lbfgs = golden.value("optimizer", "") == "lbfgs";
    const auto& def = optimizer(lbfgs ? "lbfgs" : "sgd");
    const ParamValues values = lbfgs
                                   ? ParamValues{{"history", golden["history"].get<std::int64_t>()}}
                                   : ParamValues{{"momentum", 0.0}};
    auto rule = def.make(Params(def.params, values));
    rule.regularization = {.l1 = golden.value("l1", 0.0),
                           .l2 = golden.value("l2", 0.0),
                           .clipValue = golden.value("clip_value", 0.0),
                           .clipNorm = golden.value("clip_norm", 0.0),
                           .maxNorm = golden.value("max_norm", 0.0),
                           .averageDecay = golden.value("average_decay", 0.0)};
    return rule;
}

void follow(const Backend& backend, Precision precision, const Json& golden, double tolerance) {
    const auto factors = golden.contains("factors") ? golden["factors"].get<std::vector<double>>()
                                                    : std::vector<double>(kShapes.size(), 1.0);
    const Net net(factors);
    const auto rule = ruleOf(golden);
    const auto program = backend.compile(
        net.graph, {.batch = 6, .precision = precision, .mode = Mode::Training, .update = rule});
    auto& store = *program->weights();
    for (std::uint32_t i = 0; i < kShapes.size(); ++i)
        store.write(WeightId{i}, Tensor::of<double>(
                                     kShapes[i], goldens()["start"][i].get<std::vector<double>>()));
    const auto inputs = goldens()["inputs"].get<std::vector<float>>();
    const auto targets = goldens()["targets"].get<std::vector<float>>();
    const std::vector<BatchInput> bound{{net.input, inputs.data()}, {net.target, targets.data()}};
    for (std::uint64_t step = 1; step <= goldens()["steps"].get<std::uint64_t>(); ++step) {
        QVERIFY(program->forward(bound));
        QVERIFY(program->backward());
        program->update(goldens()["rate"], step);
    }
    for (std::uint32_t i = 0; i < kShapes.size(); ++i)
        compare(store.read(WeightId{i}), golden["weights"][i], tolerance);
    if (!golden.contains("average"))
        return;
    QCOMPARE(rule.allSlots(), std::size_t{1});
    store.exchange(0);
    for (std::uint32_t i = 0; i < kShapes.size(); ++i) {
        compare(store.read(WeightId{i}), golden["average"][i], tolerance);
        compare(store.readSlot(WeightId{i}, 0), golden["weights"][i], tolerance);
    }
}

} // namespace

class RegularizationTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void stepsFollowPyTorch_data() {
        QTest::addColumn<std::size_t>("index");
        for (std::size_t i = 0; i < goldens()["cases"].size(); ++i)
            QTest::newRow(goldens()["cases"][i]["name"].get<std::string>().c_str()) << i;
    }
    void stepsFollowPyTorch() {
        QFETCH(std::size_t, index);
        const auto& golden = goldens()["cases"][index];
        follow(*makeReferenceBackend(), Precision::F64, golden, 1e-9);
        follow(*makeReferenceBackend(), Precision::F32, golden, 2e-5);
        follow(*makeOneDnnBackend(), Precision::F32, golden, 2e-5);
    }

    /// Blocked layouts: rows must be those of the plain weight.
    void rowsOfConvolutionsAreFilters() {
        OpGraph graph;
        const auto input = graph.addInput("x", {Shape{3, 6, 6}});
        const auto kernel = graph.addWeight({"kernel", {20, 3, 3, 3}, {}, {}});
        const auto bias = graph.addWeight({"bias", {20}, {}, {}});
        auto value =
            graph.add(ConvOp{.outChannels = 20, .kernel = {3, 3}}, {input}, "conv", {kernel, bias});
        value = graph.add(GlobalAveragePoolOp{}, {value}, "pool");
        const auto target = graph.addInput("t", {Shape{20}});
        graph.addLoss(graph.add(MeanSquaredErrorOp{}, {value, target}, "loss"), 1.0);
        auto rule = ruleOf(Json::object());
        rule.regularization.maxNorm = 0.5;
        const auto program = makeOneDnnBackend()->compile(
            graph, {.batch = 1, .mode = Mode::Training, .update = rule});
        auto& store = *program->weights();
        // Filter k has the norm k / 10.
        Tensor start(DType::F32, {20, 3, 3, 3});
        const auto values = start.span<float>();
        for (std::size_t i = 0; i < values.size(); ++i)
            values[i] = static_cast<float>(i / 27) / 10.0F / std::sqrt(27.0F);
        store.write(kernel, start);
        const std::vector<float> x(108, 0.0F);
        const std::vector<float> t(20, 0.0F);
        const std::vector<BatchInput> bound{{input, x.data()}, {target, t.data()}};
        QVERIFY(program->forward(bound));
        QVERIFY(program->backward());
        program->update(0.1, 1);
        const auto after = numbers(store.read(kernel));
        for (std::size_t filter = 0; filter < 20; ++filter) {
            double squares = 0;
            for (std::size_t i = 0; i < 27; ++i)
                squares += after[27 * filter + i] * after[27 * filter + i];
            QVERIFY(std::abs(std::sqrt(squares) - std::min(0.5, static_cast<double>(filter) / 10)) <
                    1e-6);
        }
    }
};

QTEST_APPLESS_MAIN(RegularizationTest)
#include "tst_regularization.moc"
