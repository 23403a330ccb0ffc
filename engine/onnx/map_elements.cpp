// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/onnx/node_builder.h"

#include <cmath>
#include <limits>
#include <numbers>

namespace gradwright {
namespace {

using B = NodeBuilder;

constexpr double kMostReal = std::numeric_limits<float>::max();

bool isWhole(DType type) {
    return type != DType::F32 && type != DType::Bool;
}

/// Applies a function of real numbers; whole numbers stay whole.
template <class Function>
void elementwise(B& b, const Function& function) {
    const auto type = b.type(0);
    b.give(b.cast(function(b.real(0)), type));
}

template <UnaryKind kind>
void unaryNode(B& b) {
    elementwise(b, [&](ValueId x) { return b.unary(kind, x); });
}

/// Combines two or more inputs, one after the other. Whole numbers are computed as real ones.
void combine(B& b, BinaryKind kind) {
    const auto type = b.type(0);
    auto value = b.real(0);
    for (std::size_t i = 1; i < b.count(); ++i)
        value = b.binary(kind, value, b.real(i));
    b.give(b.cast(value, type));
}

template <BinaryKind kind>
void combineNode(B& b) {
    combine(b, kind);
}

void mean(B& b) {
    auto value = b.real(0);
    for (std::size_t i = 1; i < b.count(); ++i)
        value = b.binary(BinaryKind::Add, value, b.real(i));
    b.give(b.unary(UnaryKind::Linear, value, 1.0 / static_cast<double>(b.count())));
}

ValueId truncated(B& b, ValueId x) {
    const auto size = b.unary(UnaryKind::Floor, b.unary(UnaryKind::Absolute, x));
    return b.binary(BinaryKind::Multiply, b.unary(UnaryKind::Sign, x), size);
}

void mod(B& b) {
    const auto type = b.type(0);
    const auto x = b.real(0);
    const auto y = b.real(1);
    auto quotient = b.binary(BinaryKind::Divide, x, y);
    quotient = b.node().integer("fmod", 0) != 0 ? truncated(b, quotient)
                                                : b.unary(UnaryKind::Floor, quotient);
    const auto whole = b.binary(BinaryKind::Multiply, quotient, y);
    b.give(b.cast(b.binary(BinaryKind::Subtract, x, whole), type));
}

template <Comparison comparison>
void compare(B& b) {
    auto x = b.in(0);
    auto y = b.in(1);
    if (b.type(0) == DType::Bool || b.type(0) != b.type(1)) {
        x = b.real(0);
        y = b.real(1);
    }
    b.give(b.op(CompareOp{comparison}, {x, y}));
}

template <LogicKind kind>
void logic(B& b) {
    b.give(b.op(LogicOp{kind}, b.all()));
}

void whereNode(B& b) {
    b.give(b.where(b.cast(b.in(0), DType::Bool), b.in(1), b.in(2)));
}

void castNode(B& b) {
    b.give(b.cast(b.in(0), onnxElementType(b.node().integer("to", 1))));
}

void castLike(B& b) {
    b.give(b.cast(b.in(0), b.type(1)));
}

void clip(B& b) {
    const auto type = b.type(0);
    const bool isFixed = (!b.has(1) || b.isKnown(1)) && (!b.has(2) || b.isKnown(2));
    auto x = b.real(0);
    if (isFixed) {
        const auto low = b.number(1, "lower bound", b.node().real("min", -kMostReal));
        const auto high = b.number(2, "upper bound", b.node().real("max", kMostReal));
        // A lower bound above the upper one gives the upper one.
        x = b.unary(UnaryKind::Clip, x, 1, 0, std::min(low, high), high);
    } else {
        if (b.has(1))
            x = b.binary(BinaryKind::Maximum, x, b.real(1));
        if (b.has(2))
            x = b.binary(BinaryKind::Minimum, x, b.real(2));
    }
    b.give(b.cast(x, type));
}

void isNan(B& b) {
    b.give(b.op(LogicOp{LogicKind::Not}, {b.op(CompareOp{Comparison::Equal}, {b.in(0), b.in(0)})}));
}

void isInf(B& b) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const bool up = b.node().integer("detect_positive", 1) != 0;
    const bool down = b.node().integer("detect_negative", 1) != 0;
    auto x = b.real(0);
    if (up && down)
        x = b.unary(UnaryKind::Absolute, x);
    const auto found =
        b.op(CompareOp{Comparison::Equal}, {x, b.scalar(up || !down ? infinity : -infinity)});
    if (up || down)
        b.give(found);
    else
        b.give(b.op(LogicOp{LogicKind::And}, {found, b.op(LogicOp{LogicKind::Not}, {found})}));
}

ValueId exponential(B& b, ValueId x, double sign) {
    return b.unary(UnaryKind::Exponential, b.unary(UnaryKind::Linear, x, sign));
}

template <BinaryKind kind>
void hyperbolic(B& b) {
    elementwise(b, [&](ValueId x) {
        return b.binary(kind, exponential(b, x, 1), exponential(b, x, -1), 0.5);
    });
}

void tangent(B& b) {
    elementwise(b, [&](ValueId x) {
        return b.binary(BinaryKind::Divide, b.unary(UnaryKind::Sine, x),
                        b.unary(UnaryKind::Cosine, x));
    });
}

/// ln(x + √(x² ± 1)).
template <int sign>
void inverseHyperbolic(B& b) {
    elementwise(b, [&](ValueId x) {
        const auto square = b.unary(UnaryKind::Linear, b.binary(BinaryKind::Multiply, x, x), 1,
                                    static_cast<double>(sign));
        const auto root = b.unary(UnaryKind::SquareRoot, square);
        return b.unary(UnaryKind::Logarithm, b.binary(BinaryKind::Add, x, root));
    });
}

/// ½ ln((1 + x) / (1 - x)).
void inverseTangentHyperbolic(B& b) {
    elementwise(b, [&](ValueId x) {
        const auto over = b.unary(UnaryKind::Linear, x, 1, 1);
        const auto under = b.unary(UnaryKind::Linear, x, -1, 1);
        return b.unary(UnaryKind::Logarithm, b.binary(BinaryKind::Divide, over, under), 0.5);
    });
}

// Reductions.

ValueId reduced(B& b, ReduceKind kind, ValueId x) {
    const auto axes = b.attributeOrInput("axes", 1);
    const bool keep = b.node().integer("keepdims", 1) != 0;
    if ((!axes || axes->empty()) && b.node().integer("noop_with_empty_axes", 0) != 0)
        return x;
    // Of a single number, all axes are none.
    if (b.dimsOf(x).rank() == 0)
        return kind == ReduceKind::Norm ? b.unary(UnaryKind::Absolute, x) : x;
    return b.reduce(kind, x, axes.value_or(std::vector<std::int64_t>{}), keep);
}

template <ReduceKind kind>
void reduceNode(B& b) {
    elementwise(b, [&](ValueId x) { return reduced(b, kind, x); });
}

void reduceL1(B& b) {
    elementwise(
        b, [&](ValueId x) { return reduced(b, ReduceKind::Sum, b.unary(UnaryKind::Absolute, x)); });
}

void reduceSumSquare(B& b) {
    elementwise(b, [&](ValueId x) {
        return reduced(b, ReduceKind::Sum, b.binary(BinaryKind::Multiply, x, x));
    });
}

void reduceLogSum(B& b) {
    elementwise(b, [&](ValueId x) {
        return b.unary(UnaryKind::Logarithm, reduced(b, ReduceKind::Sum, x));
    });
}

/// The largest is taken out first, so that no power overflows.
void reduceLogSumExp(B& b) {
    elementwise(b, [&](ValueId x) {
        const auto rank = b.dimsOf(x).rank();
        if (rank == 0)
            return x;
        const auto axes = b.attributeOrInput("axes", 1).value_or(std::vector<std::int64_t>{});
        if (axes.empty() && b.node().integer("noop_with_empty_axes", 0) != 0)
            return x;
        const auto most = b.reduce(ReduceKind::Maximum, x, axes, true);
        const auto powers =
            b.unary(UnaryKind::Exponential, b.binary(BinaryKind::Subtract, x, most));
        const auto logarithm =
            b.unary(UnaryKind::Logarithm, b.reduce(ReduceKind::Sum, powers, axes, true));
        auto sum = b.binary(BinaryKind::Add, logarithm, most);
        if (b.node().integer("keepdims", 1) == 0)
            sum = b.reduce(ReduceKind::Sum, sum, axes, false);
        return sum;
    });
}

template <bool minimum>
void best(B& b) {
    if (b.node().integer("select_last_index", 0) != 0)
        throw Error("it asks for the last of equal ones, which no op finds");
    b.give(
        b.op(ArgMaxOp{b.node().integer("axis", 0), b.node().integer("keepdims", 1) != 0, minimum},
             {b.real(0)}));
}

/// Sums up to each element, as a product with a triangular matrix.
void cumulativeSum(B& b) {
    const auto axis = B::axisOf(static_cast<std::int64_t>(b.number(1, "axis", 0)), b.rank(0));
    const auto& along = b.dims(0)[axis];
    if (!along.isNumber())
        throw Error("it sums along the axis {}, which has no fixed length", axis);
    const auto length = along.number();
    if (length > 4096)
        throw Error("it sums along {} elements; up to 4096 are computed", length);
    const bool isExclusive = b.node().integer("exclusive", 0) != 0;
    const bool isReverse = b.node().integer("reverse", 0) != 0;
    Tensor matrix(DType::F32, {length, length});
    for (std::int64_t from = 0; from < length; ++from)
        for (std::int64_t to = 0; to < length; ++to) {
            const bool isBefore = isReverse ? from > to : from < to;
            matrix.span<float>()[static_cast<std::size_t>(from * length + to)] =
                isBefore || (from == to && !isExclusive) ? 1.0F : 0.0F;
        }
    const auto type = b.type(0);
    b.give(b.cast(b.times(b.real(0), matrix, axis), type));
}

void power(B& b) {
    const auto type = b.type(0);
    // A number as the exponent keeps the signs of what it is taken of.
    if (b.isKnown(1))
        if (const auto exponent = b.known(1, "exponent").to(DType::F64); exponent.elements() == 1) {
            const auto made =
                b.unary(UnaryKind::Power, b.real(0), 1, 0, exponent.span<double>()[0]);
            if (exponent.shape().rank() <= b.rank(0))
                return b.give(b.cast(made, type));
        }
    b.give(b.cast(b.binary(BinaryKind::Power, b.real(0), b.real(1)), type));
}

/// Whole numbers are divided towards 0.
void divide(B& b) {
    const auto type = b.type(0);
    const auto quotient = b.binary(BinaryKind::Divide, b.real(0), b.real(1));
    b.give(isWhole(type) ? b.cast(quotient, type) : quotient);
}

} // namespace

