// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/backend.h"
#include "engine/ops/integers.h"
#include "engine/support/error.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <random>

using namespace gradwright;

namespace {

struct Case {
    const char* name;
    Shape sample;
    QuantizedPoolOp op;
};

PoolOp average(std::int64_t kernel, std::int64_t stride, std::int64_t pad = 0,
               bool countPadding = false) {
    return {.kind = PoolKind::Average,
            .kernel = {kernel, kernel},
            .stride = {stride, stride},
            .padding = {pad, pad, pad, pad},
            .countPadding = countPadding};
}

std::vector<Case> cases() {
    const Quantization x{DType::U8, 0.02F, 7};
    const Quantization y{DType::U8, 0.013F, 3};
    const Quantization signedX{DType::I8, 0.02F, -9};
    const Quantization signedY{DType::I8, 0.017F, 4};
    PoolOp row{.kind = PoolKind::Average, .kernel = {3}, .stride = {2}, .padding = {1, 1}};
    PoolOp volume{.kind = PoolKind::Average, .kernel = {2, 3, 2}, .stride = {2, 2, 1}};
    return {
        {"windows", {20, 9, 8}, {.pool = average(3, 2), .x = x, .result = y}},
        {"windows over the border", {17, 9, 8}, {.pool = average(3, 1, 1), .x = x, .result = y}},
        {"with the border's zeros",
         {16, 7, 7},
         {.pool = average(3, 2, 1, true), .x = x, .result = y}},
        {"signed", {5, 6, 6}, {.pool = average(2, 2), .x = signedX, .result = signedY}},
        {"from signed to unsigned", {5, 6, 6}, {.pool = average(2, 2), .x = signedX, .result = y}},
        {"all positions", {33, 7, 7}, {.global = true, .x = x, .result = y}},
        {"all positions of many", {3, 60, 61}, {.global = true, .x = x, .result = y}},
        {"a sequence", {6, 11}, {.pool = row, .x = x, .result = signedY}},
        {"a volume", {4, 5, 6, 4}, {.pool = volume, .x = x, .result = y}}};
}

struct Run {
    OpGraph graph;
    ValueId input, output;
    std::vector<float> data;
};

constexpr std::int64_t kBatch = 3;

/// The op on fed integers, whose results another op reads as numbers.
Run build(const Case& what) {
    Run run;
    run.input = run.graph.addInput("x", ValueType(what.sample));
    const auto [least, most] = rangeOf(what.op.x.type);
    std::mt19937 random(11);
    std::uniform_int_distribution<int> draw(static_cast<int>(least), static_cast<int>(most));
    run.data.resize(static_cast<std::size_t>(what.sample.elements() * kBatch));
    std::ranges::generate(run.data, [&] { return static_cast<float>(draw(random)); });
    const auto one = run.graph.addConstant(Tensor::of<float>({}, std::vector<float>{1}), "scale");
    const auto x = run.graph.add(QuantizeOp{what.op.x.type}, {run.input, one}, "x");
    run.output = run.graph.add(what.op, {x}, "pool");
    run.graph.addOutput("y", run.output);
    return run;
}

std::vector<double> answers(const Run& run, const Backend& backend, Precision precision) {
    const auto program = backend.compile(run.graph, {.batch = kBatch, .precision = precision});
    program->forward(std::vector{BatchInput{run.input, run.data.data()}});
    const auto made = program->read(run.output).to(DType::F64);
    return {made.span<double>().begin(), made.span<double>().end()};
}

/// By one loop over all pairs of output and input positions.
std::vector<double> byHand(const Case& what, const Run& run) {
    const auto& op = what.op;
    const auto axes = what.sample.rank() - 1;
    Extents in;
    for (std::size_t axis = 0; axis < axes; ++axis)
        in[axis] = what.sample[axis + 1];
    const auto made = run.graph.type(run.output).sample();
    Extents out;
    for (std::size_t axis = 0; !op.global && axis < axes; ++axis)
        out[axis] = made[axis + 1];
    std::vector<double> results;
    for (std::int64_t plane = 0; plane < kBatch * what.sample[0]; ++plane)
        for (std::int64_t at = 0; at < out.product(); ++at) {
            double sum = 0;
            double inside = 0;
            for (std::int64_t from = 0; from < in.product(); ++from) {
                auto restOut = at, restIn = from;
                bool reads = true;
                for (std::size_t axis = 3; axis-- > 0;) {
                    const auto begin =
                        restOut % out[axis] * op.pool.stride[axis] - op.pool.padding.before(axis);
                    const auto place = restIn % in[axis];
                    reads = reads &&
                            (op.global || (place >= begin && place < begin + op.pool.kernel[axis]));
                    restOut /= out[axis];
                    restIn /= in[axis];
                }
                if (!reads)
                    continue;
                inside += 1;
                sum += double{run.data[static_cast<std::size_t>(plane * in.product() + from)]} -
                       op.x.zero;
            }
            if (op.pool.countPadding && !op.global)
                inside = static_cast<double>(op.pool.kernel.product());
            results.push_back(sum * double{op.x.scale} / inside / double{op.result.scale} +
                              op.result.zero);
        }
    return results;
}

} // namespace

