// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/shape_values.h"
#include "tests/support/message_of.h"

#include <QTest>

#include <cmath>
#include <limits>

using namespace gradwright;
using namespace gradwright::test;

namespace {

ValueId integers(OpGraph& graph, const std::vector<std::int64_t>& numbers) {
    return graph.addConstant(
        Tensor::of<std::int64_t>({static_cast<std::int64_t>(numbers.size())}, numbers), "numbers");
}

ValueId integer(OpGraph& graph, std::int64_t number) {
    return graph.addConstant(
        Tensor::of<std::int64_t>({}, std::span<const std::int64_t>(&number, 1)), "number");
}

/// The length of an axis as exporters write it: Shape → Gather with a number.
ValueId sizeOf(OpGraph& graph, ValueId x, std::int64_t axis) {
    const auto shape = graph.add(ShapeOp{}, {x}, "shape");
    return graph.add(GatherOp{0}, {shape, integer(graph, axis)}, "size");
}

ValueId unsqueezed(OpGraph& graph, ValueId scalar) {
    return graph.add(ReshapeOp{{1}}, {scalar}, "unsqueeze");
}

QString lengthsOf(const OpGraph& graph, ValueId value) {
    const auto lengths = knownLengths(graph, value);
    return lengths ? QString::fromStdString(toString(Dims(*lengths))) : "?";
}

QString dimsOf(const OpGraph& graph, ValueId value) {
    return QString::fromStdString(toString(graph.type(value).dims));
}

} // namespace

