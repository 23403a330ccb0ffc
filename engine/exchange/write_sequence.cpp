// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/onnx_graph.h"

#include <cmath>
#include <limits>

namespace gradwright {
namespace {

/// ONNX's order of the gates, as places in ours.
std::vector<std::size_t> gateOrder(CellKind cell) {
    switch (cell) {
    case CellKind::Simple:
        return {0};
    case CellKind::Lstm:
        return {0, 3, 1, 2}; // i, o, f, c of i, f, g, o
    case CellKind::Gru:
        return {1, 0, 2}; // z, r, h of r, z, n
    }
    return {};
}

std::string_view orderSuffix(CellKind cell) {
    return cell == CellKind::Lstm ? "iofc" : cell == CellKind::Gru ? "zrh" : "h";
}

/// The op of the same layer that runs the other way over the same sequence, or nullptr.
const Op* otherDirection(OnnxScope& s, const RecurrentOp& op) {
    auto wanted = op;
    wanted.reverse = true;
    for (const auto& each : s.graph().source().ops())
        if (!op.reverse && each.path == s.op().path && each.inputs == s.op().inputs &&
            each.attributes == OpAttributes(wanted) && !s.graph().isNamed(each.output()))
            return &each;
    return nullptr;
}

/// Weights `first` … `first + count - 1` of each direction, one behind the other, with their gates
/// in ONNX's order: [directions, count · gates · units, …].
std::string stacked(OnnxScope& s, const std::vector<const Op*>& directions, CellKind cell,
                    std::size_t first, std::size_t count) {
    const auto order = gateOrder(cell);
    std::vector<float> values;
    std::vector<std::int64_t> shape;
    for (const auto* const direction : directions)
        for (auto i = first; i < first + count; ++i) {
            const auto weight = s.graph().weightValues(direction->weights[i]);
            const auto from = weight.span<float>();
            const auto length = from.size() / order.size();
            for (const auto gate : order) {
                const auto part = from.subspan(gate * length, length);
                values.insert(values.end(), part.begin(), part.end());
            }
            shape = weight.shape().dims();
        }
    shape[0] *= static_cast<std::int64_t>(count);
    shape.insert(shape.begin(), static_cast<std::int64_t>(directions.size()));
    return s.weightTensor(fmt::format("{}/{}", s.weightKey(first), orderSuffix(cell)),
                          Tensor::of<float>(Shape(std::move(shape)), values));
}

} // namespace

void writeOnnx(OnnxScope& s, const EmbeddingOp& /*op*/) {
    auto numbers = s.in();
    if (!s.isWhole(0))
        numbers = s.node("Cast", {numbers}, {{"to", std::int64_t{onnxNumberOf(DType::I64)}}});
    s.result(s.node("Gather", {s.weight(0), numbers}, {{"axis", std::int64_t{0}}}));
}

void writeOnnx(OnnxScope& s, const PositionOp& op) {
    const auto shape = s.input().sample();
    s.result(s.node("Add", {s.in(), op.learned ? s.weight(0)
                                               : s.numbers("sinusoids", shape,
                                                           sinusoids(shape[0], shape[1]))}));
}

/// ONNX's cells take [T, N, F] and give [T, directions, N, units]. Both directions are one node:
/// OpenVINO 2026.4 confuses two nodes over the same sequence.
void writeOnnx(OnnxScope& s, const RecurrentOp& op) {
    if (!op.isPlain() || op.timeFirst || op.lastStates || s.inputs() > 1)
        s.refuse("cells with states, lengths or peepholes of their own are not written yet");
    if (s.graph().isNamed(s.op().output()))
        return; // with the other direction
    std::vector<const Op*> directions{&s.op()};
    if (const auto* const other = otherDirection(s, op))
        directions.push_back(other);
    const bool isBoth = directions.size() == 2;
    const std::vector<std::int64_t> swapped{1, 0, 2};
    std::vector<std::string> inputs{s.node("Transpose", {s.in()}, {{"perm", swapped}}),
                                    stacked(s, directions, op.cell, 0, 1),
                                    stacked(s, directions, op.cell, 1, 1)};
    if (op.bias)
        inputs.push_back(stacked(s, directions, op.cell, 2, 2));
    OnnxAttributes attributes{{"hidden_size", op.units},
                              {"direction", std::string(isBoth       ? "bidirectional"
                                                        : op.reverse ? "reverse"
                                                                     : "forward")}};
    std::string states;
    switch (op.cell) {
    case CellKind::Simple:
        attributes.push_back({"activations", std::vector<std::string>(directions.size(),
                                                                      op.relu ? "Relu" : "Tanh")});
        states = s.node("RNN", inputs, attributes);
        break;
    case CellKind::Lstm:
        states = s.node("LSTM", inputs, attributes);
        break;
    case CellKind::Gru:
        // The reset gate after the product; ONNX's default is before it.
        attributes.push_back({"linear_before_reset", std::int64_t{1}});
        states = s.node("GRU", inputs, attributes);
        break;
    }
    std::vector<std::string> parts{states};
    if (isBoth)
        parts =
            s.nodes("Split", {states, s.integers("split", {1, 1})}, {{"axis", std::int64_t{1}}}, 2);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto part = s.node("Squeeze", {parts[i], s.integers("axes", {1})});
        s.graph().setName(directions[i]->output(),
                          s.node("Transpose", {part}, {{"perm", swapped}}));
    }
}

/// softmax(Q Kᵀ / sqrt(D)) V for each head.
void writeOnnx(OnnxScope& s, const AttentionOp& op) {
    const auto steps = s.input().dims[1];
    const auto embedding = s.output().dims[2].number();
    const auto size = embedding / op.heads;
    const Dims flat = s.output().dims;
    const Dims heads{flat[0], steps, op.heads, size};
    const auto parts =
        s.nodes("Split", {s.in(), s.integers("split", {embedding, embedding, embedding})},
                {{"axis", std::int64_t{2}}}, 3);
    const auto perHead = [&](const std::string& part, std::vector<std::int64_t> axes) {
        return s.node("Transpose", {s.reshape(part, flat, heads)}, {{"perm", std::move(axes)}});
    };
    const auto queries = perHead(parts[0], {0, 2, 1, 3});
    const auto keys = perHead(parts[1], {0, 2, 3, 1});
    const auto values = perHead(parts[2], {0, 2, 1, 3});
    auto scores = s.node("MatMul", {queries, keys});
    scores = s.node("Mul", {scores, s.number("scale", 1 / std::sqrt(static_cast<double>(size)))});
    if (op.causal) {
        const auto length = steps.number();
        std::vector<double> mask(static_cast<std::size_t>(length * length));
        for (std::int64_t step = 0; step < length; ++step)
            for (auto later = step + 1; later < length; ++later)
                mask[static_cast<std::size_t>(step * length + later)] =
                    -std::numeric_limits<double>::infinity();
        scores = s.node("Add", {scores, s.numbers("mask", {length, length}, mask)});
    }
    const auto shares = s.node("Softmax", {scores}, {{"axis", std::int64_t{-1}}});
    const auto mixed = s.node("Transpose", {s.node("MatMul", {shares, values})},
                              {{"perm", std::vector<std::int64_t>{0, 2, 1, 3}}});
    s.result(s.reshape(mixed, heads, flat));
}

} // namespace gradwright
