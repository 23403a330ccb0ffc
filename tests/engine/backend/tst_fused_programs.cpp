// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/compute_threads.h"
#include "engine/backend/reference/kernel.h"
#include "engine/passes/differentiate.h"
#include "engine/passes/eliminate.h"
#include "engine/passes/fuse_elementwise.h"
#include "engine/passes/verify.h"
#include "tests/engine/backend/op_cases.h"
#include "tests/support/numeric.h"

#include <QTest>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <map>
#include <random>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr std::int64_t kBatch = 3;

/// Runs a graph as it is, op by op, on the reference's kernels.
class GraphRunner {
public:
    explicit GraphRunner(const OpGraph& graph)
        : graph_(graph) {}

    /// All values by number, from those of inputs, weights and constants.
    std::map<ValueId, std::vector<float>> run(std::map<ValueId, std::vector<float>> values) {
        values_ = std::move(values);
        for (const auto& op : graph_.ops()) {
            for (const auto output : op.outputs)
                values_[output].resize(sizeOf(output));
            if (const auto* gradient = std::get_if<GradientOp>(&op.attributes))
                runGradient(op, *gradient);
            else
                runForward(op);
        }
        return std::move(values_);
    }

private:
    struct Step {
        reference::Frame<float> frame;
        reference::KernelPtr<float> kernel;
    };

    [[nodiscard]] std::size_t sizeOf(ValueId id) const {
        return static_cast<std::size_t>(graph_.type(id).shapeFor(kBatch).elements());
    }

    void runForward(const Op& op) {
        auto& step = steps_[op.id];
        auto& frame = step.frame;
        frame.batch = kBatch;
        frame.mode = Mode::Training;
        frame.inputTypes = graph_.inputTypes(op);
        for (const auto input : op.inputs) {
            frame.inputs.emplace_back(values_.at(input));
            frame.indices.emplace_back();
        }
        for (const auto output : op.outputs) {
            frame.outputTypes.push_back(graph_.type(output));
            frame.outputs.emplace_back(values_.at(output));
        }
        frame.outputType = frame.outputTypes[0];
        frame.output = frame.outputs[0];
        step.kernel = std::visit(
            [&]<class O>(const O& attributes) -> reference::KernelPtr<float> {
                if constexpr (std::is_same_v<O, GradientOp>)
                    return nullptr;
                else
                    return reference::makeKernel(attributes, frame);
            },
            op.attributes);
        step.kernel->forward(frame);
    }

    void runGradient(const Op& op, const GradientOp& gradient) {
        auto& [frame, kernel] = steps_.at(gradient.of);
        frame.outputGradient = values_.at(op.inputs[0]);
        std::vector<std::vector<float>> unwanted;
        unwanted.reserve(gradient.ofInputs.size());
        auto made = op.outputs.begin();
        for (std::size_t i = 0; i < gradient.ofInputs.size(); ++i) {
            auto& target = gradient.ofInputs[i] ? values_.at(*made++)
                                                : unwanted.emplace_back(frame.inputs[i].size());
            std::ranges::fill(target, 0.0F);
            frame.inputGradients.emplace_back(target);
        }
        kernel->backward(frame);
    }

    const OpGraph& graph_;
    std::map<ValueId, std::vector<float>> values_;
    std::map<OpId, Step> steps_;
};

/// A network of elementwise ops at random: all of them, several shapes, weights and constants among
/// their inputs, values that are read often and never, and a loss on some.
class RandomOps {
public:
    explicit RandomOps(std::uint32_t seed)
        : random_(seed) {
        for (int i = 0; i < 3; ++i)
            reals_.push_back(add(graph_.addInput(fmt::format("x{}", i), {Shape{4, 5}})));
        for (const auto& shape : {Shape{5}, Shape{4, 1}, Shape{1}, Shape{4, 5}})
            reals_.push_back(add(graph_.weightValue(
                graph_.addWeight({fmt::format("w{}", graph_.weights().size()), shape, {}, {}}))));
        reals_.push_back(graph_.addConstant(
            Tensor::of<float>(Shape{5}, std::span<const float>(numbers(5))), "constant"));
        const auto count = 15 + below(40);
        for (std::size_t i = 0; i < count; ++i)
            addOp();
        addLosses();
    }

    [[nodiscard]] const OpGraph& graph() const { return graph_; }
    [[nodiscard]] const std::map<ValueId, std::vector<float>>& given() const { return given_; }

private:
    std::size_t below(std::size_t end) { return random_() % end; }
    ValueId real() { return reals_[below(reals_.size())]; }
    ValueId recent() {
        return reals_[reals_.size() - 1 - below(std::min<std::size_t>(6, reals_.size()))];
    }

