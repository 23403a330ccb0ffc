// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/onnx/node_builder.h"

#include <algorithm>
#include <array>

namespace gradwright {
namespace {

using B = NodeBuilder;

// Inputs of the standard's recurrent nodes.
constexpr std::size_t kOfInput = 1;
constexpr std::size_t kOfState = 2;
constexpr std::size_t kBias = 3;
constexpr std::size_t kLengths = 4;
constexpr std::size_t kFirstState = 5;
constexpr std::size_t kPeepholes = 7;

std::optional<CellKind> cellOf(std::string_view op) {
    if (op == "LSTM")
        return CellKind::Lstm;
    if (op == "GRU")
        return CellKind::Gru;
    if (op == "RNN")
        return CellKind::Simple;
    return {};
}

/// ONNX's gates in the order of ours: i, o, f, c and z, r, h; peepholes are i, o and f.
std::vector<std::size_t> orderOf(CellKind cell, std::size_t input) {
    if (input == kPeepholes)
        return {0, 2, 1};
    return cell == CellKind::Lstm  ? std::vector<std::size_t>{0, 2, 3, 1}
           : cell == CellKind::Gru ? std::vector<std::size_t>{1, 0, 2}
                                   : std::vector<std::size_t>{0};
}

/// The weights of one direction that an input holds: a bias is two.
std::size_t piecesOf(std::size_t input) {
    return input == kBias ? 2 : 1;
}

void requireUsual(const OnnxNode& node, CellKind cell) {
    const auto wanted = cell == CellKind::Lstm ? std::vector<std::string>{"Sigmoid", "Tanh", "Tanh"}
                        : cell == CellKind::Gru ? std::vector<std::string>{"Sigmoid", "Tanh"}
                                                : std::vector<std::string>{"Tanh"};
    const auto given = node.texts("activations");
    for (std::size_t i = 0; i < given.size(); ++i) {
        auto name = given[i];
        const bool isUsual = name == wanted[i % wanted.size()];
        if (!isUsual && !(cell == CellKind::Simple && name == "Relu"))
            throw Error("it is activated by {}, which the cell does not have", name);
        if (i > 0 && cell == CellKind::Simple && name != given[0])
            throw Error("its directions are activated differently");
    }
    if (node.has("clip"))
        throw Error("it clips its gates, which the cell does not");
    if (node.integer("input_forget", 0) != 0)
        throw Error("its input and forget gates are one, which the cell does not have");
}

void recurrent(B& b, CellKind cell) {
    const auto& node = b.node();
    requireUsual(node, cell);
    const auto direction = node.text("direction", "forward");
    const std::size_t directions = direction == "bidirectional" ? 2 : 1;
    for (const auto input : {kOfInput, kOfState})
        if (!b.has(input) || b.operand(input).weights.size() != directions)
            throw Error("its weights are no constants");
    const auto& ofState = b.graph().weight(b.operand(kOfState).weights[0]).shape;
    const auto given = node.texts("activations");
    RecurrentOp op{.cell = cell,
                   .units = ofState[1],
                   .relu = cell == CellKind::Simple && !given.empty() && given[0] == "Relu",
                   .bias = b.has(kBias),
                   .timeFirst = node.integer("layout", 0) == 0,
                   .lastStates = true,
                   .resetFirst =
                       cell == CellKind::Gru && node.integer("linear_before_reset", 0) == 0,
                   .peepholes = b.has(kPeepholes),
                   .lengths = b.has(kLengths)};
    const auto dims = b.dims(0);
    if (dims.rank() != 3)
        throw Error("it takes sequences; received {}", toString(dims));
    const auto batch = dims[op.batchAxis()];
    const Dim units(op.units);
    const auto isFirstDirection = [&](std::size_t i) { return static_cast<std::int64_t>(i); };
    std::vector<std::vector<ValueId>> made;
    for (std::size_t i = 0; i < directions; ++i) {
        op.reverse = direction == "reverse" || i == 1;
        std::vector<WeightId> weights;
        for (const auto input : {kOfInput, kOfState, kBias, kPeepholes})
            for (std::size_t piece = 0; b.has(input) && piece < piecesOf(input); ++piece) {
                const auto& all = b.operand(input).weights;
                if (all.size() != directions * piecesOf(input))
                    throw Error("its weights are no constants");
                weights.push_back(all[i * piecesOf(input) + piece]);
            }
        std::vector<ValueId> inputs{b.real(0)};
        const std::size_t states = cell == CellKind::Lstm ? 2 : 1;
        const bool hasStates = b.has(kFirstState) || (states == 2 && b.has(kFirstState + 1));
        for (std::size_t s = 0; s < states && hasStates; ++s) {
            if (!b.has(kFirstState + s)) {
                inputs.push_back(b.op(FillOp{Dims{batch, units}, 0}, {}));
                continue;
            }
            // [directions, N, units], or the batch first.
            auto state = b.real(kFirstState + s);
            if (directions == 2) {
                ResampleOp one{std::vector<AxisMap>(3)};
                one.axes[op.timeFirst ? 0 : 1] = {AxisMap::Kind::Shift, 1, isFirstDirection(i), 1};
                state = b.op(std::move(one), {state});
            }
            inputs.push_back(b.reshape(state, Dims{batch, units}));
        }
        if (op.lengths) {
            auto lengths = b.in(kLengths);
            if (b.type(kLengths) != DType::I32 && b.type(kLengths) != DType::I64)
                lengths = b.cast(lengths, DType::I64);
            inputs.push_back(lengths);
        }
        made.push_back(b.ops(op, std::move(inputs), std::move(weights)));
    }
    // With an axis for the directions: [T, D, N, H] or [N, T, D, H], and states [D, N, H] or
    // [N, D, H].
    const auto steps = dims[op.timeAxis()];
    const auto states = op.timeFirst ? Dims{steps, 1, batch, units} : Dims{batch, steps, 1, units};
    const auto last = op.timeFirst ? Dims{1, batch, units} : Dims{batch, 1, units};
    for (std::size_t output = 0; output < made[0].size(); ++output) {
        std::vector<ValueId> parts;
        for (const auto& each : made)
            parts.push_back(b.reshape(each[output], output == 0 ? states : last));
        const std::int64_t axis = output == 0 ? (op.timeFirst ? 1 : 2) : (op.timeFirst ? 0 : 1);
        b.give(parts.size() == 1 ? parts[0] : b.op(ConcatOp{axis}, parts));
    }
}

/// Whether the input of a recurrent node is cut into weights.
std::optional<CellKind> cutBy(const OnnxNode& node, std::size_t input) {
    const bool isWeight = input == kOfInput || input == kOfState || input == kBias ||
                          (input == kPeepholes && node.op == "LSTM");
    return isWeight && node.domain.empty() ? cellOf(node.op) : std::nullopt;
}

/// Moves the gates of each piece: `isBack` from our order to the standard's.
void moveGates(std::span<const float> from, std::span<float> to,
               const std::vector<std::size_t>& order, bool isBack) {
    const auto size = from.size() / order.size();
    for (std::size_t gate = 0; gate < order.size(); ++gate) {
        const auto source = (isBack ? gate : order[gate]) * size;
        const auto target = (isBack ? order[gate] : gate) * size;
        std::ranges::copy(from.subspan(source, size),
                          to.begin() + static_cast<std::ptrdiff_t>(target));
    }
}

} // namespace

bool isOnnxWeight(const OnnxNode& node, std::size_t input) {
    if (cutBy(node, input))
        return true;
    const bool isWindow = node.op == "Conv" || node.op == "ConvTranspose";
    return isWindow && node.domain.empty() && (input == 1 || input == 2);
}

std::vector<std::string> onnxWeightNames(const OnnxNode& node, std::size_t input) {
    if (!cutBy(node, input)) {
        if (isOnnxWeight(node, input))
            return {input == 1 ? "kernel" : "bias"};
        return {fmt::format("input{}", input + 1)};
    }
    std::vector<std::string> names;
    const bool isBoth = node.text("direction", "forward") == "bidirectional";
    for (const std::string_view way : {"", "_reverse"}) {
        if (!way.empty() && !isBoth)
            continue;
        if (input == kBias) {
            names.push_back(fmt::format("input_bias{}", way));
            names.push_back(fmt::format("state_bias{}", way));
        } else {
            names.push_back(fmt::format("{}{}",
                                        input == kOfInput   ? "input_weight"
                                        : input == kOfState ? "state_weight"
                                                            : "peepholes",
                                        way));
        }
    }
    return names;
}

std::vector<Shape> onnxWeightShapes(const OnnxNode& node, std::size_t input, const Shape& shape) {
    if (!cutBy(node, input))
        return {shape};
    const auto names = onnxWeightNames(node, input);
    const std::size_t directions = names.size() / piecesOf(input);
    const bool fits = shape.rank() == (input == kOfInput || input == kOfState ? 3U : 2U) &&
                      shape[0] == static_cast<std::int64_t>(directions) &&
                      shape[1] % static_cast<std::int64_t>(piecesOf(input)) == 0;
    if (!fits)
        throw Error("{}: its input {} is {}", node.title(), input + 1, toString(shape));
    auto each = Shape(std::vector<std::int64_t>(shape.begin() + 1, shape.end()));
    each[0] /= static_cast<std::int64_t>(piecesOf(input));
    return std::vector<Shape>(names.size(), each);
}

std::vector<Tensor> toOnnxWeights(const OnnxNode& node, std::size_t input, const Tensor& values) {
    const auto cell = cutBy(node, input);
    if (!cell)
        return {values};
    const auto order = orderOf(*cell, input);
    std::vector<Tensor> weights;
    std::size_t from = 0;
    for (const auto& shape : onnxWeightShapes(node, input, values.shape())) {
        Tensor piece(DType::F32, shape);
        const auto size = static_cast<std::size_t>(shape.elements());
        if (size % order.size() != 0)
            throw Error("{}: its input {} is {}", node.title(), input + 1,
                        toString(values.shape()));
        moveGates(values.span<float>().subspan(from, size), piece.span<float>(), order, false);
        from += size;
        weights.push_back(std::move(piece));
    }
    return weights;
}

Tensor fromOnnxWeights(const OnnxNode& node, std::size_t input, const Shape& shape,
                       std::span<const Tensor> weights) {
    const auto cell = cutBy(node, input);
    if (!cell)
        return weights.front();
    Tensor values(DType::F32, shape);
    std::size_t to = 0;
    for (const auto& piece : weights) {
        const auto size = static_cast<std::size_t>(piece.elements());
        moveGates(piece.span<float>(), values.span<float>().subspan(to, size),
                  orderOf(*cell, input), true);
        to += size;
    }
    return values;
}

const OnnxMappings& onnxRecurrences() {
    static const OnnxMappings all = {
        {"RNN", [](B& b) { recurrent(b, CellKind::Simple); }},
        {"LSTM", [](B& b) { recurrent(b, CellKind::Lstm); }},
        {"GRU", [](B& b) { recurrent(b, CellKind::Gru); }},
    };
    return all;
}

} // namespace gradwright
