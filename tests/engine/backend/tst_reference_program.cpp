// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/backend.h"
#include "engine/support/error.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

using namespace gradwright;

namespace {

const UpdateRule kPlainDescent{
    "plain", 0, {}, nullptr, [](const UpdateSpan<double>& span, const UpdateStep& step) {
        for (std::size_t i = 0; i < span.size; ++i)
            span.weight[i] -= step.learningRate * span.gradient[i];
    }};

WeightId addWeight(OpGraph& graph, const std::string& key, const Shape& shape,
                   bool trainable = true) {
    return graph.addWeight({key, shape, {}, {}, trainable});
}

/// A graph, its program in double and the data it is fed, for hand-computed answers.
class Bench {
public:
    OpGraph graph;

    ValueId input(const Shape& shape, std::vector<float> data) {
        const auto id = graph.addInput(fmt::format("in{}", reals_.size()), {shape});
        reals_[id] = std::move(data);
        return id;
    }
    ValueId classes(std::vector<std::int32_t> data) {
        const auto id = graph.addInput("class", {Shape{1}, ElementType::ClassIndex});
        classes_[id] = std::move(data);
        return id;
    }
    /// The vector as a weight over a constant 1, so that its gradient can be read.
    ValueId learned(const std::vector<double>& values, WeightId& id) {
        const auto size = static_cast<std::int64_t>(values.size());
        id = weight("learned", {size, 1}, values);
        return graph.add(DenseOp{.units = size, .bias = false}, {input({1}, {1.0F})}, "learned",
                         {id});
    }
    WeightId weight(const std::string& key, const Shape& shape, std::vector<double> values,
                    bool trainable = true) {
        const auto id = addWeight(graph, key, shape, trainable);
        weights_[id] = std::move(values);
        return id;
    }

    Program& compile(Mode mode, std::int64_t batch = 1) { return adopt(mode, batch, nullptr); }
    Program& adopt(Mode mode, std::int64_t batch, std::shared_ptr<WeightStore> store) {
        CompileOptions options{.batch = batch, .precision = Precision::F64, .mode = mode};
        if (mode == Mode::Training)
            options.update = kPlainDescent;
        const bool fresh = !store;
        program_ = makeReferenceBackend()->compile(graph, options, std::move(store));
        if (fresh)
            for (const auto& [id, values] : weights_)
                program_->weights()->write(
                    id, Tensor::of<double>(graph.weight(id).shape, std::span(values)));
        return *program_;
    }
    [[nodiscard]] std::vector<BatchInput> data() const {
        std::vector<BatchInput> result;
        for (const auto& [id, values] : reals_)
            result.push_back({id, values.data()});
        for (const auto& [id, values] : classes_)
            result.push_back({id, values.data()});
        return result;
    }
    std::vector<double> forward(ValueId value) {
        if (!program_->forward(data()))
            throw Error("stopped");
        return numbers(program_->read(value));
    }
    static std::vector<double> numbers(const Tensor& tensor) {
        const auto span = tensor.span<double>();
        return {span.begin(), span.end()};
    }

private:
    std::map<ValueId, std::vector<float>> reals_;
    std::map<ValueId, std::vector<std::int32_t>> classes_;
    std::map<WeightId, std::vector<double>> weights_;
    std::unique_ptr<Program> program_;
};

bool agree(const std::vector<double>& actual, const std::vector<double>& expected) {
    const bool equal = std::ranges::equal(actual, expected, [](double a, double b) {
        return std::abs(a - b) <= 1e-12 * std::max(1.0, std::abs(b));
    });
    if (!equal)
        qWarning("received %s instead of %s", Json(actual).dump().c_str(),
                 Json(expected).dump().c_str());
    return equal;
}

template <class F>
std::string messageOf(F&& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

bool contains(const std::string& text, std::string_view part) {
    if (text.find(part) != std::string::npos)
        return true;
    qWarning("\"%s\" does not contain \"%s\"", text.c_str(), std::string(part).c_str());
    return false;
}

std::vector<float> upTo(int last) {
    std::vector<float> values(static_cast<std::size_t>(last));
    std::iota(values.begin(), values.end(), 1.0F);
    return values;
}

std::vector<double> oneConvolution(const Shape& in, std::vector<float> data, Conv2dOp op,
                                   const Shape& kernelShape, std::vector<double> kernel) {
    Bench bench;
    const auto x = bench.input(in, std::move(data));
    op.bias = false;
    const auto weight = bench.weight("kernel", kernelShape, std::move(kernel));
    const auto y = bench.graph.add(op, {x}, "conv", {weight});
    bench.graph.addOutput("output", y);
    bench.compile(Mode::Inference);
    return bench.forward(y);
}

struct NormBench : Bench {
    NormBench() {
        const auto x = input({1}, {1, 3, 5, 7});
        y = graph.add(BatchNormOp{.epsilon = 4.0, .momentum = 0.25}, {x}, "norm",
                      {weight("scale", {1}, {2}), weight("shift", {1}, {1}),
                       mean = weight("running_mean", {1}, {0}, false),
                       variance = weight("running_variance", {1}, {1}, false)});
        graph.addOutput("output", y);
        const auto target = input({1}, {0, 0, 0, 0});
        graph.addLoss(graph.add(MeanSquaredErrorOp{}, {y, target}, "loss"), 1.0);
    }
    ValueId y{};
    WeightId mean{};
    WeightId variance{};
};

} // namespace

class ReferenceProgramTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void convolutionByHand() {
        const Shape image{1, 3, 3};
        const Shape square{1, 1, 2, 2};
        const std::vector<double> kernel{1, 2, 3, 4};
        QVERIFY(agree(oneConvolution(image, upTo(9), {.kernel = {2, 2}}, square, kernel),
                      {37, 47, 67, 77}));
        QVERIFY(agree(oneConvolution(image, upTo(9),
                                     {.kernel = {2, 2}, .stride = {2, 2}, .padding = {1, 0, 1, 0}},
                                     square, kernel),
                      {4, 18, 36, 77}));
        QVERIFY(agree(
            oneConvolution(image, upTo(9), {.kernel = {2, 2}, .dilation = {2, 2}}, square, kernel),
            {64}));
        // Output channels 0 and 1 see input channel 0, 2 and 3 see channel 1.
        QVERIFY(agree(oneConvolution({2, 1, 1}, {3, 5}, {.outChannels = 4, .groups = 2},
                                     {4, 1, 1, 1}, {1, 10, 100, 1000}),
                      {3, 30, 500, 5000}));
        QVERIFY(agree(
            oneConvolution({2, 1, 1}, {3, 5}, {.outChannels = 2}, {2, 2, 1, 1}, {1, 10, 100, 1000}),
            {53, 5300}));
    }