    std::vector<float> numbers(std::size_t count) {
        std::vector<float> values(count);
        for (auto& value : values)
            value = static_cast<float>(static_cast<double>(random_()) / 2147483648.0 - 1.0);
        return values;
    }
    ValueId add(ValueId given) {
        given_[given] =
            numbers(static_cast<std::size_t>(graph_.type(given).shapeFor(kBatch).elements()));
        return given;
    }
    ValueId op(OpAttributes attributes, std::vector<ValueId> inputs) {
        return graph_.add(std::move(attributes), std::move(inputs), below(4) == 0 ? "b" : "a");
    }

    void addOp() {
        switch (below(10)) {
        case 0:
        case 1:
            reals_.push_back(
                op(UnaryOp{static_cast<UnaryKind>(below(16)), 0.5, 0.25, 2, 3}, {recent()}));
            return;
        case 2:
        case 3:
        case 4:
            reals_.push_back(
                op(BinaryOp{static_cast<BinaryKind>(below(7)), 0.75, -0.5}, {recent(), real()}));
            return;
        case 5:
            truths_.push_back(op(CompareOp{static_cast<Comparison>(below(5))}, {recent(), real()}));
            return;
        case 6:
            if (truths_.size() > 1)
                truths_.push_back(op(LogicOp{static_cast<LogicKind>(below(3))},
                                     {truths_.back(), truths_[below(truths_.size())]}));
            return;
        case 7:
            if (!truths_.empty())
                reals_.push_back(op(WhereOp{}, {truths_[below(truths_.size())], recent(), real()}));
            return;
        case 8: {
            const auto whole = op(CastOp{DType::I32}, {recent()});
            reals_.push_back(op(CastOp{DType::F32}, {whole}));
            return;
        }
        default: {
            const auto& kinds = activations();
            const auto kind = kinds[below(kinds.size())].kind;
            reals_.push_back(op(ActivationOp{defaultActivation(kind)}, {recent()}));
        }
        }
    }

    /// On the last value of the inputs' shape, and on another.
    void addLosses() {
        const auto shape = graph_.type(graph_.inputs().front().value).dims;
        std::vector<ValueId> whole;
        for (const auto value : reals_)
            if (graph_.type(value).dims == shape && graph_.value(value).source)
                whole.push_back(value);
        if (whole.empty())
            whole.push_back(reals_.front());
        const auto target = add(graph_.addInput("t", {Shape{4, 5}}));
        for (const auto value : {whole.back(), whole[below(whole.size())]}) {
            graph_.addLoss(graph_.add(MeanSquaredErrorOp{}, {value, target}, "loss"), 0.5);
            graph_.addOutput(fmt::format("y{}", graph_.outputs().size()), value);
        }
    }

    std::mt19937 random_;
    OpGraph graph_;
    std::map<ValueId, std::vector<float>> given_;
    std::vector<ValueId> reals_, truths_;
};

/// To the bit; one NaN is as good as another.
bool areEqual(const std::vector<float>& a, const std::vector<float>& b) {
    return std::ranges::equal(a, b, [](float x, float y) {
        return (std::isnan(x) && std::isnan(y)) ||
               std::bit_cast<std::uint32_t>(x) == std::bit_cast<std::uint32_t>(y);
    });
}

} // namespace

