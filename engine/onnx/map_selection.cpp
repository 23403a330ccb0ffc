// SPDX-License-Identifier: GPL-3.0-or-later
//
// Boxes chosen by their scores. The steps of the search are unrolled, so that no op is needed of
// its own.
#include "engine/onnx/node_builder.h"
#include "engine/ops/control_flow.h"

#include <array>
#include <limits>
#include <numeric>

namespace gradwright {
namespace {

using B = NodeBuilder;

constexpr std::int64_t kOpsPerBox = 50;                      ///< that one step may take
constexpr std::int64_t kExactPlaces = std::int64_t{1} << 23; ///< twice as many are exact in FP32
constexpr double kTaken = -std::numeric_limits<double>::infinity();

/// Corners and areas, each [batch, 1, boxes].
struct Boxes {
    std::array<ValueId, 2> low{}, high{};
    ValueId area{};
};

Boxes boxesOf(B& b, const Shape& shape) {
    const auto column = [&](std::int64_t which) {
        ResampleOp one{std::vector<AxisMap>(3)};
        one.axes[2] = {AxisMap::Kind::Shift, 1, which, 1};
        return b.reshape(b.op(std::move(one), {b.real(0)}), Dims{shape[0], 1, shape[1]});
    };
    const auto form = b.node().integer("center_point_box", 0);
    if (form != 0 && form != 1)
        throw Error("its attribute \"center_point_box\" is {}, and may be 0 or 1", form);
    Boxes boxes;
    std::array<ValueId, 2> lengths{};
    for (std::size_t axis = 0; axis < 2; ++axis) {
        const auto first = column(static_cast<std::int64_t>(axis));
        const auto second = column(static_cast<std::int64_t>(axis) + 2);
        if (form == 0) { // two corners in any order
            boxes.low[axis] = b.binary(BinaryKind::Minimum, first, second);
            boxes.high[axis] = b.binary(BinaryKind::Maximum, first, second);
        } else { // the middle and the size
            const auto half = b.unary(UnaryKind::Linear, second, 0.5);
            boxes.low[axis] = b.binary(BinaryKind::Subtract, first, half);
            boxes.high[axis] = b.binary(BinaryKind::Add, first, half);
        }
        lengths[axis] = b.binary(BinaryKind::Subtract, boxes.high[axis], boxes.low[axis]);
    }
    boxes.area = b.binary(BinaryKind::Multiply, lengths[0], lengths[1]);
    return boxes;
}

/// A threshold without axes, whatever axes of length 1 the model gives it.
ValueId thresholdOf(B& b, std::size_t input) {
    if (!b.has(input))
        return b.scalar(0);
    const auto given = b.real(input);
    if (b.shapeOf(given, "threshold").elements() != 1)
        throw Error("its threshold (input {}) is {} and must be one number", input + 1,
                    toString(b.dimsOf(given)));
    return b.reshape(given, Dims{});
}

/// Rows (batch, class, box) of what is chosen, in this order, then rows of -1 for what is not.
ValueId rowsOf(B& b, ValueId chosen, std::int64_t batch, std::int64_t classes, std::int64_t most) {
    const auto rows = batch * classes * most;
    const auto column = [&](const auto& number) {
        Tensor numbers(DType::F32, {rows, 1});
        for (std::int64_t row = 0; row < rows; ++row)
            numbers.span<float>()[static_cast<std::size_t>(row)] = static_cast<float>(number(row));
        return b.constant(std::move(numbers));
    };
    const auto boxes = b.reshape(chosen, Dims{rows, 1});
    const auto isChosen = b.op(CompareOp{Comparison::GreaterOrEqual}, {boxes, b.scalar(0)});
    const auto named = [&](const auto& number) {
        return b.where(isChosen, column(number), b.scalar(-1));
    };
    const auto all =
        b.op(ConcatOp{1}, {named([&](std::int64_t row) { return row / most / classes; }),
                           named([&](std::int64_t row) { return row / most % classes; }), boxes});
    // Chosen rows have larger keys than all others, and earlier ones larger than later ones.
    const auto keys = b.where(isChosen, column([&](std::int64_t row) { return 2 * rows - row; }),
                              column([&](std::int64_t row) { return rows - row; }));
    const auto order = b.ops(TopKOp{rows, 0}, {b.reshape(keys, Dims{rows})}).at(1);
    return b.cast(b.op(GatherOp{0}, {all, order}), DType::I64);
}

/// Of each class the boxes of the highest scores, without those that overlap an earlier one by
/// more than the threshold, as intersection over union
/// (https://onnx.ai/onnx/operators/onnx__NonMaxSuppression.html).
void nonMaxSuppression(B& b) {
    for (std::size_t input = 0; input < 2; ++input)
        for (const auto& dim : b.dims(input))
            if (!dim.isNumber())
                throw Error("the number of boxes that it chooses depends on the values of all "
                            "samples, so it cannot be trained with samples kept apart");
    const auto boxes = b.shape(0);
    const auto scores = b.shape(1);
    if (boxes.rank() != 3 || scores.rank() != 3 || boxes[2] != 4 || boxes[0] != scores[0] ||
        boxes[1] != scores[2])
        throw Error("it takes boxes [batch, boxes, 4] and scores [batch, classes, boxes], and gets "
                    "{} and {}",
                    toString(boxes), toString(scores));
    const auto given =
        b.has(2) ? b.integers(2, "largest number of boxes per class").at(0) : std::int64_t{0};
    const auto most = std::clamp<std::int64_t>(given, 0, boxes[1]);
    if (most == 0)
        return b.give(
            b.constant(Tensor::of<std::int64_t>({1, 3}, std::vector<std::int64_t>{-1, -1, -1})));
    if (most > kMostUnrolledOps / kOpsPerBox)
        throw Error("it chooses up to {} boxes per class; up to {} are computed", most,
                    kMostUnrolledOps / kOpsPerBox);
    if (boxes[1] > kExactPlaces || most * scores[1] > kExactPlaces / boxes[0])
        throw Error("it chooses {} boxes of {} for each of {} classes and {} samples, which is too "
                    "much to be counted",
                    most, boxes[1], scores[1], boxes[0]);

    const auto corners = boxesOf(b, boxes);
    const auto threshold = thresholdOf(b, 3);
    const auto taken = b.scalar(kTaken);
    std::vector<std::int64_t> numbers(static_cast<std::size_t>(boxes[1]));
    std::iota(numbers.begin(), numbers.end(), 0);
    const auto places = b.constant(Tensor::of<std::int64_t>({boxes[1]}, numbers));
    auto left = b.real(1);
    if (b.has(4))
        left =
            b.where(b.op(CompareOp{Comparison::Greater}, {left, thresholdOf(b, 4)}), left, taken);
    std::vector<ValueId> chosen;
    for (std::int64_t step = 0; step < most; ++step) {
        const auto best = b.op(ArgMaxOp{2, true}, {left});
        const auto isThere = b.op(CompareOp{Comparison::Greater},
                                  {b.reduce(ReduceKind::Maximum, left, {2}, true), taken});
        chosen.push_back(b.where(isThere, b.cast(best, DType::F32), b.scalar(-1)));
        if (step + 1 == most)
            break;
        const auto isBest = b.op(CompareOp{Comparison::Equal}, {places, best});
        const auto ofBest = [&](ValueId value) {
            return b.reduce(ReduceKind::Sum, b.where(isBest, value, b.scalar(0)), {2}, true);
        };
        std::array<ValueId, 2> overlap{};
        for (std::size_t axis = 0; axis < 2; ++axis) {
            const auto end =
                b.binary(BinaryKind::Minimum, corners.high[axis], ofBest(corners.high[axis]));
            const auto begin =
                b.binary(BinaryKind::Maximum, corners.low[axis], ofBest(corners.low[axis]));
            overlap[axis] = b.binary(BinaryKind::Maximum,
                                     b.binary(BinaryKind::Subtract, end, begin), b.scalar(0));
        }
        const auto both = b.binary(BinaryKind::Multiply, overlap[0], overlap[1]);
        const auto either =
            b.binary(BinaryKind::Subtract,
                     b.binary(BinaryKind::Add, corners.area, ofBest(corners.area)), both);
        const auto isNear = b.op(CompareOp{Comparison::Greater},
                                 {b.binary(BinaryKind::Divide, both, either), threshold});
        left = b.where(b.op(LogicOp{LogicKind::Or}, {isBest, isNear}), taken, left);
    }
    const auto all = chosen.size() == 1 ? chosen.front() : b.op(ConcatOp{2}, chosen);
    b.give(rowsOf(b, all, boxes[0], scores[1], most));
}

} // namespace

const OnnxMappings& onnxSelection() {
    static const OnnxMappings all = {{"NonMaxSuppression", nonMaxSuppression}};
    return all;
}

} // namespace gradwright
