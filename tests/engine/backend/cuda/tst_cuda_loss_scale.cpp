// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/metrics/metric.h"
#include "engine/training/checkpoint.h"
#include "tests/engine/backend/compare_programs.h"
#include "tests/engine/backend/cuda/cuda_rig.h"
#include "tests/engine/backend/sample_nets.h"
#include "tests/support/data_files.h"
#include "tests/support/message_of.h"

#include <QTest>

using namespace gradwright;
using namespace gradwright::test;

namespace {

UpdateRule sgdRule() {
    return ruleOf("sgd", {{"momentum", 0.9}});
}

constexpr std::int64_t kBatch = 4;

/// y = w₂ (w₁ x), of one feature each, against a target by the mean of squares times `weight`.
struct Line {
    OpGraph graph;
    ValueId x, target;
    WeightId inner, outer;

    explicit Line(double weight) {
        x = graph.addInput("x", {Shape{1}});
        target = graph.addInput("target", {Shape{1}});
        inner = graph.addWeight({"inner", Shape{1, 1}, {}, {}});
        outer = graph.addWeight({"outer", Shape{1, 1}, {}, {}});
        const DenseOp dense{.units = 1, .bias = false};
        const auto hidden = graph.add(dense, {x}, "inner", {inner});
        const auto y = graph.add(dense, {hidden}, "outer", {outer});
        graph.addOutput("y", y);
        graph.addLoss(graph.add(MeanSquaredErrorOp{}, {y, target}, "loss"), weight);
    }
};

/// A program of it with its weights at 1 and `outer`, run on x = 1 against `target`.
class Run {
public:
    Run(const Line& line, const Backend& backend, Precision precision, float outer, float target,
        std::shared_ptr<WeightStore> weights = nullptr)
        : line_(line)
        , program_(backend.compile(line.graph,
                                   {.batch = kBatch,
                                    .precision = precision,
                                    .mode = Mode::Training,
                                    .update = sgdRule()},
                                   std::move(weights)))
        , x_(kBatch, 1.0F)
        , target_(kBatch, target)
        , inputs_{{line.x, x_.data()}, {line.target, target_.data()}} {
        write(line.inner, 1);
        write(line.outer, outer);
    }

    [[nodiscard]] const std::shared_ptr<WeightStore>& weights() const {
        return program_->weights();
    }
    [[nodiscard]] WeightStore& store() { return *program_->weights(); }
    StepResult step(double rate = 1e-9) {
        program_->submit({inputs_, {1, ++step_}, rate});
        return *program_->finish();
    }
    /// The gradient of the inner weight.
    double gradient() {
        program_->forward(inputs_, {1, 1});
        program_->backward();
        return static_cast<double>(
            store().readGradient(line_.inner).to(DType::F32).span<float>()[0]);
    }
    float inner() { return store().read(line_.inner).to(DType::F32).span<float>()[0]; }
    float momentum() { return store().readSlot(line_.inner, 0).to(DType::F32).span<float>()[0]; }

private:
    void write(WeightId id, float value) {
        Tensor tensor(DType::F32, Shape{1, 1});
        tensor.span<float>()[0] = value;
        store().write(id, tensor);
    }

    const Line& line_;
    std::unique_ptr<Program> program_;
    std::vector<float> x_, target_;
    std::vector<BatchInput> inputs_;
    std::uint64_t step_ = 0;
};

} // namespace