/// Shapes that are computed are resolved while a graph is built.
class ShapeValuesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void lengthsAreDivided() {
        const auto quotient = [](const Dim& a, const Dim& b) -> QString {
            const auto result = a.dividedBy(b);
            return result ? QString::fromStdString(toString(*result)) : "none";
        };
        const auto batch = Dim::batch();
        const auto steps = Dim::named("T");
        QCOMPARE(quotient(12, 4), "3");
        QCOMPARE(quotient(12, 5), "none");
        QCOMPARE(quotient(12, 0), "none");
        QCOMPARE(quotient(Dim(6) * batch * steps, Dim(2) * steps), "3·N");
        QCOMPARE(quotient(batch * batch, batch), "N");
        QCOMPARE(quotient(batch, batch), "1");
        QCOMPARE(quotient(batch, steps), "none");
        QCOMPARE(quotient(6, batch), "none");
    }

    void shapesNameAxes() {
        OpGraph graph;
        const auto x = graph.addInput("x", {Shape{3, 5}});
        const auto shape = [&](ShapeOp op) { return graph.add(op, {x}, "shape"); };
        QCOMPARE(lengthsOf(graph, shape({})), "N×3×5");
        QCOMPARE(lengthsOf(graph, shape({1})), "3×5");
        QCOMPARE(lengthsOf(graph, shape({-1})), "5");
        QCOMPARE(lengthsOf(graph, shape({-10, -1})), "N×3");
        QCOMPARE(lengthsOf(graph, shape({1, 2})), "3");
        QVERIFY(graph.type(shape({1})) == ValueType::of({2}, DType::I64));
        QCOMPARE(messageOf([&] {
                     shape({2, 2});
                 }),
                 "shape: gives the length of one axis or more; received N×3×5");
        QCOMPARE(lengthsOf(graph, x), "?");
    }

    /// x.view(x.size(0), -1), for any batch.
    void thePyTorchChain() {
        OpGraph graph;
        const auto x = graph.addInput("x", {Shape{3, 8, 8}});
        const auto rows = unsqueezed(graph, sizeOf(graph, x, 0));
        const auto target = graph.add(ConcatOp{0}, {rows, integers(graph, {-1})}, "concat");
        const auto y = reshapeTo(graph, x, target, "view");
        QCOMPARE(dimsOf(graph, y), "N×192");
        QVERIFY(graph.producerOf(y)->inputs == std::vector<ValueId>{x}); // reads no shape
    }

    /// x.view(x.size(0) * x.size(1), x.size(2)) and back, with two names.
    void namesMultiplyAndDivide() {
        OpGraph graph;
        const auto x = graph.addInput("x", ValueType::of({Dim::batch(), Dim::named("T"), 4}));
        const auto real = [&](std::int64_t axis) {
            return graph.add(CastOp{DType::F32}, {sizeOf(graph, x, axis)}, "real");
        };
        const auto product =
            graph.add(BinaryOp{BinaryKind::Multiply}, {real(0), real(1)}, "product");
        const auto whole = unsqueezed(graph, graph.add(CastOp{DType::I64}, {product}, "whole"));
        const auto last = unsqueezed(graph, sizeOf(graph, x, -1));
        const auto merged =
            reshapeTo(graph, x, graph.add(ConcatOp{0}, {whole, last}, "merged"), "merge");
        QCOMPARE(dimsOf(graph, merged), "N·T×4");
        const auto steps = unsqueezed(graph, sizeOf(graph, x, 1));
        const auto back =
            graph.add(ConcatOp{0}, {integers(graph, {-1}), steps, integers(graph, {4})}, "back");
        QCOMPARE(dimsOf(graph, reshapeTo(graph, merged, back, "split")), "N×T×4");
        const auto quotient = graph.add(BinaryOp{BinaryKind::Divide}, {product, real(1)}, "ratio");
        QCOMPARE(lengthsOf(graph, quotient), "N");
    }

    void targetsMayCopyAxesAndBroadcast() {
        OpGraph graph;
        const auto x = graph.addInput("x", {Shape{3, 4}});
        QCOMPARE(dimsOf(graph, reshapeTo(graph, x, integers(graph, {0, -1}), "view")), "N×12");
        QCOMPARE(dimsOf(graph, reshapeTo(graph, x, integers(graph, {-1, 2, 2, 3}), "view")),
                 "N×2×2×3");
        const auto bias = graph.addInput("bias", ValueType::of({4}));
        const auto shape = graph.add(ShapeOp{}, {x}, "shape");
        QCOMPARE(dimsOf(graph, expandTo(graph, bias, shape, "expand")), "N×3×4");
        QCOMPARE(dimsOf(graph, fillTo(graph, 1, shape, "ones")), "N×3×4");
        QCOMPARE(messageOf([&] {
                     reshapeTo(graph, x, integers(graph, {-1, -1}), "view");
                 }),
                 "reshape at view: 2 lengths of -1×-1 are to be found from N×3×4");
        QCOMPARE(messageOf([&] {
                     reshapeTo(graph, x, integers(graph, {-1, 5}), "view");
                 }),
                 "reshape at view: 1 lengths of -1×5 are to be found from N×3×4");
    }

    /// A slice of a shape, and half of a length: known for numbers only.
    void whatIsNotKnownIsNamed() {
        OpGraph graph;
        const auto x = graph.addInput("x", {Shape{6, 4}});
        const auto shape = graph.add(ShapeOp{}, {x}, "shape");
        const auto real = graph.add(CastOp{DType::F32}, {shape}, "real");
        const AxisMap two{AxisMap::Kind::Shift, 2, 0, 1};
        const auto first = graph.add(ResampleOp{{two}}, {real}, "first two");
        QCOMPARE(lengthsOf(graph, first), "N×6");
        const auto half =
            graph.add(BinaryOp{BinaryKind::Divide},
                      {first, graph.add(CastOp{DType::F32}, {integer(graph, 2)}, "two")}, "half");
        const auto target = graph.add(
            ConcatOp{0}, {graph.add(CastOp{DType::I64}, {half}, "whole"), integers(graph, {-1})},
            "target");
        QCOMPARE(messageOf([&] { reshapeTo(graph, x, target, "view"); }),
                 "reshape at view needs a shape that is known when the graph is built, and target "
                 "(concatenate) is not");
        graph.bind({{"N", 4}});
        QCOMPARE(dimsOf(graph, reshapeTo(graph, x, target, "view")), "2×3×16");
        const auto fed = graph.addInput("fed", ValueType::of({2}, DType::I32));
        QCOMPARE(messageOf([&] { reshapeTo(graph, x, fed, "view"); }),
                 "reshape at view needs a shape that is known when the graph is built, and fed (an "
                 "input) is not");
    }

    /// Constants come from files: they may be fractions, not numbers at all, or too large.
    void notEveryConstantIsALength() {
        constexpr auto most = std::numeric_limits<std::int64_t>::max();
        constexpr auto least = std::numeric_limits<std::int64_t>::min();
        OpGraph graph;
        const auto reals = [&](const std::vector<float>& numbers) {
            return graph.addConstant(
                Tensor::of<float>({static_cast<std::int64_t>(numbers.size())}, numbers), "reals");
        };
        QCOMPARE(lengthsOf(graph, reals({2, 3})), "2×3");
        QCOMPARE(lengthsOf(graph, reals({2, 3.5F})), "?");
        QCOMPARE(lengthsOf(graph, reals({NAN})), "?");
        QCOMPARE(lengthsOf(graph, reals({INFINITY})), "?");

        const auto real = [&](std::int64_t number) {
            return graph.add(CastOp{DType::F32}, {integer(graph, number)}, "real");
        };
        const auto of = [&](BinaryKind kind, std::int64_t a, std::int64_t b) {
            return lengthsOf(graph, graph.add(BinaryOp{kind}, {real(a), real(b)}, "both"));
        };
        QCOMPARE(of(BinaryKind::Add, 5, 2), "7");
        QCOMPARE(of(BinaryKind::Add, most, 1), "?");
        QCOMPARE(of(BinaryKind::Subtract, least, 1), "?");
        QCOMPARE(of(BinaryKind::Multiply, most, 2), "?");
        QCOMPARE(of(BinaryKind::Divide, -6, -1), "6");
        QCOMPARE(of(BinaryKind::Divide, least, -1), "?");

        const auto scaled = [&](double scale, double shift) {
            return lengthsOf(
                graph, graph.add(UnaryOp{UnaryKind::Linear, scale, shift}, {real(5)}, "scaled"));
        };
        QCOMPARE(scaled(3, -2), "13");
        QCOMPARE(scaled(0.5, 0), "?");
        QCOMPARE(scaled(1e30, 0), "?");
        QCOMPARE(scaled(1, NAN), "?");
    }

    /// A row of a table is not one number.
    void rowsAreNotNumbers() {
        OpGraph graph;
        const std::vector<std::int64_t> numbers{1, 2, 3, 4, 5, 6};
        const auto table = graph.addConstant(Tensor::of<std::int64_t>({2, 3}, numbers), "table");
        const auto row = graph.add(GatherOp{0}, {table, integer(graph, 1)}, "row");
        QVERIFY(graph.type(row).dims == Dims{3});
        QCOMPARE(lengthsOf(graph, row), "?");
        const auto pieces =
            graph.insert(graph.ops().size(), SplitOp{0, {1, 1, 1}}, {row}, "pieces");
        QCOMPARE(lengthsOf(graph, pieces[2]), "?");
    }

    /// Each value is read once, whatever reads it, and not without end.
    void longComputationsEnd() {
        OpGraph graph;
        auto product = graph.add(CastOp{DType::F32}, {integer(graph, 1)}, "one");
        auto sum = product;
        for (int i = 0; i < 200; ++i)
            product = graph.add(BinaryOp{BinaryKind::Multiply}, {product, product}, "square");
        QCOMPARE(lengthsOf(graph, product), "1");
        for (int i = 0; i < 500; ++i)
            sum = graph.add(UnaryOp{UnaryKind::Linear, 1, 1}, {sum}, "next");
        QCOMPARE(lengthsOf(graph, sum), "501");
        for (int i = 0; i < 2000; ++i)
            sum = graph.add(UnaryOp{UnaryKind::Linear, 1, 1}, {sum}, "next");
        QCOMPARE(lengthsOf(graph, sum), "?");
    }
};

QTEST_APPLESS_MAIN(ShapeValuesTest)
#include "tst_shape_values.moc"
