// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/engine/backend/case_builder.h"
#include "tests/engine/backend/compare_programs.h"

#include <QTest>

#include <array>
#include <cmath>
#include <vector>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// softmax(Q Kᵀ / √width) V for each head of each sample (Vaswani et al. 2017), one number at a
/// time in double precision.
Tensor attended(const Tensor& in, const AttentionOp& op) {
    const auto batch = in.shape()[0], steps = in.shape()[1], features = in.shape()[2] / 3;
    const auto width = features / op.heads;
    const auto x = in.span<float>();
    const auto at = [&](std::int64_t n, std::int64_t t, std::int64_t feature) {
        return double{x[static_cast<std::size_t>((n * steps + t) * 3 * features + feature)]};
    };
    Tensor out(DType::F32, {batch, steps, features});
    const auto y = out.span<float>();
    for (std::int64_t n = 0; n < batch; ++n)
        for (std::int64_t head = 0; head < op.heads; ++head)
            for (std::int64_t t = 0; t < steps; ++t) {
                const auto seen = op.causal ? t + 1 : steps;
                std::vector<double> shares;
                for (std::int64_t s = 0; s < seen; ++s) {
                    double score = 0;
                    for (auto f = head * width; f < (head + 1) * width; ++f)
                        score += at(n, t, f) * at(n, s, features + f);
                    shares.push_back(std::exp(score / std::sqrt(static_cast<double>(width))));
                }
                double sum = 0;
                for (const double share : shares)
                    sum += share;
                for (auto f = head * width; f < (head + 1) * width; ++f) {
                    double value = 0;
                    for (std::int64_t s = 0; s < seen; ++s)
                        value +=
                            shares[static_cast<std::size_t>(s)] / sum * at(n, s, 2 * features + f);
                    y[static_cast<std::size_t>((n * steps + t) * features + f)] =
                        static_cast<float>(value);
                }
            }
    return out;
}

} // namespace

/// Attention over sequences of any length: the same numbers in blocks as in one piece.
class AttentionTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theAnswersArePlainLoops_data() {
        QTest::addColumn<int>("steps");
        QTest::addColumn<int>("heads");
        QTest::addColumn<int>("width");
        QTest::addColumn<bool>("causal");
        for (const bool causal : {false, true})
            for (const auto& [steps, heads, width] :
                 {std::array{1, 1, 4}, std::array{64, 2, 8}, std::array{65, 2, 8},
                  std::array{130, 3, 5}, std::array{130, 1, 64}, std::array{1500, 2, 4},
                  std::array{9, 40, 2}})
                QTest::addRow("%d steps, %d heads of %d%s", steps, heads, width,
                              causal ? ", causal" : "")
                    << steps << heads << width << causal;
    }
    void theAnswersArePlainLoops() {
        QFETCH(int, steps);
        QFETCH(int, heads);
        QFETCH(int, width);
        QFETCH(bool, causal);
        const AttentionOp op{heads, causal};
        const Shape shape{2, steps, 3 * heads * width};
        OpGraph graph;
        const auto x = graph.addInput("x", Shape{steps, shape[2]});
        graph.addOutput("y", graph.add(op, {x}, "attention"));
        const auto data = randomTensor(DType::F32, shape, 7, 1.5);
        const auto program =
            makeOneDnnBackend()->compile(graph, {.batch = 2, .mode = Mode::Inference});
        QVERIFY(program->forward(std::vector{BatchInput{x, data.span<float>().data()}}));
        const auto difference =
            relativeDifference(program->read(graph.output("y")), attended(data, op));
        QVERIFY2(difference < 3e-6, qPrintable(QString::number(difference)));
    }

    /// Twice the steps want about twice the memory, and less than the scores of all steps with all
    /// would take.
    void memoryGrowsWithTheSteps_data() {
        QTest::addColumn<bool>("causal");
        QTest::addColumn<bool>("trains");
        for (const bool causal : {false, true})
            for (const bool trains : {false, true})
                QTest::addRow("%s, %s", causal ? "causal" : "plain",
                              trains ? "training" : "inference")
                    << causal << trains;
    }
    void memoryGrowsWithTheSteps() {
        QFETCH(bool, causal);
        QFETCH(bool, trains);
        constexpr std::int64_t kBatch = 4, kHeads = 16, kWidth = 4;
        const auto arena = [&](std::int64_t steps) {
            const auto opCase = singleOp("attention/memory", kBatch, {steps, 3 * kHeads * kWidth},
                                         AttentionOp{kHeads, causal});
            const auto options = trains ? training(kBatch)
                                        : CompileOptions{.batch = kBatch, .mode = Mode::Inference};
            return makeOneDnnBackend()->plan(opCase.graph, options).arenaBytes;
        };
        const auto half = arena(2048), all = arena(4096);
        QVERIFY2(static_cast<double>(all) < 2.2 * static_cast<double>(half),
                 qPrintable(QString("%1 and %2").arg(half).arg(all)));
        QVERIFY(all < std::size_t{kBatch * kHeads * 4096} * 4096 * sizeof(float) / 4);
    }

    /// The gradients of a training step, in several blocks, are the reference engine's.
    void longSequencesTrainAlike() {
        for (const bool causal : {false, true}) {
            const auto opCase =
                singleOp("attention/long", 3, {300, 24}, AttentionOp{.heads = 4, .causal = causal});
            std::vector<Tensor> gradients;
            for (const auto& backend : {makeReferenceBackend(), makeOneDnnBackend()}) {
                const auto program = backend->compile(opCase.graph, training(3));
                writeWeights(opCase, *program->weights());
                QVERIFY(program->forward(bindings(opCase), kCaseSeed) && program->backward());
                gradients.push_back(program->weights()->readGradient(WeightId{0}));
            }
            const auto difference = relativeDifference(gradients[1], gradients[0]);
            QVERIFY2(difference < 1e-5, qPrintable(QString::number(difference)));
        }
    }
};

QTEST_GUILESS_MAIN(AttentionTest)
#include "tst_attention.moc"