/// What fused ops compute, on the backends.
class FusedProgramsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void randomGraphsKeepTheirBits() {
        std::size_t fusedOps = 0;
        std::size_t backward = 0;
        for (std::uint32_t seed = 0; seed < 300; ++seed) {
            const RandomOps ops(seed);
            auto single = differentiate(ops.graph());
            eliminateDead(single);
            auto fused = single;
            fusedOps += fuseElementwise(fused);
            verify(fused, "fuseElementwise");
            for (const auto& op : fused.ops())
                backward += op.isBackward && std::holds_alternative<FusedOp>(op.attributes) ? 1 : 0;
            auto given = ops.given();
            for (std::uint32_t i = 0; i < single.values().size(); ++i)
                if (const auto& constant = single.values()[i].constant) {
                    const auto numbers = constant->span<float>();
                    given[ValueId{i}].assign(numbers.begin(), numbers.end());
                }
            const auto expected = GraphRunner(single).run(given);
            const auto values = GraphRunner(fused).run(given);
            std::vector<ValueId> results = fused.lossValues();
            for (const auto& [name, value] : fused.outputs())
                results.push_back(value);
            for (const auto& [weight, value] : fused.gradients())
                results.push_back(value);
            for (const auto result : results)
                QVERIFY2(areEqual(values.at(result), expected.at(result)),
                         qPrintable(QString("seed %1, value %2").arg(seed).arg(result.value)));
        }
        QVERIFY2(fusedOps > 600 && backward > 200,
                 qPrintable(QString("%1 and %2").arg(fusedOps).arg(backward)));
    }

    /// The op cases of that name test what programs really do.
    void casesAreFused() {
        int cases = 0;
        for (const auto& opCase : opCases()) {
            if (!opCase.name.starts_with("fused/"))
                continue;
            ++cases;
            for (const auto& backend : {makeReferenceBackend(), makeOneDnnBackend()}) {
                const auto report =
                    backend->compile(opCase.graph, {.batch = opCase.batch, .mode = Mode::Training})
                        ->report();
                for (const auto* ops : {&report.ops, &report.backward}) {
                    const auto fused = std::ranges::find(*ops, "fused", &OpReport::op);
                    QVERIFY2(fused != ops->end(), opCase.name.c_str());
                    QVERIFY(!fused->formula.empty() && fused->operations > 0 && fused->bytes > 0);
                }
            }
        }
        QVERIFY(cases > 25);
    }

    void memoryShrinksOrStays() {
        for (const auto mode : {Mode::Training, Mode::Inference}) {
            const auto arena = [&](bool asOneLayer) {
                const auto graph = gated(asOneLayer);
                return makeOneDnnBackend()->plan(graph, {.batch = 8, .mode = mode}).arenaBytes;
            };
            QVERIFY2(arena(true) <= arena(false),
                     qPrintable(QString("%1 and %2").arg(arena(true)).arg(arena(false))));
        }
    }

    /// Ops of layers of their own are not fused.
    void theCpuEngineComputesTheSame() {
        std::vector<Tensor> outputs;
        std::vector<Tensor> gradients;
        for (const bool asOneLayer : {false, true}) {
            const auto graph = gated(asOneLayer);
            const auto program = trained(graph);
            outputs.push_back(program->read(graph.output("y")));
            gradients.push_back(program->weights()->readGradient(WeightId{0}));
        }
        // The sigmoid is oneDNN's where it is alone.
        QVERIFY(relativeDifference(outputs[1], outputs[0]) < 1e-6);
        QVERIFY(relativeDifference(gradients[1], gradients[0]) < 1e-5);
    }

    void threadsDoNotMatter() {
        const auto graph = gated(true);
        std::vector<Tensor> outputs;
        for (const int threads : {1, 2, 3}) {
            setComputeThreads(threads);
            outputs.push_back(trained(graph)->read(graph.output("y")));
        }
        setComputeThreads(2);
        QVERIFY(outputs[0] == outputs[1]);
        QVERIFY(outputs[0] == outputs[2]);
    }

    /// Between convolutions, an op on one number of its own changes no layout.
    void blockedLayoutsStay() {
        for (const auto& opCase : opCases()) {
            if (opCase.name != "fused/one number in blocks of channels" &&
                opCase.name != "fused/numbers of channels in blocks")
                continue;
            const auto program = makeOneDnnBackend()->compile(
                opCase.graph, {.batch = opCase.batch, .mode = Mode::Training});
            const auto report = program->report();
            for (const auto* ops : {&report.ops, &report.backward}) {
                const auto fused = std::ranges::find(*ops, "fused", &OpReport::op);
                QCOMPARE(fused->reorders, std::size_t{0});
            }
        }
    }

private:
    /// A value of several blocks with a gate in front of a loss; learned: a number a channel.
    static OpGraph gated(bool asOneLayer) {
        OpGraph graph;
        const auto add = [&](OpAttributes attributes, std::vector<ValueId> inputs) {
            const auto path = asOneLayer ? "gate" : fmt::format("op{}", graph.ops().size());
            return graph.add(std::move(attributes), std::move(inputs), path);
        };
        const auto x = graph.addInput("x", {Shape{4, 30, 50}});
        const auto target = graph.addInput("t", {Shape{4, 30, 50}});
        const auto scale =
            graph.weightValue(graph.addWeight({"scale", {4, 1, 1}, {"uniform", 1.0}, {}}));
        const auto scaled = add(BinaryOp{BinaryKind::Multiply}, {x, scale});
        const auto square = add(UnaryOp{UnaryKind::Power, 0.5, 1, 2}, {scaled});
        const auto gate = add(ActivationOp{{ActivationKind::Sigmoid}}, {square});
        const auto y = add(BinaryOp{BinaryKind::Multiply}, {scaled, gate});
        graph.addOutput("y", y);
        graph.addLoss(graph.add(MeanSquaredErrorOp{}, {y, target}, "loss"), 1.0);
        return graph;
    }

    static std::unique_ptr<Program> trained(const OpGraph& graph) {
        constexpr std::int64_t batch = 8;
        auto program =
            makeOneDnnBackend()->compile(graph, {.batch = batch, .mode = Mode::Training});
        initializeWeights(*program->weights(), 3);
        const auto x = randomTensor(DType::F32, {batch, 4, 30, 50}, 1);
        const auto target = randomTensor(DType::F32, {batch, 4, 30, 50}, 2);
        if (!program->forward(std::array{BatchInput{graph.input("x"), x.bytes().data()},
                                         BatchInput{graph.input("t"), target.bytes().data()}}) ||
            !program->backward())
            throw Error("the program was stopped");
        return program;
    }
};

QTEST_APPLESS_MAIN(FusedProgramsTest)
#include "tst_fused_programs.moc"