    void denseByHand() {
        Bench bench;
        const auto x = bench.input({3}, {1, 2, 3, 4, 5, 6});
        const auto y = bench.graph.add(DenseOp{.units = 2}, {x}, "dense",
                                       {bench.weight("weight", {2, 3}, {1, 10, 100, 2, 0, -1}),
                                        bench.weight("bias", {2}, {0.5, -0.5})});
        bench.graph.addOutput("output", y);
        bench.compile(Mode::Inference, 2);
        QVERIFY(agree(bench.forward(y), {321.5, -1.5, 654.5, 1.5}));
    }

    void averagePoolingOfABorder() {
        for (const bool countPadding : {false, true}) {
            Bench bench;
            const auto x = bench.input({1, 2, 2}, upTo(4));
            const auto y = bench.graph.add(Pool2dOp{.kind = PoolKind::Average,
                                                    .kernel = {2, 2},
                                                    .stride = {2, 2},
                                                    .padding = {1, 1, 1, 0},
                                                    .countPadding = countPadding},
                                           {x}, "pool");
            bench.graph.addOutput("output", y);
            bench.compile(Mode::Inference);
            QVERIFY(agree(bench.forward(y),
                          countPadding ? std::vector{0.25, 0.75} : std::vector{1.0, 3.0}));
        }
    }

    void firstOfEqualMaximaTakesTheGradient() {
        Bench bench;
        WeightId weight;
        const auto x = bench.graph.add(ReshapeOp{Shape{1, 2, 2}},
                                       {bench.learned({1, 5, 5, 5}, weight)}, "image");
        const auto y = bench.graph.add(Pool2dOp{}, {x}, "pool");
        const auto target = bench.input({1, 1, 1}, {4});
        bench.graph.addLoss(bench.graph.add(MeanSquaredErrorOp{}, {y, target}, "loss"), 1.0);
        auto& program = bench.compile(Mode::Training);
        QVERIFY(program.forward(bench.data()) && program.backward());
        QVERIFY(agree(Bench::numbers(program.weights()->readGradient(weight)), {0, 2, 0, 0}));
    }

