// SPDX-License-Identifier: GPL-3.0-or-later
//
// Constants that are computed: what exporters make of lengths, and what they left of weights.
#include "engine/exchange/fold_values.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>

namespace gradwright {
namespace {

bool isReal(DType type) {
    return type == DType::F32 || type == DType::F64;
}

/// An element with what it counts.
struct Count {
    std::int64_t value = 0;
    bool perSample = false;
};

std::int64_t checked(bool overflows, std::int64_t value) {
    if (overflows)
        throw Error("its whole numbers overflow");
    return value;
}

std::int64_t combined(std::string_view op, std::int64_t a, std::int64_t b) {
    std::int64_t result = 0;
    if (op == "Add" || op == "Sub" || op == "Mul") {
        // Before the result is read: the order of a call's arguments is open.
        const bool overflows = op == "Add"   ? __builtin_add_overflow(a, b, &result)
                               : op == "Sub" ? __builtin_sub_overflow(a, b, &result)
                                             : __builtin_mul_overflow(a, b, &result);
        return checked(overflows, result);
    }
    if (op == "Max")
        return std::max(a, b);
    if (op == "Min")
        return std::min(a, b);
    if (op == "And")
        return a != 0 && b != 0 ? 1 : 0;
    if (op == "Or")
        return a != 0 || b != 0 ? 1 : 0;
    if (op == "Div" || op == "Mod") {
        if (b == 0 || b == -1)
            return b == 0 ? throw Error("it divides by 0")
                          : (op == "Mod" ? 0 : combined("Sub", 0, a));
        if (op == "Div")
            return a / b;
        const auto rest = a % b;
        return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
    }
    return checked(true, 0);
}

Count combinedCounts(std::string_view op, Count a, Count b) {
    if (!a.perSample && !b.perSample)
        return {combined(op, a.value, b.value), false};
    const bool both = a.perSample && b.perSample;
    if ((op == "Add" || op == "Sub") && (both || (!b.perSample && b.value == 0)))
        return {combined(op, a.value, b.value), true};
    if (op == "Add" && !a.perSample && a.value == 0)
        return b;
    if (op == "Mul" && !both)
        return {combined(op, a.value, b.value), true};
    if (op == "Div" && b.value != 0 && a.perSample && a.value % b.value == 0)
        return {a.value / b.value, !both};
    throw Error("it computes with the number of samples");
}

double combinedReals(std::string_view op, double a, double b) {
    if (op == "Add")
        return a + b;
    if (op == "Sub")
        return a - b;
    if (op == "Mul")
        return a * b;
    if (op == "Div")
        return a / b;
    if (op == "Pow")
        return std::pow(a, b);
    if (op == "Max")
        return std::max(a, b);
    if (op == "Min")
        return std::min(a, b);
    return a - b * std::floor(a / b); // Mod
}

/// NumPy's broadcasting of two shapes.
Shape jointShapeOf(const Shape& a, const Shape& b) {
    const auto rank = std::max(a.rank(), b.rank());
    std::vector<std::int64_t> dims(rank, 1);
    for (const auto* shape : {&a, &b})
        for (std::size_t i = 0; i < shape->rank(); ++i) {
            auto& length = dims[rank - 1 - i];
            const auto other = (*shape)[shape->rank() - 1 - i];
            if (length == 1)
                length = other;
            else if (other != 1 && other != length)
                throw Error("{} and {} do not fit each other", toString(a), toString(b));
        }
    return Shape(std::move(dims));
}

/// Calls `each` with the place in the result and those in both operands.
void forEachPair(const Shape& shape, const Shape& a, const Shape& b,
                 const std::function<void(std::size_t, std::size_t, std::size_t)>& each) {
    const auto rank = shape.rank();
    std::array<std::vector<std::int64_t>, 2> strides;
    for (std::size_t which = 0; which < 2; ++which) {
        const auto& own = which == 0 ? a : b;
        strides[which].assign(rank, 0);
        std::int64_t stride = 1;
        for (std::size_t i = 0; i < own.rank(); ++i) {
            const auto length = own[own.rank() - 1 - i];
            strides[which][rank - 1 - i] = length == 1 ? 0 : stride;
            stride *= length;
        }
    }
    const auto elements = shape.elements();
    std::vector<std::int64_t> place(rank);
    std::int64_t first = 0;
    std::int64_t second = 0;
    for (std::int64_t i = 0; i < elements; ++i) {
        each(static_cast<std::size_t>(i), static_cast<std::size_t>(first),
             static_cast<std::size_t>(second));
        for (std::size_t axis = rank; axis-- > 0;) {
            first += strides[0][axis];
            second += strides[1][axis];
            if (++place[axis] < shape[axis])
                break;
            first -= strides[0][axis] * shape[axis];
            second -= strides[1][axis] * shape[axis];
            place[axis] = 0;
        }
    }
}

FoldedValue valueOf(Tensor tensor, std::vector<bool> perSample = {}) {
    if (std::ranges::find(perSample, true) == perSample.end())
        perSample.clear();
    return {std::make_shared<const Tensor>(std::move(tensor)), std::move(perSample)};
}

FoldedValue foldBinary(const OnnxNode& node, const FoldedValue& a, const FoldedValue& b,
                       FoldBudget& budget) {
    const auto shape = jointShapeOf(a.shape(), b.shape());
    budget.take(shape.elements());
    if (isReal(a.tensor->dtype()) || isReal(b.tensor->dtype())) {
        const auto left = a.numbers();
        const auto right = b.numbers();
        Tensor made(DType::F64, shape);
        const auto to = made.span<double>();
        forEachPair(shape, a.shape(), b.shape(), [&](std::size_t i, std::size_t j, std::size_t k) {
            to[i] = combinedReals(node.op, left[j], right[k]);
        });
        return valueOf(made.to(isReal(a.tensor->dtype()) ? a.tensor->dtype() : DType::F32));
    }
    if (node.op == "Pow")
        throw Error("powers of whole numbers are not computed");
    const auto left = a.tensor->to(DType::I64);
    const auto right = b.tensor->to(DType::I64);
    Tensor made(DType::I64, shape);
    const auto to = made.span<std::int64_t>();
    std::vector<bool> perSample(to.size());
    forEachPair(shape, a.shape(), b.shape(), [&](std::size_t i, std::size_t j, std::size_t k) {
        const auto count = combinedCounts(node.op, {left.span<std::int64_t>()[j], a.isPerSample(j)},
                                          {right.span<std::int64_t>()[k], b.isPerSample(k)});
        to[i] = count.value;
        perSample[i] = count.perSample;
    });
    return valueOf(a.tensor->dtype() == DType::I64 ? std::move(made) : made.to(a.tensor->dtype()),
                   std::move(perSample));
}

FoldedValue foldComparison(const OnnxNode& node, const FoldedValue& a, const FoldedValue& b,
                           FoldBudget& budget) {
    const auto shape = jointShapeOf(a.shape(), b.shape());
    budget.take(shape.elements());
    const auto left = a.tensor->to(DType::F64);
    const auto right = b.tensor->to(DType::F64);
    Tensor made(DType::Bool, shape);
    const auto to = made.bytes();
    forEachPair(shape, a.shape(), b.shape(), [&](std::size_t i, std::size_t j, std::size_t k) {
        const auto x = left.span<double>()[j];
        const auto y = right.span<double>()[k];
        bool holds = false;
        if (a.isPerSample(j) != b.isPerSample(k)) {
            // A count of samples is above 0 and otherwise unknown.
            const auto number = a.isPerSample(j) ? y : x;
            if (node.op != "Equal" || number > 0)
                throw Error("it compares the number of samples");
        } else {
            holds = node.op == "Equal"         ? x == y
                    : node.op == "Less"        ? x < y
                    : node.op == "LessOrEqual" ? x <= y
                    : node.op == "Greater"     ? x > y
                                               : x >= y;
        }
        to[i] = static_cast<std::byte>(holds ? 1 : 0);
    });
    return valueOf(std::move(made));
}

FoldedValue foldChoice(const FoldedValue& condition, const FoldedValue& a, const FoldedValue& b,
                       FoldBudget& budget) {
    if (a.tensor->dtype() != b.tensor->dtype())
        throw Error("its inputs differ in type");
    const auto shape = jointShapeOf(jointShapeOf(a.shape(), b.shape()), condition.shape());
    budget.take(shape.elements());
    const auto chosen = condition.tensor->to(DType::U8);
    std::vector<std::uint8_t> isFirst(static_cast<std::size_t>(shape.elements()));
    forEachPair(shape, condition.shape(), {}, [&](std::size_t i, std::size_t j, std::size_t) {
        isFirst[i] = chosen.span<std::uint8_t>()[j];
    });
    const auto size = sizeOf(a.tensor->dtype());
    Tensor made(a.tensor->dtype(), shape);
    std::vector<bool> perSample(isFirst.size());
    forEachPair(shape, a.shape(), b.shape(), [&](std::size_t i, std::size_t j, std::size_t k) {
        const auto& from = isFirst[i] != 0 ? a : b;
        const auto place = isFirst[i] != 0 ? j : k;
        std::copy_n(from.tensor->bytes().data() + place * size, size,
                    made.bytes().data() + i * size);
        perSample[i] = from.isPerSample(place);
    });
    return valueOf(std::move(made), std::move(perSample));
}

std::optional<DType> castTarget(std::int64_t type) {
    switch (type) {
    case 1:
    case 10:
    case 16:
        return DType::F32;
    case 2:
        return DType::U8;
    case 3:
        return DType::I8;
    case 5:
    case 6:
        return DType::I32;
    case 7:
        return DType::I64;
    case 9:
        return DType::Bool;
    case 11:
        return DType::F64;
    default:
        return {};
    }
}

FoldedValue foldCast(const OnnxNode& node, const FoldedValue& x, FoldBudget& budget) {
    const auto to = castTarget(node.integer("to", 0));
    if (!to)
        throw Error("its type {} is not read", node.integer("to", 0));
    if (x.dependsOnBatch() && *to != DType::I64 && *to != DType::I32)
        throw Error("it computes with the number of samples");
    budget.take(x.tensor->elements());
    return {std::make_shared<const Tensor>(x.tensor->to(*to)), x.perSample};
}

/// Over some or all axes.
FoldedValue foldReduction(const OnnxNode& node, const FoldedValue& x, const FoldedValue* axesInput,
                          FoldBudget& budget) {
    const auto rank = x.shape().rank();
    std::vector<std::int64_t> axes(rank);
    std::iota(axes.begin(), axes.end(), 0);
    if (const auto given = axesOfNode(node, axesInput, rank); given && !given->empty())
        axes = *given;
    auto kept = x.shape();
    std::int64_t count = 1;
    for (const auto axis : axes) {
        count *= kept[static_cast<std::size_t>(axis)];
        kept[static_cast<std::size_t>(axis)] = 1;
    }
    budget.take(kept.elements());
    Shape shape = kept;
    if (node.integer("keepdims", 1) == 0) {
        std::vector<std::int64_t> dims;
        for (std::size_t axis = 0; axis < rank; ++axis)
            if (std::ranges::count(axes, static_cast<std::int64_t>(axis)) == 0)
                dims.push_back(x.shape()[axis]);
        shape = Shape(std::move(dims));
    }
    const auto elements = static_cast<std::size_t>(kept.elements());
    if (!isReal(x.tensor->dtype()) && node.op != "ReduceMean") {
        const std::string_view op = node.op == "ReduceSum"    ? "Add"
                                    : node.op == "ReduceProd" ? "Mul"
                                    : node.op == "ReduceMax"  ? "Max"
                                                              : "Min";
        const auto from = x.tensor->to(DType::I64);
        std::vector<std::optional<Count>> counts(elements);
        forEachPair(x.shape(), x.shape(), kept, [&](std::size_t, std::size_t j, std::size_t k) {
            const Count next{from.span<std::int64_t>()[j], x.isPerSample(j)};
            counts[k] = counts[k] ? combinedCounts(op, *counts[k], next) : next;
        });
        Tensor made(DType::I64, shape);
        std::vector<bool> perSample(elements);
        for (std::size_t i = 0; i < elements; ++i) {
            made.span<std::int64_t>()[i] = counts[i].value_or(Count{}).value;
            perSample[i] = counts[i].value_or(Count{}).perSample;
        }
        return valueOf(x.tensor->dtype() == DType::I64 ? std::move(made)
                                                       : made.to(x.tensor->dtype()),
                       std::move(perSample));
    }
    const auto from = x.numbers();
    const bool isProduct = node.op == "ReduceProd";
    const bool isExtreme = node.op == "ReduceMax" || node.op == "ReduceMin";
    std::vector<double> sums(elements, isProduct ? 1 : 0);
    std::vector<std::uint8_t> begun(elements);
    forEachPair(x.shape(), x.shape(), kept, [&](std::size_t, std::size_t j, std::size_t k) {
        if (isExtreme && begun[k] == 0)
            sums[k] = from[j];
        else if (isExtreme)
            sums[k] = combinedReals(node.op == "ReduceMax" ? "Max" : "Min", sums[k], from[j]);
        else
            sums[k] = isProduct ? sums[k] * from[j] : sums[k] + from[j];
        begun[k] = 1;
    });
    if (node.op == "ReduceMean")
        for (auto& sum : sums)
            sum /= static_cast<double>(count);
    return valueOf(Tensor::of<double>(shape, std::span<const double>(sums)).to(x.tensor->dtype()));
}

FoldedValue foldRange(const FoldedValue& from, const FoldedValue& to, const FoldedValue& step,
                      FoldBudget& budget) {
    const auto begin = from.numbers().at(0);
    const auto stride = step.numbers().at(0);
    const auto count = std::ceil((to.numbers().at(0) - begin) / stride);
    if (!(std::abs(count) < 1e9))
        throw Error("it has no end");
    const auto length = static_cast<std::int64_t>(std::max(count, 0.0));
    budget.take(length);
    Tensor made(DType::F64, {length});
    for (std::int64_t i = 0; i < length; ++i)
        made.span<double>()[static_cast<std::size_t>(i)] = begin + static_cast<double>(i) * stride;
    return valueOf(made.to(from.tensor->dtype()));
}

} // namespace

std::optional<FoldedOutputs> foldArithmetic(const OnnxNode& node,
                                            std::span<const FoldedValue* const> inputs,
                                            FoldBudget& budget) {
    constexpr std::array<std::string_view, 10> binaries = {"Add", "Sub", "Mul", "Div", "Pow",
                                                           "Max", "Min", "Mod", "And", "Or"};
    constexpr std::array<std::string_view, 5> comparisons = {"Equal", "Less", "LessOrEqual",
                                                             "Greater", "GreaterOrEqual"};
    constexpr std::array<std::string_view, 5> reductions = {"ReduceSum", "ReduceProd", "ReduceMax",
                                                            "ReduceMin", "ReduceMean"};
    const auto& x = *inputs[0];
    const auto has = [&](std::size_t count) {
        return inputs.size() == count && std::ranges::count(inputs, nullptr) == 0;
    };
    const auto isOneOf = [&](const auto& list) {
        return std::ranges::find(list, std::string_view(node.op)) != list.end();
    };
    if (isOneOf(binaries) && has(2))
        return FoldedOutputs{foldBinary(node, x, *inputs[1], budget)};
    if (isOneOf(comparisons) && has(2))
        return FoldedOutputs{foldComparison(node, x, *inputs[1], budget)};
    if (node.op == "Where" && has(3))
        return FoldedOutputs{foldChoice(x, *inputs[1], *inputs[2], budget)};
    if (node.op == "Cast")
        return FoldedOutputs{foldCast(node, x, budget)};
    if (node.op == "Range" && has(3))
        return FoldedOutputs{foldRange(x, *inputs[1], *inputs[2], budget)};
    if (isOneOf(reductions))
        return FoldedOutputs{
            foldReduction(node, x, inputs.size() > 1 ? inputs[1] : nullptr, budget)};
    return {};
}

} // namespace gradwright
