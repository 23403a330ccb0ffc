// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/backend.h"
#include "engine/ops/dynamic_quantization.h"
#include "engine/support/error.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

using namespace gradwright;

namespace {

struct Computer {
    std::string name;
    std::unique_ptr<Backend> backend;
    Precision precision;
};

std::vector<Computer> computers() {
    std::vector<Computer> all;
    all.push_back({"reference, double", makeReferenceBackend(), Precision::F64});
    all.push_back({"reference, float", makeReferenceBackend(), Precision::F32});
    all.push_back({"oneDNN", makeOneDnnBackend(), Precision::F32});
    return all;
}

/// The outputs of a graph that one value may be fed to, row by row as F64.
std::vector<std::vector<double>> run(const Computer& computer, const OpGraph& graph,
                                     const std::vector<float>& batch = {}) {
    const auto program =
        computer.backend->compile(graph, {.batch = 1, .precision = computer.precision});
    std::vector<BatchInput> inputs;
    if (!batch.empty())
        inputs.push_back({graph.inputs()[0].value, batch.data()});
    program->forward(inputs);
    std::vector<std::vector<double>> results;
    for (const auto& output : graph.outputs()) {
        const auto values = program->read(output.value).to(DType::F64);
        const auto span = values.span<double>();
        results.emplace_back(span.begin(), span.end());
    }
    return results;
}

template <class T>
Tensor tensor(Shape shape, std::vector<T> values) {
    return Tensor::of<T>(std::move(shape), std::span<const T>(values));
}

template <class T>
Tensor randomBytes(const Shape& shape, std::uint32_t seed) {
    std::mt19937 generator(seed);
    std::uniform_int_distribution<int> numbers(std::numeric_limits<T>::min(),
                                               std::numeric_limits<T>::max());
    Tensor result(dtypeOf<T>(), shape);
    for (auto& value : result.template span<T>())
        value = static_cast<T>(numbers(generator));
    return result;
}

} // namespace