    void crossEntropyByHand() {
        Bench bench;
        WeightId weight;
        const auto logits = bench.learned({0, std::log(3.0)}, weight);
        const auto loss =
            bench.graph.add(SoftmaxCrossEntropyOp{}, {logits, bench.classes({1})}, "");
        bench.graph.addLoss(loss, 0.5);
        auto& program = bench.compile(Mode::Training);
        QVERIFY(agree(bench.forward(loss), {std::log(4.0 / 3.0)}));
        QVERIFY(agree({program.lossSum()}, {0.5 * std::log(4.0 / 3.0)}));
        QVERIFY(program.backward());
        QVERIFY(agree(Bench::numbers(program.weights()->readGradient(weight)), {0.125, -0.125}));
        QVERIFY(agree({program.gradientSquares()[weight.index()]}, {2 * 0.125 * 0.125}));

        program.weights()->write(weight, Tensor::of<double>({2, 1}, std::vector{1000.0, 0.0}));
        QVERIFY(agree(bench.forward(loss), {1000.0}));
        QVERIFY(program.backward());
        QVERIFY(agree(Bench::numbers(program.weights()->readGradient(weight)), {0.5, -0.5}));
    }

    void meanSquaredErrorByHand() {
        Bench bench;
        WeightId weight;
        const auto prediction = bench.learned({1, 2}, weight);
        const auto loss =
            bench.graph.add(MeanSquaredErrorOp{}, {prediction, bench.input({2}, {0, 4})}, "loss");
        bench.graph.addLoss(loss, 1.0);
        auto& program = bench.compile(Mode::Training);
        QVERIFY(agree(bench.forward(loss), {2.5}));
        QVERIFY(program.backward());
        QVERIFY(agree(Bench::numbers(program.weights()->readGradient(weight)), {1, -2}));
        program.update(0.5, 1);
        QVERIFY(agree(Bench::numbers(program.weights()->read(weight)), {0.5, 3}));
    }

    void lossSumAddsSamplesAndGradientIsTheirMean() {
        Bench bench;
        const auto weight = bench.weight("weight", {1, 1}, {2});
        const auto y = bench.graph.add(DenseOp{.units = 1, .bias = false},
                                       {bench.input({1}, {1, 3})}, "dense", {weight});
        const auto loss =
            bench.graph.add(MeanSquaredErrorOp{}, {y, bench.input({1}, {0, 0})}, "loss");
        bench.graph.addLoss(loss, 2.0);
        auto& program = bench.compile(Mode::Training, 2);
        QVERIFY(agree(bench.forward(loss), {4, 36}));
        QVERIFY(agree({program.lossSum()}, {80}));
        QVERIFY(program.backward());
        // d/dw of 2 · (w² + 9 w²) / 2 at 2
        QVERIFY(agree(Bench::numbers(program.weights()->readGradient(weight)), {40}));
    }

    void batchNormByHand() {
        NormBench bench;
        auto& program = bench.compile(Mode::Training, 4);
        QVERIFY(agree(bench.forward(bench.y), {-1, 1.0 / 3, 5.0 / 3, 3}));
        QVERIFY(program.backward());
        auto& store = *program.weights();
        // Statistics move in update() only, by a quarter towards mean 4 and unbiased variance 20/3.
        QVERIFY(agree(Bench::numbers(store.read(bench.mean)), {0}));
        QVERIFY(agree(Bench::numbers(store.read(bench.variance)), {1}));
        program.update(0.0, 1);
        QVERIFY(agree(Bench::numbers(store.read(bench.mean)), {1}));
        QVERIFY(agree(Bench::numbers(store.read(bench.variance)), {0.75 + 5.0 / 3}));
        QCOMPARE(program.gradientSquares()[bench.mean.index()], 0.0);

        // Inference uses them: variance 5 and epsilon 4 make a deviation of 3.
        store.write(bench.variance, Tensor::of<double>({1}, std::vector{5.0}));
        auto weights = program.weights();
        bench.adopt(Mode::Inference, 4, weights);
        QVERIFY(agree(bench.forward(bench.y), {1, 1 + 4.0 / 3, 1 + 8.0 / 3, 5}));
        QVERIFY(agree(Bench::numbers(weights->read(bench.mean)), {1}));
    }

