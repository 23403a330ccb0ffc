// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/matmul.h"

#include "engine/ops/checks.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/gradient.h"

#include <array>

namespace gradwright {

using namespace checks;

namespace {

/// Rows and columns of a factor.
std::array<Dim, 2> matrixOf(const ValueType& type, bool transposed) {
    const auto rank = type.dims.rank();
    const auto& rows = type.dims[rank - 2];
    const auto& columns = type.dims[rank - 1];
    return transposed ? std::array{columns, rows} : std::array{rows, columns};
}

ValueType stackOf(const ValueType& type) {
    return ValueType::of(Dims(std::vector<Dim>(type.dims.begin(), type.dims.end() - 2)));
}

} // namespace

std::string_view MatMulOp::name() const {
    return "matmul";
}
Types MatMulOp::outputs(InputTypes inputs) const {
    requireInputs(2, name(), inputs);
    requireReal(name(), inputs);
    require(inputs[0].dims.rank() >= 2 && inputs[1].dims.rank() >= 2, name(), "takes matrices",
            inputs);
    const auto [rows, inner] = matrixOf(inputs[0], transposeA);
    const auto [other, columns] = matrixOf(inputs[1], transposeB);
    require(inner == other, name(), "the columns of the first are the rows of the second", inputs);
    const Types stacks{stackOf(inputs[0]), stackOf(inputs[1])};
    const auto stack = broadcastDims(name(), stacks);
    std::vector<Dim> dims(stack.begin(), stack.end());
    dims.push_back(rows);
    dims.push_back(columns);
    return {ValueType::of(Dims(std::move(dims)))};
}
std::vector<Shape> MatMulOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t MatMulOp::macs(InputTypes inputs) const {
    return product(
        {outputs(inputs)[0].elementsPerSample(), matrixOf(inputs[0], transposeA)[1].factor()});
}
void MatMulOp::gradient(GradientContext& context) const {
    const auto a = context.input(0);
    const auto b = context.input(1);
    const auto dy = context.gradient();
    if (context.wants(0)) {
        const auto da = transposeA ? context.add(MatMulOp{transposeB, true}, {b, dy})
                                   : context.add(MatMulOp{false, !transposeB}, {dy, b});
        context.give(0, context.unbroadcast(da, a));
    }
    if (context.wants(1)) {
        const auto db = transposeB ? context.add(MatMulOp{true, transposeA}, {dy, a})
                                   : context.add(MatMulOp{!transposeA, false}, {a, dy});
        context.give(1, context.unbroadcast(db, b));
    }
}

} // namespace gradwright
