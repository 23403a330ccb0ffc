// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/primitives.h"
#include "tests/engine/backend/case_builder.h"
#include "tests/engine/backend/compare_cases.h"

#include <QTest>

#include <algorithm>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr std::int64_t kBatch = 24;

/// The convolution with as many channels as it makes and ReLU after it, between convolutions that
/// make these channels of two and two of them.
OpCase between(std::int64_t batch, std::int64_t side, const ConvOp& middle) {
    CaseBuilder builder("winograd", batch);
    return builder.regressed(
        builder.chain(builder.source({2, side, side}),
                      {ConvOp{.outChannels = middle.outChannels}, middle,
                       ActivationOp{{ActivationKind::Relu}}, ConvOp{.outChannels = 2}}));
}

ConvOp threeByThree(std::int64_t channels = 64) {
    return {.outChannels = channels, .kernel = {3, 3}, .padding = {1, 1, 1, 1}};
}

/// Steps of both passes that compute by Winograd's method.
std::ptrdiff_t winogradSteps(const ProgramReport& report) {
    const auto count = [](const std::vector<OpReport>& ops) {
        return std::ranges::count_if(ops, [](const OpReport& op) {
            return op.implementation.find("wino") != std::string::npos;
        });
    };
    return count(report.ops) + count(report.backward);
}

/// oneDNN 2 has it for AVX-512, oneDNN 3 for no x86 processor.
bool isThere() {
    using namespace onednn;
    const Window window{{3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}};
    const auto values = anyDesc({32, 64, 16, 16});
    return bool(convForward(dnnl::prop_kind::forward_training, values, anyDesc({64, 64, 3, 3}),
                            denseDesc({64}), values, window, nullptr,
                            dnnl::algorithm::convolution_winograd));
}

ProgramReport reportOf(const OpCase& opCase) {
    return makeOneDnnBackend()->compile(opCase.graph, training(opCase.batch))->report();
}

} // namespace

/// 3 × 3 convolutions with fewer multiplications.
class OneDnnWinogradTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void equalsReference_data() {
        QTest::addColumn<std::int64_t>("side");
        QTest::addColumn<ConvOp>("conv");
        auto conv = threeByThree();
        QTest::newRow("same size, with bias") << std::int64_t{15} << conv;
        conv.padding = {};
        conv.bias = false;
        QTest::newRow("without padding and bias") << std::int64_t{17} << conv;
    }
    void equalsReference() {
        QFETCH(std::int64_t, side);
        QFETCH(ConvOp, conv);
        const auto opCase = between(kBatch, side, conv);
        for (const auto mode : {Mode::Training, Mode::Inference}) {
            auto options = training(opCase.batch);
            options.mode = mode;
            auto [program, exact, difference, ran] = compareForward(opCase, options, writeWeights);
            QVERIFY(ran);
            QVERIFY2(difference.relative <= 1e-5, difference.text());
            if (mode == Mode::Inference)
                continue;
            QCOMPARE(winogradSteps(program->report()), isThere() ? 3 : 0);
            QVERIFY(exact->backward() && program->backward());
            addWeights(difference, *program->weights(), *exact->weights(), true);
            QVERIFY2(difference.relative <= 1e-5, difference.text());
        }
    }

    void isNotTakenWhereItDoesNotPay() {
        QCOMPARE(winogradSteps(reportOf(between(kBatch, 15, threeByThree(16)))), 0);
        QCOMPARE(winogradSteps(reportOf(between(1, 15, threeByThree()))), 0);
    }

    void otherWindowsHaveNone_data() {
        QTest::addColumn<ConvOp>("conv");
        const auto row = [](const char* name, const auto& change) {
            auto conv = threeByThree();
            change(conv);
            QTest::newRow(name) << conv;
        };
        row("five by five", [](ConvOp& conv) { conv.kernel = {5, 5}; });
        row("three by one", [](ConvOp& conv) { conv.kernel = {3, 1}; });
        row("stride", [](ConvOp& conv) { conv.stride = {2, 1}; });
        row("dilation", [](ConvOp& conv) { conv.dilation = {1, 2}; });
        row("uneven padding", [](ConvOp& conv) { conv.padding = {1, 0, 0, 1}; });
        row("padding of one axis", [](ConvOp& conv) { conv.padding = {1, 0, 1, 0}; });
        row("wide padding", [](ConvOp& conv) { conv.padding = {2, 2, 2, 2}; });
        row("groups", [](ConvOp& conv) { conv.groups = 2; });
    }
    void otherWindowsHaveNone() {
        QFETCH(ConvOp, conv);
        QCOMPARE(winogradSteps(reportOf(between(kBatch, 17, conv))), 0);
    }
};

QTEST_GUILESS_MAIN(OneDnnWinogradTest)
#include "tst_onednn_winograd.moc"
