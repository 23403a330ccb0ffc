// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/compute_threads.h"
#include "engine/backend/onednn/kernels/dense_gradient.h"
#include "engine/backend/onednn/primitives.h"
#include "tests/engine/backend/case_builder.h"
#include "tests/engine/backend/compare_cases.h"

#include <QTest>

#include <algorithm>
#include <limits>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// Small whole numbers: their sums are exact in any order.
std::vector<float> wholeNumbers(std::size_t count, std::size_t step) {
    std::vector<float> values(count);
    for (std::size_t i = 0; i < count; ++i)
        values[i] = static_cast<float>(i * step % 17) - 8;
    return values;
}

/// In the order of `OI16i64o`, by the definition.
std::vector<float> expectedKernel(const onednn::DenseGradientInputs& in) {
    const auto blocks = (in.units + 63) / 64;
    const auto padded = (in.inputs + 15) / 16 * 16;
    std::vector<float> kernel(blocks * padded * 64);
    for (std::size_t unit = 0; unit < in.units; ++unit)
        for (std::size_t i = 0; i < in.inputs; ++i) {
            double sum = 0;
            for (std::size_t row = 0; row < in.rows; ++row)
                sum += double{in.source[row * in.inputs + i]} *
                       double{in.gradient[row * in.units + unit]};
            kernel[(unit / 64 * padded + i) * 64 + unit % 64] = static_cast<float>(sum);
        }
    return kernel;
}

std::vector<float> expectedBias(const onednn::DenseGradientInputs& in) {
    std::vector<float> bias(in.units);
    for (std::size_t row = 0; row < in.rows; ++row)
        for (std::size_t unit = 0; unit < in.units; ++unit)
            bias[unit] += in.gradient[row * in.units + unit];
    return bias;
}

/// Dense layers whose backward step is ours; a case's source is one, too.
std::ptrdiff_t ownSteps(const ProgramReport& report) {
    return std::ranges::count_if(report.backward, [](const OpReport& op) {
        return op.op == "dense" && op.implementation == "own" && !op.path.starts_with("source");
    });
}

} // namespace

/// The gradient of a dense layer's weights, where oneDNN's primitive is not used.
class DenseGradientTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void equalsTheDefinition_data() {
        QTest::addColumn<int>("rows");
        QTest::addColumn<int>("inputs");
        QTest::addColumn<int>("units");
        QTest::newRow("one of each") << 1 << 1 << 1;
        QTest::newRow("a tile, a block") << 64 << 6 << 64;
        QTest::newRow("more than a block of rows") << 65 << 16 << 64;
        QTest::newRow("units that do not fill a block") << 32 << 48 << 100;
        QTest::newRow("inputs left over") << 7 << 23 << 128;
        QTest::newRow("several chunks of inputs") << 130 << 1100 << 70;
        QTest::newRow("rows 4 KB apart") << 20 << 1024 << 64;
        QTest::newRow("the first layer for digits") << 200 << 784 << 128;
    }
    void equalsTheDefinition() {
        QFETCH(int, rows);
        QFETCH(int, inputs);
        QFETCH(int, units);
        if (!onednn::hasDenseGradient())
            QSKIP("this processor has no AVX-512");
        const auto source = wholeNumbers(static_cast<std::size_t>(rows * inputs), 7);
        const auto gradient = wholeNumbers(static_cast<std::size_t>(rows * units), 5);
        const onednn::DenseGradientInputs in{.source = source.data(),
                                             .gradient = gradient.data(),
                                             .rows = static_cast<std::size_t>(rows),
                                             .inputs = static_cast<std::size_t>(inputs),
                                             .units = static_cast<std::size_t>(units)};
        const auto kernel = expectedKernel(in);
        for (const int count : {1, 2}) {
            setComputeThreads(count);
            // What was in the memory before does not count.
            constexpr auto kNan = std::numeric_limits<float>::quiet_NaN();
            std::vector<float> actual(kernel.size(), kNan);
            std::vector<float> bias(in.units, kNan);
            onednn::denseGradient(in, actual.data(), bias.data());
            QVERIFY(actual == kernel);
            QVERIFY(bias == expectedBias(in));
            std::ranges::fill(actual, kNan);
            onednn::denseGradient(in, actual.data(), nullptr);
            QVERIFY(actual == kernel);
        }
        setComputeThreads(0);
    }

    void programsUseIt_data() {
        QTest::addColumn<Shape>("shape");
        QTest::addColumn<std::int64_t>("units");
        QTest::addColumn<bool>("bias");
        QTest::addColumn<int>("own");
        QTest::newRow("with bias") << Shape{100} << std::int64_t{120} << true << 1;
        QTest::newRow("without bias") << Shape{100} << std::int64_t{120} << false << 1;
        QTest::newRow("step by step") << Shape{3, 50} << std::int64_t{120} << true << 1;
        QTest::newRow("many units") << Shape{100} << std::int64_t{320} << true << 0;
    }
    void programsUseIt() {
        QFETCH(Shape, shape);
        QFETCH(std::int64_t, units);
        QFETCH(bool, bias);
        QFETCH(int, own);
        constexpr std::int64_t batch = 70;
        CaseBuilder builder("dense gradient", batch);
        const auto opCase = builder.regressed(
            builder.chain(builder.source(shape), {DenseOp{.units = units, .bias = bias}}));
        auto [program, exact, difference, ran] =
            compareForward(opCase, training(batch), writeWeights);
        QVERIFY(ran && exact->backward() && program->backward());
        addWeights(difference, *program->weights(), *exact->weights(), true);
        QVERIFY2(difference.relative <= 1e-5, difference.text());
        if (onednn::vectorLanes() == 16)
            QCOMPARE(ownSteps(program->report()), own);
    }
};

QTEST_APPLESS_MAIN(DenseGradientTest)
#include "tst_onednn_dense_gradient.moc"
