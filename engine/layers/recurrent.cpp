// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/recurrent.h"

#include <cmath>

namespace gradwright::layers {
namespace {

constexpr std::array kCellTitles = {"Simple RNN", "LSTM", "GRU"};

constexpr std::string_view kKerasBothFitting = R"(    if isinstance(layer, layers.Bidirectional):
        half = len(tensors) // 2
        return fitted(layer.forward_layer, tensors[:half]) + fitted(
            layer.backward_layer, tensors[half:]
        )
)";
constexpr std::string_view kKerasGruFitting = R"(    if isinstance(layer, layers.GRU):
        # Gates in the order z, r, n here.
        order = [numpy.split(v, 3) for v in tensors]
        kernel, state, *biases = [numpy.concatenate([z, r, n]) for r, z, n in order]
        return [kernel.T, state.T] + ([numpy.stack(biases)] if biases else [])
)";
constexpr std::string_view kKerasOneBiasFitting =
    R"(    if isinstance(layer, (layers.SimpleRNN, layers.LSTM)):
        kernel, state, *biases = tensors
        return [kernel.T, state.T] + ([biases[0] + biases[1]] if biases else [])
)";

template <CellKind cell>
Inferred inferRecurrent(const InferContext& context) {
    const auto& params = context.params;
    const auto& input = context.inputs[0];
    if (auto problem = requireAxes(kCellTitles[static_cast<std::size_t>(cell)], input, 1))
        return *std::move(problem);
    const auto features = params.integer("units") * (params.boolean("bidirectional") ? 2 : 1);
    return params.boolean("sequences") ? Shape{input[0], features} : Shape{features};
}

bool isRelu(const Params& params) {
    return params.has("function") && params.text("function") == "relu";
}

/// One direction: all states, or the one after the last step.
ValueId lowerDirection(LowerContext& context, CellKind cell, bool reverse) {
    const auto& params = context.params();
    const auto& shape = context.inputShape();
    const RecurrentOp op{cell, params.integer("units"), reverse, isRelu(params),
                         params.boolean("bias")};
    const auto rows = gatesOf(cell) * op.units;
    // PyTorch's: U(-a, a), a = 1 / sqrt(units).
    const Initializer spread{"uniform", 1.0 / std::sqrt(static_cast<double>(op.units))};
    const auto named = [&](std::string name) { return name + (reverse ? "_l0_reverse" : "_l0"); };
    std::vector<WeightId> weights = {context.weight(named("weight_ih"), {rows, shape[1]}, spread),
                                     context.weight(named("weight_hh"), {rows, op.units}, spread)};
    if (op.bias)
        for (const auto* name : {"bias_ih", "bias_hh"})
            weights.push_back(context.weight(named(name), {rows}, spread));
    const auto states = context.op(op, context.inputs(), std::move(weights));
    if (params.boolean("sequences"))
        return states;
    const auto last =
        ResampleOp::ofSample({{AxisMap::Kind::Shift, 1, reverse ? 0 : shape[0] - 1}, {}});
    return context.op(ReshapeOp::ofSample(Shape{op.units}), {context.op(last, {states})});
}

template <CellKind cell>
ValueId lowerRecurrent(LowerContext& context) {
    const auto forward = lowerDirection(context, cell, false);
    if (!context.params().boolean("bidirectional"))
        return forward;
    const auto axis = context.params().boolean("sequences") ? 1 : 0;
    return context.op(ConcatOp::ofSample(axis), {forward, lowerDirection(context, cell, true)});
}

template <CellKind cell>
std::string labelRecurrent(const Params& params) {
    return fmt::format("{}{} {}", params.boolean("bidirectional") ? "Bi-" : "",
                       kCellTitles[static_cast<std::size_t>(cell)], params.integer("units"));
}

template <CellKind cell>
PyTorchCode pytorchRecurrent(const CodeContext& context) {
    constexpr std::array names = {"nn.RNN", "nn.LSTM", "nn.GRU"};
    const auto& params = context.params();
    const auto units = params.integer("units");
    const bool both = params.boolean("bidirectional");
    auto value = fmt::format("self.{}({})", context.name(), context.input());
    if (params.boolean("sequences"))
        value += "[0]";
    else if (both) // the states behind both directions, one after the other
        value +=
            fmt::format("[1]{}.transpose(0, 1).flatten(1)", cell == CellKind::Lstm ? "[0]" : "");
    else
        value += "[0][:, -1]";
    return {code::call(names[static_cast<std::size_t>(cell)],
                       {fmt::format("{}", context.shape()[1]), fmt::format("{}", units),
                        code::keyword("nonlinearity", "\"relu\"", isRelu(params)),
                        code::keyword("bias", "False", !params.boolean("bias")), "batch_first=True",
                        code::keyword("bidirectional", "True", both)}),
            value};
}

template <CellKind cell>
std::string kerasRecurrent(const CodeContext& context) {
    constexpr std::array names = {"SimpleRNN", "LSTM", "GRU"};
    const auto& params = context.params();
    const bool both = params.boolean("bidirectional");
    const std::string name = names[static_cast<std::size_t>(cell)];
    std::vector<std::string> arguments = {
        fmt::format("{}", params.integer("units")),
        code::keyword("activation", "\"relu\"", isRelu(params)),
        code::keyword("use_bias", "False", !params.boolean("bias")),
        code::keyword("return_sequences", "True", params.boolean("sequences"))};
    if (!both)
        return code::kerasLayer(name, context, std::move(arguments));
    return code::kerasLayer("Bidirectional", context, {code::call("layers." + name, arguments)});
}

template <CellKind cell>
LayerDef recurrentDefinition() {
    return {
        .key = "",
        .title = kCellTitles[static_cast<std::size_t>(cell)],
        .category = Category::Sequence,
        .doc = "",
        .formula = "",
        .source = "",
        .hasWeights = true,
        .params = {intParam("units", "Units", 64, 1, 65536, "Length of the state."),
                   boolParam("sequences", "Every step", true,
                             "Returns the state after each step, a sequence; otherwise only the "
                             "last one, a vector."),
                   boolParam(
                       "bidirectional", "Both directions", false,
                       "Also reads from the end to the beginning; the states are concatenated."),
                   boolParam("bias", "Bias", true, "Adds learned biases.")},
        .infer = inferRecurrent<cell>,
        .lower = lowerRecurrent<cell>,
        .pytorch = pytorchRecurrent<cell>,
        .keras = kerasRecurrent<cell>,
        .kerasWeights = {.fittings = {kKerasBothFitting, cell == CellKind::Gru
                                                             ? kKerasGruFitting
                                                             : kKerasOneBiasFitting}},
        .label = labelRecurrent<cell>};
}

} // namespace

LayerDef recurrent(CellKind cell) {
    switch (cell) {
    case CellKind::Simple: {
        auto def = recurrentDefinition<CellKind::Simple>();
        def.params.insert(def.params.begin() + 1,
                          choiceParam("function", "Function", "tanh",
                                      {{"tanh", "Tanh", "Keeps the state in (-1, 1)."},
                                       {"relu", "ReLU", "Lets the state grow."}},
                                      "Applied to the state."));
        return def;
    }
    case CellKind::Lstm:
        return recurrentDefinition<CellKind::Lstm>();
    case CellKind::Gru:
        break;
    }
    return recurrentDefinition<CellKind::Gru>();
}

} // namespace gradwright::layers
