// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/check/case_builder.h"

#include <cmath>
#include <numbers>

namespace gradwright::check {
namespace {

const Dim kBatch = Dim::batch();

/// A value above 0, for functions that need it.
ValueId positive(CaseBuilder& builder, const Shape& shape) {
    const auto x = builder.source(shape);
    const auto square = builder.apply(UnaryOp{UnaryKind::Power, 1, 0, 2}, {x});
    return builder.apply(UnaryOp{UnaryKind::Linear, 1, 0.3}, {square});
}

bool isFlat(UnaryKind kind) {
    return kind == UnaryKind::Sign || kind == UnaryKind::Floor || kind == UnaryKind::Ceiling ||
           kind == UnaryKind::Round || kind == UnaryKind::Inside;
}

void addUnaryCases(std::vector<OpCase>& cases) {
    const auto add = [&](std::string name, const UnaryOp& op, bool needsPositive = false) {
        CaseBuilder builder("unary/" + std::move(name), 3);
        const Shape shape{5, 7};
        const auto x = needsPositive ? positive(builder, shape) : builder.source(shape);
        const auto y = builder.apply(op, {x});
        // Where the function has no slope, what passes by it has one.
        cases.push_back(builder.regressed(isFlat(op.kind) ? builder.apply(AddOp{}, {x, y}) : y));
    };
    add("scale and shift by a constant", {UnaryKind::Linear, -1.5, 0.25});
    add("exp", {UnaryKind::Exponential, 0.5, 1});
    add("log", {UnaryKind::Logarithm, 2, -1}, true);
    add("sqrt", {UnaryKind::SquareRoot, -1, 0.5}, true);
    add("reciprocal", {UnaryKind::Reciprocal, 0.5}, true);
    add("power", {UnaryKind::Power, 1, 0, 1.7}, true);
    add("cube", {UnaryKind::Power, 0.5, 1, 3});
    add("abs", {UnaryKind::Absolute, 2});
    add("sign", {UnaryKind::Sign, 2});
    add("floor", {UnaryKind::Floor});
    add("ceil", {UnaryKind::Ceiling, -1});
    add("round", {UnaryKind::Round});
    add("clip to any bounds", {UnaryKind::Clip, 1, 0, -0.8, 1.1});
    add("inside", {UnaryKind::Inside, 1, 0, -0.8, 1.1});
    add("sin", {UnaryKind::Sine, 0.5});
    add("cos", {UnaryKind::Cosine, 2, 1});
    add("erf", {UnaryKind::ErrorFunction, 1.5});
}

void addBinaryCases(std::vector<OpCase>& cases) {
    const auto add = [&](std::string name, const BinaryOp& op, const Shape& a, const Shape& b) {
        CaseBuilder builder("binary/" + std::move(name), 3);
        const bool isPower = op.kind == BinaryKind::Power;
        const bool isQuotient = op.kind == BinaryKind::Divide;
        const auto left = isPower ? positive(builder, a) : builder.source(a);
        const auto right = isQuotient ? positive(builder, b) : builder.source(b);
        cases.push_back(builder.regressed(builder.apply(op, {left, right})));
    };
    add("add", {BinaryKind::Add, 2, -1}, {5, 7}, {5, 7});
    add("subtract", {BinaryKind::Subtract}, {5, 7}, {5, 7});
    add("multiply", {BinaryKind::Multiply, 0.5}, {5, 7}, {5, 7});
    add("divide", {BinaryKind::Divide, 1, 1}, {5, 7}, {5, 7});
    add("power", {BinaryKind::Power}, {5, 7}, {5, 7});
    add("maximum", {BinaryKind::Maximum, 2}, {5, 7}, {5, 7});
    add("minimum", {BinaryKind::Minimum}, {5, 7}, {5, 7});
    add("add, a row repeated", {BinaryKind::Add}, {5, 7}, {1, 7});
    add("multiply, a column repeated", {BinaryKind::Multiply}, {4, 5, 7}, {4, 5, 1});
    add("subtract, both repeated", {BinaryKind::Subtract}, {5, 1}, {1, 7});
    add("divide, one number", {BinaryKind::Divide}, {5, 7}, {1, 1});

    // With a weight and with a constant, which have no batch.
    CaseBuilder affine("binary/a learned scale and a constant shift", 3);
    const auto x = affine.source({4, 6});
    const auto scaled = affine.apply(BinaryOp{BinaryKind::Multiply}, {x, affine.weight({6})});
    const auto shifted = affine.apply(BinaryOp{BinaryKind::Add}, {scaled, affine.constant({4, 1})});
    cases.push_back(affine.regressed(shifted));

    CaseBuilder shared("binary/a weight that is read twice", 3);
    const auto alpha = shared.weight({1});
    const auto first = shared.apply(BinaryOp{BinaryKind::Multiply}, {shared.source({5}), alpha});
    cases.push_back(shared.regressed(shared.apply(BinaryOp{BinaryKind::Add}, {first, alpha})));

    CaseBuilder single("binary/a learned number without axes", 3);
    const auto factor = single.weight(Shape{});
    cases.push_back(single.regressed(
        single.apply(BinaryOp{BinaryKind::Multiply}, {single.source({4, 6}), factor})));
}

void addChoiceCases(std::vector<OpCase>& cases) {
    CaseBuilder where("where/by comparison", 3);
    const auto x = where.source({5, 7});
    const auto y = where.source({1, 7});
    const auto isLess = where.apply(CompareOp{Comparison::Less}, {x, y});
    cases.push_back(where.regressed(where.apply(WhereOp{}, {isLess, x, y})));

    for (const auto comparison : {Comparison::Equal, Comparison::LessOrEqual, Comparison::Greater,
                                  Comparison::GreaterOrEqual}) {
        const CompareOp op{comparison};
        CaseBuilder compare("compare/" + std::string(op.name()), 3);
        const auto a = compare.source({11});
        // Some are equal.
        const auto rounded = compare.apply(UnaryOp{UnaryKind::Round}, {a});
        const auto holds = compare.apply(op, {rounded, compare.constant({1})});
        const auto number = compare.apply(CastOp{DType::F32}, {holds});
        cases.push_back(compare.regressed(compare.apply(AddOp{}, {number, a})));
    }
    for (const auto kind : {LogicKind::And, LogicKind::Or, LogicKind::Xor, LogicKind::Not}) {
        const LogicOp op{kind};
        CaseBuilder logic("logic/" + std::string(op.name()), 3);
        const auto a = logic.source({11});
        const auto b = logic.source({11});
        std::vector<ValueId> inputs{
            logic.apply(CastOp{DType::Bool}, {logic.apply(UnaryOp{UnaryKind::Floor, 1, 1}, {a})})};
        if (kind != LogicKind::Not)
            inputs.push_back(logic.apply(CompareOp{Comparison::Less}, {a, b}));
        const auto chosen = logic.apply(op, std::move(inputs));
        cases.push_back(logic.regressed(logic.apply(WhereOp{}, {chosen, a, b})));
    }
    CaseBuilder cast("cast/to whole numbers and back", 3);
    const auto z = cast.source({5, 7});
    const auto whole = cast.apply(CastOp{DType::F32}, {cast.apply(CastOp{DType::I32}, {z})});
    cases.push_back(cast.regressed(cast.apply(AddOp{}, {whole, z})));

    CaseBuilder expand("expand/along two axes", 3);
    const auto vector = expand.source({1, 7});
    cases.push_back(expand.regressed(expand.apply(ExpandOp{{kBatch, 5, 7}}, {vector})));
    CaseBuilder fill("fill/with the batch", 3);
    const auto ones = fill.apply(FillOp{{kBatch, 5}, 0.75}, {});
    cases.push_back(fill.regressed(fill.apply(AddOp{}, {ones, fill.source({5})})));
}

void addProductCases(std::vector<OpCase>& cases) {
    const auto add = [&](std::string name, const MatMulOp& op, const Shape& a, const Shape& b) {
        CaseBuilder builder("matmul/" + std::move(name), 3);
        const auto left = builder.source(a);
        cases.push_back(builder.regressed(builder.apply(op, {left, builder.source(b)})));
    };
    add("of two values", {}, {4, 5}, {5, 6});
    add("the first transposed", {true, false}, {5, 4}, {5, 6});
    add("the second transposed", {false, true}, {4, 5}, {6, 5});
    add("both transposed", {true, true}, {5, 4}, {6, 5});
    add("of stacks", {}, {2, 4, 5}, {2, 5, 6});
    add("of a stack and one matrix", {false, true}, {2, 4, 5}, {1, 6, 5});

    CaseBuilder weighted("matmul/with a weight", 3);
    const auto x = weighted.source({4, 5});
    cases.push_back(weighted.regressed(weighted.apply(MatMulOp{}, {x, weighted.weight({5, 3})})));

    // softmax(Q Kᵀ / √d) V from its parts.
    CaseBuilder attention("matmul/attention from its parts", 2);
    const auto q = attention.source({4, 3});
    const auto k = attention.source({4, 3});
    const auto scores = attention.apply(MatMulOp{false, true}, {q, k});
    const auto scaled = attention.apply(UnaryOp{UnaryKind::Linear, 1 / std::sqrt(3.0)}, {scores});
    const auto shares = attention.apply(SoftmaxOp{.axis = -1}, {scaled});
    cases.push_back(
        attention.regressed(attention.apply(MatMulOp{}, {shares, attention.source({4, 3})})));
}

void addReduceCases(std::vector<OpCase>& cases) {
    const auto add = [&](std::string name, const ReduceOp& op, const Shape& shape) {
        CaseBuilder builder("reduce/" + std::move(name), 3);
        const auto y = builder.apply(op, {builder.source(shape)});
        // Back to what a loss per sample takes.
        const auto x = builder.source({2});
        const auto rank = builder.type(y).dims.rank();
        const bool isWhole = op.axes.empty();
        if (isWhole && op.keep) {
            const auto row = builder.apply(ReshapeOp{{1, 1}}, {y});
            cases.push_back(
                builder.regressed(builder.apply(BinaryOp{BinaryKind::Multiply}, {x, row})));
        } else if (isWhole || rank == 0) {
            cases.push_back(
                builder.regressed(builder.apply(BinaryOp{BinaryKind::Multiply}, {x, y})));
        } else {
            cases.push_back(builder.regressed(y));
        }
    };
    add("sum over channels", {ReduceKind::Sum, {1}}, {4, 5, 3});
    add("sum over the last axes, kept", {ReduceKind::Sum, {-1, -2}, true}, {4, 5, 3});
    add("mean over positions", {ReduceKind::Mean, {2, 3}}, {4, 5, 3});
    add("mean over a middle axis", {ReduceKind::Mean, {2}, true}, {4, 5, 3});
    add("maximum", {ReduceKind::Maximum, {1}}, {4, 5});
    add("minimum, kept", {ReduceKind::Minimum, {-1}, true}, {4, 5});
    add("product", {ReduceKind::Product, {1}}, {4, 5});
    add("norm", {ReduceKind::Norm, {1, 2}, true}, {4, 5});
    add("sum over all", {ReduceKind::Sum}, {4, 5});
    add("mean over all, kept", {ReduceKind::Mean, {}, true}, {4, 5});

    CaseBuilder batch("reduce/mean over the batch", 3);
    const auto x = batch.source({6});
    const auto mean = batch.apply(ReduceOp{ReduceKind::Mean, {0}, true}, {x});
    cases.push_back(batch.regressed(batch.apply(BinaryOp{BinaryKind::Subtract}, {x, mean})));

    CaseBuilder best("arg-max/of a vector", 3);
    const auto scores = best.source({9});
    const auto index = best.apply(CastOp{DType::F32}, {best.apply(ArgMaxOp{1, true}, {scores})});
    cases.push_back(best.regressed(best.apply(BinaryOp{BinaryKind::Add}, {scores, index})));
    CaseBuilder least("arg-max/the smallest of channels", 3);
    const auto image = least.source({4, 5});
    const auto where =
        least.apply(CastOp{DType::F32}, {least.apply(ArgMaxOp{1, true, true}, {image})});
    cases.push_back(least.regressed(least.apply(BinaryOp{BinaryKind::Add}, {image, where})));

    for (const bool smallest : {false, true}) {
        CaseBuilder top(smallest ? "top-k/three smallest" : "top-k/three largest", 3);
        const auto both = top.applyAll(TopKOp{3, 2, smallest}, {top.source({4, 7})});
        const auto indices = top.apply(CastOp{DType::F32}, {both[1]});
        cases.push_back(top.regressed(top.apply(AddOp{}, {both[0], indices})));
    }
}

void addGatherCases(std::vector<OpCase>& cases) {
    CaseBuilder table("gather/rows of a weight", 3);
    const auto indices = table.classIndex(6, 4);
    cases.push_back(table.regressed(table.apply(GatherOp{0}, {table.weight({6, 5}), indices})));

    CaseBuilder steps("gather/steps of a sequence", 3);
    const auto x = steps.source({5, 4});
    const auto chosen = steps.constant({3}, DType::I32);
    cases.push_back(steps.regressed(steps.apply(GatherOp{1}, {x, chosen})));
}

/// The batch as an axis like any other.
void addBatchCases(std::vector<OpCase>& cases) {
    // Time first, as recurrent layers of other tools have it.
    CaseBuilder moved("batch/moved behind the steps and back", 3);
    const auto x = moved.source({5, 4});
    const auto timeFirst = moved.apply(PermuteOp{{1, 0, 2}}, {x});
    const auto weighted = moved.apply(MatMulOp{}, {timeFirst, moved.weight({4, 6})});
    cases.push_back(moved.regressed(moved.apply(PermuteOp{{1, 0, 2}}, {weighted})));

    CaseBuilder merged("batch/merged with the steps and back", 3);
    const auto y = merged.source({5, 4});
    const auto rows = merged.apply(ReshapeOp{{Dim(5) * kBatch, 4}}, {y});
    const auto product = merged.apply(MatMulOp{}, {rows, merged.weight({4, 6})});
    cases.push_back(merged.regressed(merged.apply(ReshapeOp{{kBatch, 5, 6}}, {product})));

    CaseBuilder across("batch/a softmax over the samples", 4);
    const auto z = across.source({5});
    cases.push_back(across.regressed(across.apply(SoftmaxOp{.axis = 0}, {z})));

    CaseBuilder sized("batch/its length as a number", 3);
    const auto row = sized.source({5});
    const auto length = sized.apply(CastOp{DType::F32}, {sized.apply(ShapeOp{0, 1}, {row})});
    cases.push_back(
        sized.regressed(sized.apply(BinaryOp{BinaryKind::Multiply, 0.2}, {row, length})));

    CaseBuilder rowsOfImage("softmax/over the rows of an image", 3);
    const auto image = rowsOfImage.source({3, 5, 4});
    cases.push_back(rowsOfImage.regressed(rowsOfImage.apply(SoftmaxOp{.axis = 2}, {image})));
    CaseBuilder last("softmax/the logarithm over the last axis", 3);
    cases.push_back(last.regressed(
        last.apply(SoftmaxOp{.logarithm = true, .axis = -1}, {last.source({5, 4})})));
}

/// Beside what is trained: rounding has no gradient.
void addQuantizedCases(std::vector<OpCase>& cases) {
    const auto add = [&](std::string name, const Shape& shape, const Shape& scales, DType type,
                         std::int64_t axis, std::int64_t block) {
        CaseBuilder builder("quantize/" + std::move(name), 3);
        const auto x = builder.values(shape);
        const auto positive =
            builder.apply(UnaryOp{UnaryKind::Absolute, 0.02, 0.01},
                          {block == 0 ? builder.constant(scales) : builder.values(scales)});
        const auto zero = builder.apply(
            CastOp{type}, {builder.apply(UnaryOp{UnaryKind::Linear, 300, 5}, {positive})});
        const auto integers = builder.apply(QuantizeOp{type, axis, block}, {x, positive, zero});
        const auto y = builder.apply(DequantizeOp{axis, block}, {integers, positive, zero});
        cases.push_back(builder.regressed(builder.apply(AddOp{}, {y, builder.source(shape)})));
    };
    add("one scale", {5, 7}, {1}, DType::U8, 1, 0);
    add("a scale per channel", {5, 7}, {5}, DType::I8, 1, 0);
    add("a scale per column", {5, 7}, {7}, DType::U8, -1, 0);
    add("blocks of three columns", {5, 7}, {5, 3}, DType::I8, 2, 3); // of each sample

    CaseBuilder product("quantize/a product of integers", 3);
    const QuantizeOp bytes{DType::U8};
    const auto scale = product.apply(FillOp{{1}, 0.02}, {});
    const auto zero = product.apply(CastOp{DType::U8}, {product.apply(FillOp{{1}, 120}, {})});
    const auto a = product.apply(bytes, {product.values({4, 6}), scale, zero});
    const auto b = product.apply(bytes, {product.constant({6, 5}), scale, zero});
    const auto sums = product.apply(MatMulIntegerOp{true, true}, {a, b, zero, zero});
    const auto squared = product.apply(BinaryOp{BinaryKind::Multiply}, {scale, scale});
    const auto real = product.apply(DequantizeOp{}, {sums, squared});
    cases.push_back(product.regressed(product.apply(AddOp{}, {real, product.source({4, 5})})));

    CaseBuilder conv("quantize/a convolution of integers", 3);
    const auto step = conv.apply(FillOp{{1}, 0.02}, {});
    const auto middle = conv.apply(CastOp{DType::U8}, {conv.apply(FillOp{{1}, 120}, {})});
    const auto image = conv.apply(bytes, {conv.values({4, 6, 7}), step, middle});
    const auto kernel = conv.apply(QuantizeOp{DType::I8}, {conv.constant({6, 2, 3, 2}), step});
    const ConvIntegerOp op{.stride = {2, 1},
                           .dilation = {1, 2},
                           .padding = {1, 0, 2, 1},
                           .groups = 2,
                           .zeroOfX = true};
    const auto made = conv.apply(CastOp{DType::F32}, {conv.apply(op, {image, kernel, middle})});
    const auto small = conv.apply(UnaryOp{UnaryKind::Linear, 4e-4}, {made});
    cases.push_back(
        conv.regressed(conv.apply(AddOp{}, {small, conv.source(conv.type(small).sample())})));
}

} // namespace

void addGeneralCases(std::vector<OpCase>& cases) {
    addUnaryCases(cases);
    addBinaryCases(cases);
    addChoiceCases(cases);
    addProductCases(cases);
    addReduceCases(cases);
    addGatherCases(cases);
    addBatchCases(cases);
    addQuantizedCases(cases);
}

} // namespace gradwright::check
