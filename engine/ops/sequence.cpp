// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/sequence.h"

#include "engine/ops/checks.h"
#include "engine/ops/gradient.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace gradwright {

using namespace checks;

std::vector<double> sinusoids(std::int64_t steps, std::int64_t features) {
    std::vector<double> table;
    table.reserve(static_cast<std::size_t>(steps * features));
    for (std::int64_t t = 0; t < steps; ++t)
        for (std::int64_t i = 0; i < features; ++i) {
            const double exponent = static_cast<double>(i / 2 * 2) / static_cast<double>(features);
            const double angle = static_cast<double>(t) / std::pow(10000.0, exponent);
            table.push_back(i % 2 == 0 ? std::sin(angle) : std::cos(angle));
        }
    return table;
}

std::int64_t gatesOf(CellKind cell) {
    return cell == CellKind::Simple ? 1 : cell == CellKind::Lstm ? 4 : 3;
}

std::size_t statesOf(CellKind cell) {
    return cell == CellKind::Lstm ? 2 : 1;
}

std::string_view EmbeddingOp::name() const {
    return "embedding";
}
Types EmbeddingOp::outputs(InputTypes inputs) const {
    const auto sample = requireSample(name(), inputs);
    require(sample.rank() == 1, name(), "takes a vector of numbers", inputs);
    requirePositive({vocabulary, dimensions}, name(), "has 1 entry of 1 number or more", inputs);
    return {Shape{sample[0], dimensions}};
}
std::vector<Shape> EmbeddingOp::weights(InputTypes /*inputs*/) const {
    return {{vocabulary, dimensions}};
}
std::int64_t EmbeddingOp::macs(InputTypes /*inputs*/) const {
    return 0;
}

std::string_view PositionOp::name() const {
    return "position";
}
Types PositionOp::outputs(InputTypes inputs) const {
    return {requireSequence(name(), inputs)};
}
std::vector<Shape> PositionOp::weights(InputTypes inputs) const {
    return learned ? std::vector<Shape>{inputs[0].sample()} : std::vector<Shape>{};
}
std::int64_t PositionOp::macs(InputTypes /*inputs*/) const {
    return 0;
}

std::string_view RecurrentOp::name() const {
    constexpr std::array names = {"rnn", "lstm", "gru"};
    return names[static_cast<std::size_t>(cell)];
}
Types RecurrentOp::outputs(InputTypes inputs) const {
    constexpr std::string_view op = "recurrent";
    const auto states = statesOf(cell);
    const std::size_t others = lengths ? 1 : 0;
    require(inputs.size() == 1 + others || inputs.size() == 1 + states + others, op,
            fmt::format("takes a sequence, alone or with the {} of its first state{}",
                        states == 2 ? "two vectors" : "vector",
                        lengths ? ", and the lengths of its samples" : ""),
            inputs);
    require(!resetFirst || cell == CellKind::Gru, op, "only a GRU resets its state", inputs);
    require(!peepholes || cell == CellKind::Lstm, op, "only an LSTM has a cell to look at", inputs);
    const auto reals = inputs.first(inputs.size() - others);
    requireReal(op, reals);
    auto dims = inputs[0].dims;
    require(dims.rank() == 3 && dims[timeAxis()].isNumber() && dims[2].isNumber(), op,
            "takes a sequence of steps × features", inputs);
    requirePositive({units}, op, "has 1 unit or more", inputs);
    const auto state = ValueType::of({dims[batchAxis()], units});
    if (lengths) {
        const auto& given = inputs.back();
        const bool isWhole = given.element == DType::I32 || given.element == DType::I64;
        require(isWhole && given.dims == Dims{dims[batchAxis()]}, op,
                "the lengths are one whole number for each sample", inputs);
    }
    for (const auto& given : reals.subspan(1))
        require(given.dims == state.dims, op,
                fmt::format("its first state has {} unit(s) per sample", units), inputs);
    dims[2] = units;
    Types types{ValueType::of(std::move(dims))};
    if (lastStates)
        types.insert(types.end(), states, state);
    return types;
}
std::vector<Shape> RecurrentOp::weights(InputTypes inputs) const {
    const auto rows = gatesOf(cell) * units;
    std::vector<Shape> shapes{{rows, inputs[0].dims[2].number()}, {rows, units}};
    if (bias)
        shapes.insert(shapes.end(), 2, Shape{rows});
    if (peepholes)
        shapes.push_back({3 * units});
    return shapes;
}
std::int64_t RecurrentOp::macs(InputTypes inputs) const {
    const auto& dims = inputs[0].dims;
    return product({dims[batchAxis()].factor(), dims[timeAxis()].number(), units, gatesOf(cell),
                    dims[2].number() + units});
}

std::string_view AttentionOp::name() const {
    return "attention";
}
Types AttentionOp::outputs(InputTypes inputs) const {
    const auto in = requireSequence(name(), inputs);
    require(heads >= 1 && in[1] % (3 * heads) == 0, name(),
            fmt::format("{} heads must divide the features of queries, keys and values", heads),
            inputs);
    return {Shape{in[0], in[1] / 3}};
}
std::vector<Shape> AttentionOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t AttentionOp::macs(InputTypes inputs) const {
    return product({outputs(inputs)[0].sample().elements(), 2, inputs[0].sample()[0]});
}

void EmbeddingOp::gradient(GradientContext& context) const {
    context.giveFused({.inputs = true}, 0); // indices have no gradient
}

void PositionOp::gradient(GradientContext& context) const {
    context.giveFused({});
}

void RecurrentOp::gradient(GradientContext& context) const {
    if (!isPlain())
        throw Error("a {} that {} has no gradient: it can be used, but not trained", name(),
                    resetFirst  ? "resets its state before the product"
                    : peepholes ? "looks at its cell through peepholes"
                                : "is given the lengths of its samples");
    context.giveFused({.inputs = true, .outputs = true});
}

void AttentionOp::gradient(GradientContext& context) const {
    context.giveFused({.inputs = true});
}

} // namespace gradwright
