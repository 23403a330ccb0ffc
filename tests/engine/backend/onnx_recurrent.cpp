// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/engine/backend/onnx_builder.h"

#include <algorithm>
#include <array>

namespace gradwright::test {
namespace {

/// ONNX's gates in the order of ours: i, o, f, c and z, r, h.
std::vector<std::size_t> gatesInOrder(CellKind cell) {
    return cell == CellKind::Lstm  ? std::vector<std::size_t>{0, 2, 3, 1}
           : cell == CellKind::Gru ? std::vector<std::size_t>{1, 0, 2}
                                   : std::vector<std::size_t>{0};
}

/// `values` is of the only direction: its gates, each `size` numbers, from number `from` on.
Tensor reordered(const Tensor& values, CellKind cell, Shape shape, std::size_t from = 0) {
    Tensor result(DType::F32, shape);
    const auto gates = gatesInOrder(cell);
    const auto size = static_cast<std::size_t>(shape.elements()) / gates.size();
    for (std::size_t gate = 0; gate < gates.size(); ++gate)
        std::ranges::copy(values.span<float>().subspan(from + gates[gate] * size, size),
                          result.span<float>().begin() + static_cast<std::ptrdiff_t>(gate * size));
    return result;
}

/// i, f and o where ONNX has i, o and f.
Tensor peepholesOf(const Tensor& values, std::int64_t units) {
    Tensor result(DType::F32, {3 * units});
    const auto size = static_cast<std::size_t>(units);
    const std::array<std::size_t, 3> places{0, 2, 1};
    for (std::size_t gate = 0; gate < 3; ++gate)
        std::ranges::copy(values.span<float>().subspan(places[gate] * size, size),
                          result.span<float>().begin() + static_cast<std::ptrdiff_t>(gate * size));
    return result;
}

} // namespace

void buildRecurrent(GeneralBuilder& b, CellKind cell) {
    requireThat(b.text("direction", "forward") != "bidirectional" && b.tensor(1).shape()[0] == 1,
                "it has two directions");
    const auto shape = b.tensor(0).shape();
    const RecurrentOp op{.cell = cell,
                         .units = b.integer("hidden_size", 1),
                         .reverse = b.text("direction", "forward") == "reverse",
                         .bias = b.has(3),
                         .timeFirst = b.integer("layout", 0) == 0,
                         .lastStates = true,
                         .resetFirst =
                             cell == CellKind::Gru && b.integer("linear_before_reset", 0) == 0,
                         .peepholes = b.has(7),
                         .lengths = b.has(4)};
    const auto rows = gatesOf(cell) * op.units;
    std::vector<WeightId> weights{b.weight(reordered(b.tensor(1), cell, {rows, shape[2]})),
                                  b.weight(reordered(b.tensor(2), cell, {rows, op.units}))};
    for (std::size_t i = 0; i < 2 && op.bias; ++i)
        weights.push_back(
            b.weight(reordered(b.tensor(3), cell, {rows}, i * static_cast<std::size_t>(rows))));
    if (op.peepholes)
        weights.push_back(b.weight(peepholesOf(b.tensor(7), op.units)));
    std::vector<ValueId> inputs{b.in(0)};
    const Dims state{shape[op.batchAxis()], op.units};
    for (std::size_t first = 5; first <= 6; ++first)
        if (b.has(first))
            inputs.push_back(b.add(ReshapeOp{state}, {b.in(first)}));
    if (op.lengths)
        inputs.push_back(b.in(4));
    const auto made = b.addAll(op, std::move(inputs), std::move(weights));
    // With an axis for the directions: [T, 1, N, H] or [N, T, 1, H], and states [1, N, H] or
    // [N, 1, H].
    const auto batch = shape[op.batchAxis()];
    const auto steps = shape[op.timeAxis()];
    const auto states =
        op.timeFirst ? Dims{steps, 1, batch, op.units} : Dims{batch, steps, 1, op.units};
    const auto last = op.timeFirst ? Dims{1, batch, op.units} : Dims{batch, 1, op.units};
    for (std::size_t i = 0; i < made.size(); ++i)
        if (b.hasOutput(static_cast<int>(i)))
            b.finish(b.add(ReshapeOp{i == 0 ? states : last}, {made[i]}));
}

} // namespace gradwright::test