const OnnxMappings& onnxElements() {
    static const OnnxMappings all = {
        {"Neg",
         [](B& b) {
             elementwise(b, [&](ValueId x) { return b.unary(UnaryKind::Linear, x, -1); });
         }},
        {"Exp", unaryNode<UnaryKind::Exponential>},
        {"Log", unaryNode<UnaryKind::Logarithm>},
        {"Sqrt", unaryNode<UnaryKind::SquareRoot>},
        {"Reciprocal", unaryNode<UnaryKind::Reciprocal>},
        {"Abs", unaryNode<UnaryKind::Absolute>},
        {"Sign", unaryNode<UnaryKind::Sign>},
        {"Floor", unaryNode<UnaryKind::Floor>},
        {"Ceil", unaryNode<UnaryKind::Ceiling>},
        {"Round", unaryNode<UnaryKind::Round>},
        {"Sin", unaryNode<UnaryKind::Sine>},
        {"Cos", unaryNode<UnaryKind::Cosine>},
        {"Erf", unaryNode<UnaryKind::ErrorFunction>},
        {"Tan", tangent},
        {"Sinh", hyperbolic<BinaryKind::Subtract>},
        {"Cosh", hyperbolic<BinaryKind::Add>},
        {"Asinh", inverseHyperbolic<1>},
        {"Acosh", inverseHyperbolic<-1>},
        {"Atanh", inverseTangentHyperbolic},
        {"Clip", clip},
        {"Add", combineNode<BinaryKind::Add>},
        {"Sum", combineNode<BinaryKind::Add>},
        {"Mean", mean},
        {"Sub", combineNode<BinaryKind::Subtract>},
        {"Mul", combineNode<BinaryKind::Multiply>},
        {"Div", divide},
        {"Pow", power},
        {"Max", combineNode<BinaryKind::Maximum>},
        {"Min", combineNode<BinaryKind::Minimum>},
        {"Mod", mod},
        {"Equal", compare<Comparison::Equal>},
        {"Less", compare<Comparison::Less>},
        {"LessOrEqual", compare<Comparison::LessOrEqual>},
        {"Greater", compare<Comparison::Greater>},
        {"GreaterOrEqual", compare<Comparison::GreaterOrEqual>},
        {"And", logic<LogicKind::And>},
        {"Or", logic<LogicKind::Or>},
        {"Xor", logic<LogicKind::Xor>},
        {"Not", logic<LogicKind::Not>},
        {"Where", whereNode},
        {"Cast", castNode},
        {"CastLike", castLike},
        {"IsNaN", isNan},
        {"IsInf", isInf},
        {"ReduceSum", reduceNode<ReduceKind::Sum>},
        {"ReduceMean", reduceNode<ReduceKind::Mean>},
        {"ReduceMax", reduceNode<ReduceKind::Maximum>},
        {"ReduceMin", reduceNode<ReduceKind::Minimum>},
        {"ReduceProd", reduceNode<ReduceKind::Product>},
        {"ReduceL2", reduceNode<ReduceKind::Norm>},
        {"ReduceL1", reduceL1},
        {"ReduceSumSquare", reduceSumSquare},
        {"ReduceLogSum", reduceLogSum},
        {"ReduceLogSumExp", reduceLogSumExp},
        {"ArgMax", best<false>},
        {"ArgMin", best<true>},
        {"CumSum", cumulativeSum},
    };
    return all;
}

DType onnxElementType(std::int64_t number) {
    switch (number) {
    case 1:  // float32
    case 10: // float16
    case 11: // float64
    case 16: // bfloat16
        return DType::F32;
    case 2:
        return DType::U8;
    case 3:
        return DType::I8;
    case 6:
        return DType::I32;
    case 7:
        return DType::I64;
    case 9:
        return DType::Bool;
    default:
        throw Error("it makes elements of type {}, which are not computed", number);
    }
}

} // namespace gradwright