/// Means of bytes: exact sums, and the same results on all engines.
class QuantizedPoolTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void meansAreRoundedToTheNearestInteger_data() { rows(); }
    void meansAreRoundedToTheNearestInteger() {
        QFETCH(int, number);
        const auto what = cases()[static_cast<std::size_t>(number)];
        const auto run = build(what);
        const auto made = answers(run, *makeReferenceBackend(), Precision::F64);
        const auto exact = byHand(what, run);
        QCOMPARE(made.size(), exact.size());
        const auto [least, most] = rangeOf(what.op.result.type);
        for (std::size_t i = 0; i < made.size(); ++i) {
            QCOMPARE(made[i], std::round(made[i]));
            // Halves may fall to either side of an FP32 number.
            QVERIFY(std::abs(made[i] - std::clamp(exact[i], least, most)) < 0.5001);
        }
        QVERIFY(std::ranges::adjacent_find(made, std::not_equal_to<>()) != made.end());
    }

    void enginesAgreeToTheBit_data() { rows(); }
    void enginesAgreeToTheBit() {
        QFETCH(int, number);
        const auto run = build(cases()[static_cast<std::size_t>(number)]);
        const auto expected = answers(run, *makeReferenceBackend(), Precision::F32);
        QCOMPARE(answers(run, *makeOneDnnBackend(), Precision::F32), expected);
    }

    void whatDoesNotFitIsRefused() {
        const Types real{ValueType(Shape{3, 8, 8})};
        QVERIFY_THROWS_EXCEPTION(Error, QuantizedPoolOp{}.outputs(real));
        const Types integers{ValueType::of(ValueType(Shape{3, 8, 8}).dims, DType::U8)};
        QCOMPARE(QuantizedPoolOp{}.outputs(integers)[0].element, DType::U8);
        QVERIFY_THROWS_EXCEPTION(
            Error, QuantizedPoolOp{.pool = {.kind = PoolKind::Max}}.outputs(integers));
        QVERIFY_THROWS_EXCEPTION(Error,
                                 QuantizedPoolOp{.result = {DType::U8, 0, 0}}.outputs(integers));
        QVERIFY_THROWS_EXCEPTION(Error,
                                 QuantizedPoolOp{.x = {DType::U8, 1, 256}}.outputs(integers));
    }

private:
    static void rows() {
        QTest::addColumn<int>("number");
        const auto all = cases();
        for (std::size_t i = 0; i < all.size(); ++i)
            QTest::newRow(all[i].name) << static_cast<int>(i);
    }
};

QTEST_APPLESS_MAIN(QuantizedPoolTest)
#include "tst_quantized_pool.moc"