/// Quantization and products of integers of 8 bits, against numbers that were computed by hand or
/// by integers, on all backends.
class QuantizeTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void halvesGoToEvenNumbersAndLimitsHold() {
        // A fed input, so that nothing is computed before the program runs.
        for (const auto type : {DType::U8, DType::I8}) {
            OpGraph graph;
            const auto x = graph.addInput("x", {Shape{8}});
            const auto scale = graph.addConstant(tensor<float>({}, {2}), "scale");
            const auto zero = type == DType::U8
                                  ? graph.addConstant(tensor<std::uint8_t>({}, {10}), "zero")
                                  : graph.addConstant(tensor<std::int8_t>({}, {10}), "zero");
            const auto q = graph.add(QuantizeOp{type}, {x, scale, zero}, "q");
            graph.addOutput("q", q);
            graph.addOutput("y", graph.add(DequantizeOp{}, {q, scale, zero}, "y"));
            const std::vector<float> batch{1, 3, -1, 5.1F, 1e6F, -1e6F, 0, -21};
            // Quotients 0.5, 1.5, -0.5, 2.55, …, 0, -10.5.
            const double least = type == DType::U8 ? 0 : -128;
            const double most = type == DType::U8 ? 255 : 127;
            const std::vector<double> expected{10, 12, 10, 13, most, least, 10, 0};
            for (const auto& computer : computers()) {
                const auto results = run(computer, graph, batch);
                QVERIFY2(results[0] == expected, computer.name.c_str());
                for (std::size_t i = 0; i < expected.size(); ++i)
                    QCOMPARE(results[1][i], 2 * (expected[i] - 10));
            }
        }
    }

    void scalesLieAlongAnAxisOrInBlocks() {
        const std::vector<float> batch{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
        const auto quantized = [&](const Shape& scales, const std::vector<float>& values,
                                   std::int64_t axis, std::int64_t block) {
            OpGraph graph;
            const auto x = graph.addInput("x", ValueType::of({2, 5}));
            const auto scale = graph.addConstant(tensor<float>(scales, values), "scale");
            const auto q = graph.add(QuantizeOp{DType::U8, axis, block}, {x, scale}, "q");
            graph.addOutput("q", q);
            graph.addOutput("y", graph.add(DequantizeOp{axis, block}, {q, scale}, "y"));
            const auto all = computers();
            const auto results = run(all[0], graph, batch);
            for (std::size_t i = 1; i < all.size(); ++i)
                if (run(all[i], graph, batch) != results)
                    return std::vector<double>{};
            return results[0];
        };
        QCOMPARE(quantized({2}, {1, 2}, 0, 0), (std::vector<double>{1, 2, 3, 4, 5, 3, 4, 4, 4, 5}));
        QCOMPARE(quantized({5}, {1, 2, 1, 4, 1}, -1, 0),
                 (std::vector<double>{1, 1, 3, 1, 5, 6, 4, 8, 2, 10}));
        // Blocks of two columns, the last one shorter, and a block of both rows.
        QCOMPARE(quantized({2, 3}, {1, 2, 1, 2, 1, 5}, 1, 2),
                 (std::vector<double>{1, 2, 2, 2, 5, 3, 4, 8, 9, 2}));
        QCOMPARE(quantized({1, 5}, {1, 1, 2, 1, 5}, 0, 2),
                 (std::vector<double>{1, 2, 2, 4, 1, 6, 7, 4, 9, 2}));
        // A block that nothing is longer than.
        QCOMPARE(quantized({2, 1}, {1, 2}, 1, std::numeric_limits<std::int64_t>::max()),
                 (std::vector<double>{1, 2, 3, 4, 5, 3, 4, 4, 4, 5}));
    }

    /// 70,000 terms of 255² make 4,551,750,000, beyond 2^32, and what is added to it is lost where
    /// sums are kept in FP32.
    void sumsAreExactBeforeTheyAreRounded() {
        const std::int64_t inner = 70'000;
        Tensor a(DType::U8, {2, inner});
        std::ranges::fill(a.span<std::uint8_t>(), std::uint8_t{255});
        a.span<std::uint8_t>()[static_cast<std::size_t>(inner) + 5] = 254;
        Tensor b(DType::U8, {inner, 1});
        std::ranges::fill(b.span<std::uint8_t>(), std::uint8_t{255});
        OpGraph graph;
        // Fed, so that the product is not known before the program runs.
        const auto x = graph.addInput("x", ValueType::of({1}));
        const auto zero = graph.add(CastOp{DType::U8}, {x}, "zero");
        graph.addOutput("y", graph.add(MatMulIntegerOp{true, false},
                                       {graph.addConstant(a, "a"), graph.addConstant(b, "b"), zero},
                                       "y"));
        const std::vector<double> exact{4'551'750'000.0, 4'551'750'000.0 - 255};
        for (const auto& computer : computers()) {
            const auto sums = run(computer, graph, {0})[0];
            for (std::size_t i = 0; i < 2; ++i) {
                const bool isDouble = computer.precision == Precision::F64;
                QCOMPARE(sums[i],
                         isDouble ? exact[i] : static_cast<double>(static_cast<float>(exact[i])));
            }
        }
    }

    void productsTakeZeroPointsOff() {
        const auto a = randomBytes<std::int8_t>({2, 3, 5}, 1);
        const auto b = randomBytes<std::uint8_t>({5, 4}, 2);
        const auto zeroOfA = tensor<std::int8_t>({3}, {-128, 5, 127});
        const auto zeroOfB = tensor<std::uint8_t>({4}, {0, 255, 7, 128});
        OpGraph graph;
        graph.addOutput("y", graph.add(MatMulIntegerOp{true, true},
                                       {graph.addConstant(a, "a"), graph.addConstant(b, "b"),
                                        graph.addConstant(zeroOfA, "zeroOfA"),
                                        graph.addConstant(zeroOfB, "zeroOfB")},
                                       "y"));
        std::vector<double> expected;
        for (std::size_t row = 0; row < 6; ++row)
            for (std::size_t n = 0; n < 4; ++n) {
                int sum = 0;
                for (std::size_t k = 0; k < 5; ++k)
                    sum += (a.span<std::int8_t>()[row * 5 + k] -
                            zeroOfA.span<std::int8_t>()[row % 3]) *
                           (b.span<std::uint8_t>()[k * 4 + n] - zeroOfB.span<std::uint8_t>()[n]);
                expected.push_back(sum);
            }
        for (const auto& computer : computers())
            QVERIFY2(run(computer, graph)[0] == expected, computer.name.c_str());
    }

    /// 1-D, with two groups, strides, a border on one side, and a zero point of each channel.
    void convolutionsTakeZeroPointsOff() {
        const auto x = randomBytes<std::uint8_t>({2, 4, 7}, 3);
        const auto kernel = randomBytes<std::int8_t>({6, 2, 3}, 4);
        const auto zeroOfX = tensor<std::uint8_t>({1}, {200});
        const auto zeroOfKernel = tensor<std::int8_t>({6}, {0, 1, -128, 127, -3, 50});
        OpGraph graph;
        const ConvIntegerOp op{
            .stride = {2}, .padding = {2, 0}, .groups = 2, .zeroOfX = true, .zeroOfKernel = true};
        graph.addOutput("y", graph.add(op,
                                       {graph.addConstant(x, "x"), graph.addConstant(kernel, "k"),
                                        graph.addConstant(zeroOfX, "zeroOfX"),
                                        graph.addConstant(zeroOfKernel, "zeroOfKernel")},
                                       "y"));
        std::vector<double> expected;
        for (int n = 0; n < 2; ++n)
            for (int o = 0; o < 6; ++o)
                for (int position = 0; position < 4; ++position) {
                    int sum = 0;
                    for (int c = 0; c < 2; ++c)
                        for (int tap = 0; tap < 3; ++tap) {
                            const int at = 2 * position + tap - 2;
                            if (at < 0)
                                continue;
                            const auto from =
                                static_cast<std::size_t>((n * 4 + o / 3 * 2 + c) * 7 + at);
                            const auto weight = static_cast<std::size_t>((o * 2 + c) * 3 + tap);
                            sum += (x.span<std::uint8_t>()[from] - 200) *
                                   (kernel.span<std::int8_t>()[weight] -
                                    zeroOfKernel.span<std::int8_t>()[static_cast<std::size_t>(o)]);
                        }
                    expected.push_back(sum);
                }
        QVERIFY(graph.type(graph.output("y")).dims == (Dims{2, 6, 4}));
        for (const auto& computer : computers())
            QVERIFY2(run(computer, graph)[0] == expected, computer.name.c_str());
    }

    void dynamicRangesHoldZero() {
        OpGraph graph;
        const auto x = graph.addInput("x", ValueType::of({4}));
        const auto made = dynamicQuantize(graph, x, "dynamic");
        graph.addOutput("integers", made.integers);
        graph.addOutput("scale", made.scale);
        graph.addOutput("zero", made.zeroPoint);
        for (const auto& computer : computers()) {
            // A range of 255 steps of 0.5 around 0, then one that begins at 0, then no range.
            QCOMPARE(run(computer, graph, {-27.5F, 100, 0, 0.75F}),
                     (std::vector<std::vector<double>>{{0, 255, 55, 57}, {0.5}, {55}}));
            QCOMPARE(run(computer, graph, {1, 2, 255, 3}),
                     (std::vector<std::vector<double>>{{1, 2, 255, 3}, {1}, {0}}));
            QCOMPARE(run(computer, graph, {0, 0, 0, 0}),
                     (std::vector<std::vector<double>>{{0, 0, 0, 0}, {1}, {0}}));
        }
    }

    void castsSaturateRealNumbersAndWrapIntegers() {
        OpGraph graph;
        const auto x = graph.addInput("x", ValueType::of({6}));
        const auto cast = [&](ValueId value, DType to) {
            return graph.add(CastOp{to}, {value}, "cast");
        };
        graph.addOutput("I8", cast(x, DType::I8));
        graph.addOutput("U8", cast(x, DType::U8));
        graph.addOutput("I32", cast(x, DType::I32));
        const auto integers = cast(x, DType::I32);
        graph.addOutput("I32 to I8", cast(integers, DType::I8));
        graph.addOutput("I32 to U8", cast(integers, DType::U8));
        graph.addOutput("to a truth value", cast(integers, DType::Bool));
        for (const auto& computer : computers()) {
            const auto results = run(computer, graph, {200, -1.9F, 300.5F, -200, 0.5F, NAN});
            QCOMPARE(results[0], (std::vector<double>{127, -1, 127, -128, 0, 0}));
            QCOMPARE(results[1], (std::vector<double>{200, 0, 255, 0, 0, 0}));
            QCOMPARE(results[2], (std::vector<double>{200, -1, 300, -200, 0, 0}));
            QCOMPARE(results[3], (std::vector<double>{-56, -1, 44, 56, 0, 0}));
            QCOMPARE(results[4], (std::vector<double>{200, 255, 44, 56, 0, 0}));
            QCOMPARE(results[5], (std::vector<double>{1, 1, 1, 1, 0, 0}));
        }
    }
};

QTEST_APPLESS_MAIN(QuantizeTest)
#include "tst_quantize.moc"