    void dropoutUsesTheSharedMask() {
        constexpr int size = 1000;
        const DropoutOp op{.rate = 0.25, .stream = 6};
        Bench bench;
        const auto y = bench.graph.add(op, {bench.input({size / 2}, upTo(size))}, "dropout");
        bench.graph.addOutput("output", y);
        auto& program = bench.compile(Mode::Training, 2);
        std::vector<std::uint8_t> keep(size);
        for (const StepSeed seed : {StepSeed{1, 0}, StepSeed{1, 1}, StepSeed{2, 0}}) {
            QVERIFY(program.forward(bench.data(), seed));
            const auto values = Bench::numbers(program.read(y));
            dropoutKeeps(op, seed.seed, seed.step, keep);
            const auto kept = std::ranges::count(keep, 1);
            QVERIFY2(kept > 690 && kept < 810, qPrintable(QString::number(kept)));
            for (std::size_t i = 0; i < keep.size(); ++i)
                QCOMPARE(values[i], keep[i] ? static_cast<double>(i + 1) / 0.75 : 0.0);
        }
        bench.compile(Mode::Inference, 2);
        QCOMPARE(bench.forward(y)[999], 1000.0);
    }

    void deadOpsAreSkipped() {
        Bench bench;
        const auto x = bench.input({2}, {1, 2});
        const auto y = bench.graph.add(ActivationOp{{ActivationKind::Relu}}, {x}, "relu");
        const auto unbound = bench.graph.addInput("unbound", {Shape{2}});
        const auto dead = bench.graph.add(DenseOp{.units = 2, .bias = false}, {unbound}, "dead",
                                          {bench.weight("dead", {2, 2}, {1, 1, 1, 1})});
        bench.graph.addOutput("output", y);
        auto& program = bench.compile(Mode::Inference);
        QVERIFY(agree(bench.forward(y), {1, 2}));
        QCOMPARE(program.report().ops.size(), std::size_t{1});
        QVERIFY(contains(messageOf([&] { (void)program.read(dead); }), "neither an output"));
    }

    /// Weight decay must not touch what no loss depends on, nor must its gradient be stale.
    void weightsWithoutGradientStay() {
        Bench bench;
        WeightId used;
        const auto x = bench.learned({3}, used);
        const auto beside = bench.weight("beside", {1, 1}, {7});
        const auto y = bench.graph.add(DenseOp{.units = 1, .bias = false}, {x}, "beside", {beside});
        bench.graph.addOutput("output", y);
        const auto target = bench.input({1}, {0});
        bench.graph.addLoss(bench.graph.add(MeanSquaredErrorOp{}, {x, target}, "loss"), 1.0);
        auto& program = bench.compile(Mode::Training);
        QVERIFY(agree(bench.forward(y), {21}));
        QVERIFY(program.backward());
        QVERIFY(agree(Bench::numbers(program.weights()->readGradient(beside)), {0}));
        QVERIFY(agree(Bench::numbers(program.weights()->readGradient(used)), {6}));
        program.update(0.5, 1);
        QVERIFY(agree(Bench::numbers(program.weights()->read(beside)), {7}));
        QVERIFY(agree(Bench::numbers(program.weights()->read(used)), {0}));
    }

    void classOutsideTheLogitsIsAnError() {
        for (const int index : {-1, 3}) {
            Bench bench;
            const auto logits = bench.input({3}, {1, 2, 3, 4, 5, 6});
            const auto loss = bench.graph.add(SoftmaxCrossEntropyOp{},
                                              {logits, bench.classes({2, index})}, "loss");
            bench.graph.addLoss(loss, 1.0);
            auto& program = bench.compile(Mode::Training, 2);
            const auto message = messageOf([&] { program.forward(bench.data()); });
            QVERIFY(contains(message, fmt::format("sample 1 of the batch has class {}", index)));
            QVERIFY(contains(messageOf([&] { (void)program.lossSum(); }), "forward"));
        }
        Bench bench;
        const auto y = bench.graph.add(OneHotOp{.classes = 3}, {bench.classes({1, 3})}, "one-hot");
        bench.graph.addOutput("output", y);
        bench.compile(Mode::Inference, 2);
        QVERIFY(contains(messageOf([&] { bench.forward(y); }), "there are 3 classes, 0 to 2"));
    }

    void misuseIsAnError() {
        NormBench bench;
        auto& program = bench.compile(Mode::Training, 4);
        QVERIFY(contains(messageOf([&] { program.forward({}); }), "input \"in0\""));
        QVERIFY(contains(messageOf([&] { program.backward(); }), "forward"));
        QVERIFY(program.forward(bench.data()));
        QVERIFY(contains(messageOf([&] { program.update(0.1, 1); }), "backward"));
        std::vector<float> small(3);
        QVERIFY(contains(messageOf([&] { program.copyOutput(bench.y, small); }), "room"));
        std::vector<float> room(4);
        program.copyOutput(bench.y, room);
        QCOMPARE(room[3], 3.0F);
        auto& evaluation = bench.compile(Mode::Inference, 4);
        QVERIFY(evaluation.forward(bench.data()));
        QVERIFY(contains(messageOf([&] { evaluation.backward(); }), "training"));
        QVERIFY(contains(messageOf([&] { bench.compile(Mode::Inference, 0); }), "one sample"));
    }