/// What keeps FP16's gradients in its range.
class CudaLossScaleTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() { cuda::standin::restartStandin(); }

    /// The gradients in front of the outer layer are below half of FP16's least number: they
    /// vanish, and the gradient of the inner weight with them, unless they are scaled.
    void smallGradientsAreRescued() {
        const Line line(0x1p-16);
        constexpr float kOuter = 0x1p-10F;
        Run exact(line, *makeReferenceBackend(), Precision::F64, kOuter, 1);
        const double want = exact.gradient();
        QVERIFY(want != 0 && std::abs(want) < 0x1p-25);
        Run run(line, *cudaBackend(), Precision::F16, kOuter, 1);
        QVERIFY(run.store().lossScale() == LossScale{});
        const double scaled = run.gradient();
        QVERIFY2(std::abs(scaled - want) < 2e-3 * std::abs(want),
                 QByteArray::number(scaled / want));
        run.store().setLossScale({.scale = 1});
        QCOMPARE(run.gradient(), 0.0);
        // Other precisions have the range of FP32.
        for (const auto precision : {Precision::F32, Precision::Tf32, Precision::Bf16}) {
            Run other(line, *cudaBackend(), precision, kOuter, 1);
            QVERIFY(!other.store().lossScale());
            QVERIFY(std::abs(other.gradient() - want) < 1e-2 * std::abs(want));
        }
    }

    /// Until it fits: each step halves the scale and moves nothing, momentum included.
    void overflowsAreSkipped() {
        const Line line(1);
        Run run(line, *cudaBackend(), Precision::F16, 1,
                100); // a gradient of -2 · 99 / 4 per sample
        double scale = LossScale::kFirst;
        int skipped = 0;
        for (; skipped < 20; ++skipped) {
            const auto result = run.step(1e-3);
            QVERIFY(!result.fault);
            if (!result.isSkipped)
                break;
            scale /= 2;
            QVERIFY(run.store().lossScale() == LossScale{.scale = scale});
            QCOMPARE(run.inner(), 1.0F);
            QCOMPARE(run.momentum(), 0.0F);
            for (const double squares : result.gradientSquares)
                QCOMPARE(squares, 0.0);
        }
        // 49.5 times 1024 is the largest that FP16 has.
        QCOMPARE(scale, 1024.0);
        QCOMPARE(skipped, 6);
        QVERIFY(run.store().lossScale() == (LossScale{.scale = 1024, .goodSteps = 1}));
        QVERIFY2(std::abs(run.momentum() + 198) < 0.2, QByteArray::number(run.momentum()));
        QVERIFY(run.inner() > 1);
    }

    void goodStepsDoubleTheScale() {
        const Line line(1);
        Run run(line, *cudaBackend(), Precision::F16, 1, 1.5F);
        run.store().setLossScale({.scale = 8, .goodSteps = LossScale::kGoodStepsToDouble - 2});
        run.step();
        QVERIFY(run.store().lossScale() ==
                (LossScale{.scale = 8, .goodSteps = LossScale::kGoodStepsToDouble - 1}));
        run.step();
        QVERIFY(run.store().lossScale() == LossScale{.scale = 16});
    }

    /// Without a scale to make smaller an overflow is the network's, and so is a loss that is not
    /// finite, whatever the scale.
    void otherFaultsAreFaults() {
        const Line line(1);
        Run large(line, *cudaBackend(), Precision::F16, 1, 1e6F);
        large.store().setLossScale({.scale = 1});
        const auto gradient = large.step();
        QVERIFY(gradient.fault && gradient.fault->where == NonFinite::Where::Gradient);
        QVERIFY(!gradient.isSkipped);
        QVERIFY(large.store().lossScale() == LossScale{.scale = 1});

        Run endless(line, *cudaBackend(), Precision::F16, 1, 1e30F);
        const auto loss = endless.step();
        QVERIFY(loss.fault && loss.fault->where == NonFinite::Where::Loss);
        QVERIFY(endless.store().lossScale() == LossScale{});
    }

    /// Programs of other batches go on with it.
    void programsShareTheScale() {
        const Line line(1);
        const auto backend = cudaBackend();
        Run run(line, *backend, Precision::F16, 1, 100);
        QVERIFY(run.step().isSkipped);
        Run last(line, *backend, Precision::F16, 1, 100, run.weights());
        QVERIFY(last.step().isSkipped);
        QVERIFY(run.step().isSkipped);
        QVERIFY(last.store().lossScale() == LossScale{.scale = LossScale::kFirst / 8});
    }

    /// A resumed run continues with the scale, and a file that holds nonsense is refused.
    void scaleIsPartOfTheCheckpoint() {
        const TemporaryFolder folder;
        const auto file = folder / "a.safetensors";
        const Line line(1);
        Run run(line, *cudaBackend(), Precision::F16, 1, 100);
        run.step();
        run.step();
        const auto scale = run.store().lossScale();
        writeCheckpoint(file, run.store(), {}, sgdRule());
        Run resumed(line, *cudaBackend(), Precision::F16, 1, 100);
        static_cast<void>(readCheckpoint(file, resumed.store(), metric("r2"), sgdRule()));
        QVERIFY(resumed.store().lossScale() == scale && scale->scale == LossScale::kFirst / 4);
        // FP32 has no use for it.
        Run single(line, *cudaBackend(), Precision::F32, 1, 100);
        static_cast<void>(readCheckpoint(file, single.store(), metric("r2"), sgdRule()));
        QVERIFY(!single.store().lossScale());

        run.store().setLossScale({.scale = 3});
        writeCheckpoint(file, run.store(), {}, sgdRule());
        const auto message = messageOf(
            [&] { return readCheckpoint(file, resumed.store(), metric("r2"), sgdRule()); });
        QVERIFY2(message.contains("the loss scale must be a power of two, 1 at least, not 3"),
                 qPrintable(message));
        QVERIFY(resumed.store().lossScale() == scale);
    }
};

QTEST_MAIN(CudaLossScaleTest)
#include "tst_cuda_loss_scale.moc"