    void stopsBetweenOps() {
        NormBench bench;
        auto& program = bench.compile(Mode::Training, 4);
        std::stop_source source;
        QVERIFY(program.forward(bench.data(), {}, source.get_token()));
        source.request_stop();
        QVERIFY(!program.backward(source.get_token()));
        QVERIFY(contains(messageOf([&] { program.update(0.1, 1); }), "backward"));
        QVERIFY(!program.forward(bench.data(), {}, source.get_token()));
        QVERIFY(contains(messageOf([&] { (void)program.lossSum(); }), "forward"));
    }

    void firstNonFiniteNamesTheLayer() {
        Bench bench;
        const auto x = bench.input({1}, {2});
        const auto weight = bench.weight("weight", {1, 1}, {3});
        const auto a = bench.graph.add(DenseOp{.units = 1, .bias = false}, {x}, "first", {weight});
        const auto second = bench.weight("second", {1, 1}, {1});
        const auto b = bench.graph.add(DenseOp{.units = 1, .bias = false}, {a}, "second", {second});
        const auto c = bench.graph.add(ActivationOp{{ActivationKind::Relu}}, {b}, "third");
        bench.graph.addOutput("output", c);
        auto& program = bench.compile(Mode::Inference);
        QCOMPARE(bench.forward(c)[0], 6.0);
        QVERIFY(!program.firstNonFinite());
        for (const double bad :
             {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
            program.weights()->write(second, Tensor::of<double>({1, 1}, std::vector{bad}));
            bench.forward(c);
            QCOMPARE(program.firstNonFinite().value_or(""), std::string("second"));
        }
    }

    void storesAreSharedAndChecked() {
        NormBench bench;
        auto store = bench.compile(Mode::Inference, 4).weights();
        QCOMPARE(store->slots(), std::size_t{0});
        QVERIFY(contains(messageOf([&] { (void)store->readGradient(WeightId{0}); }), "training"));
        QVERIFY(contains(messageOf([&] { (void)store->read(WeightId{9}); }), "number 9"));
        const Tensor wrong(DType::F32, {2});
        QVERIFY(
            contains(messageOf([&] { store->write(WeightId{0}, wrong); }), "scale has shape 1"));

        auto backend = makeReferenceBackend();
        CompileOptions options{.batch = 2, .precision = Precision::F64, .mode = Mode::Training};
        options.update = kPlainDescent;
        options.update->slots = 2;
        const auto training = backend->compile(bench.graph, options, store);
        QCOMPARE(training->weights(), store);
        QCOMPARE(store->slots(), std::size_t{2});
        QVERIFY(agree(Bench::numbers(store->read(WeightId{0})), {2}));
        QVERIFY(agree(Bench::numbers(store->readGradient(WeightId{0})), {0}));
        store->writeSlot(WeightId{0}, 1, Tensor::of<float>({1}, std::vector{0.5F}));
        QVERIFY(agree(Bench::numbers(store->readSlot(WeightId{0}, 1)), {0.5}));
        QVERIFY(agree(Bench::numbers(store->readSlot(WeightId{0}, 0)), {0}));
        QVERIFY(contains(messageOf([&] { (void)store->readSlot(WeightId{0}, 2); }), "number 2"));
        QVERIFY(contains(messageOf([&] { (void)store->readGradient(bench.mean); }), "not trained"));

        options.update->slots = 1;
        QVERIFY(contains(messageOf([&] { (void)backend->compile(bench.graph, options, store); }),
                         "optimizer state"));
        options.precision = Precision::F32;
        QVERIFY(contains(messageOf([&] { (void)backend->compile(bench.graph, options, nullptr); }),
                         "cannot run in F32"));
        options.update.reset();
        QVERIFY(contains(messageOf([&] { (void)backend->compile(bench.graph, options, store); }),
                         "another precision"));
        Bench other;
        addWeight(other.graph, "other", {1});
        options.precision = Precision::F64;
        QVERIFY(contains(messageOf([&] { (void)backend->compile(other.graph, options, store); }),
                         "another network"));
    }
};

QTEST_APPLESS_MAIN(ReferenceProgramTest)
#include "tst_reference_program.moc"
