// SPDX-License-Identifier: GPL-3.0-or-later
//
// Recurrent layers and attention.
#include "engine/exchange/import_channels.h"
#include "engine/exchange/layer_import.h"
#include "engine/exchange/recurrent_cell.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gradwright {
namespace {

/// Our gates, as places in ONNX's order.
std::vector<std::size_t> gatesOfOnnx(const std::string& op) {
    if (op == "LSTM")
        return {0, 2, 3, 1}; // i, f, g, o of i, o, f, c
    if (op == "GRU")
        return {1, 0, 2}; // r, z, n of z, r, h
    return {0};
}

/// Rows [from, from + gates · units) of one direction, with their gates in our order.
Tensor gatesIn(const Tensor& all, int direction, std::int64_t from, std::int64_t units,
               const std::vector<std::size_t>& order) {
    const auto rows = units * static_cast<std::int64_t>(order.size());
    const auto width = all.shape().rank() == 3 ? all.shape()[2] : 1;
    const auto perDirection = all.shape()[1] * width;
    const auto span =
        all.span<float>().subspan(static_cast<std::size_t>(direction * perDirection + from * width),
                                  static_cast<std::size_t>(rows * width));
    const auto each = static_cast<std::size_t>(units * width);
    std::vector<float> values;
    for (const auto gate : order) {
        const auto part = span.subspan(gate * each, each);
        values.insert(values.end(), part.begin(), part.end());
    }
    return Tensor::of<float>(all.shape().rank() == 3 ? Shape{rows, width} : Shape{rows},
                             std::span<const float>(values));
}

void requireUsualActivations(const OnnxNode& node, int directions, bool& isRelu) {
    const auto given = node.texts("activations");
    std::vector<std::string> usual =
        node.op == "LSTM"  ? std::vector<std::string>{"Sigmoid", "Tanh", "Tanh"}
        : node.op == "GRU" ? std::vector<std::string>{"Sigmoid", "Tanh"}
                           : std::vector<std::string>{"Tanh"};
    isRelu = node.op == "RNN" && !given.empty() && given[0] == "Relu";
    if (isRelu)
        usual = {"Relu"};
    for (std::size_t i = 0; i < given.size(); ++i)
        if (given[i] != usual[i % usual.size()] ||
            given.size() != usual.size() * static_cast<std::size_t>(directions))
            throw Error("it has the activation {}, which the layer lacks", given[i]);
}

void requireNoState(LayerImport& import, const OnnxNode& node, std::size_t input,
                    std::string_view what) {
    if (!node.hasInput(input))
        return;
    if (import.isData(node.inputs[input]))
        throw Error("it is given {}, which layers do not take", what);
    const auto* value = import.folded(node.inputs[input]);
    const auto numbers = value ? value->tensor->to(DType::F64) : Tensor(DType::F64, {0});
    if (!value || std::ranges::any_of(numbers.span<double>(), [](double x) { return x != 0; }))
        throw Error("it is given {}, which layers do not take", what);
}

/// The input as steps × features.
Operand stepsOf(LayerImport& import, const DataValue& x, bool isBatchFirst) {
    if (x.axes.size() != 3 || import.batchAxis(x) != (isBatchFirst ? 0U : 1U))
        throw Error("its input must be steps, batch and features, in this order");
    requireNumbers(x);
    return import.plain(x);
}

void importRecurrent(LayerImport& import, const OnnxNode& node) {
    const auto direction = node.text("direction", "forward");
    const int directions = direction == "bidirectional" ? 2 : 1;
    if (direction != "forward" && direction != "reverse" && directions == 1)
        throw Error("its direction is \"{}\"", direction);
    const bool isBatchFirst = node.integer("layout", 0) == 1;
    bool isRelu = false;
    requireUsualActivations(node, directions, isRelu);
    if (node.has("clip") || node.integer("input_forget", 0) != 0)
        throw Error("it clips its gates or couples them, which the layer does not");
    if (node.op == "GRU" && node.integer("linear_before_reset", 0) == 0)
        throw Error("it resets its state before the product, the layer behind it");
    if (node.hasInput(4))
        throw Error("it is given the lengths of samples, which layers do not take");
    requireNoState(import, node, 5, "a state to begin with");
    if (node.op == "LSTM") {
        requireNoState(import, node, 6, "a cell state to begin with");
        requireNoState(import, node, 7, "peepholes");
        import.requireNoMoreOutputs(node, 2);
    }
    const auto order = gatesOfOnnx(node.op);
    const auto gates = static_cast<std::int64_t>(order.size());
    const auto w = LayerImport::weightOf(import.constant(node, 1, "kernel"));
    const auto r = LayerImport::weightOf(import.constant(node, 2, "recurrent kernel"));
    auto input = stepsOf(import, import.data(node), isBatchFirst);
    const auto units = r.shape().rank() == 3 ? r.shape()[2] : 0;
    const Shape wanted{directions, gates * units, input.shape[1]};
    if (units < 1 || w.shape() != wanted || r.shape() != Shape{directions, gates * units, units} ||
        node.integer("hidden_size", units) != units)
        throw Error("its kernels are {} and {}", toString(w.shape()), toString(r.shape()));
    auto cell = std::make_shared<RecurrentCell>();
    cell->layer = node.op == "LSTM" ? "lstm" : node.op == "GRU" ? "gru" : "simple-rnn";
    cell->name = LayerImport::nameFor(node);
    cell->units = units;
    cell->directions = directions;
    cell->isReversed = direction == "reverse";
    cell->params = {
        {"units", units}, {"bidirectional", directions == 2}, {"bias", node.hasInput(3)}};
    if (isRelu)
        cell->params.emplace("function", std::string("relu"));
    for (int i = 0; i < directions; ++i) {
        const std::string end = i == 0 ? "_l0" : "_l0_reverse";
        cell->weights.emplace_back("weight_ih" + end, gatesIn(w, i, 0, units, order));
        cell->weights.emplace_back("weight_hh" + end, gatesIn(r, i, 0, units, order));
        if (!node.hasInput(3))
            continue;
        const auto b = LayerImport::weightOf(import.constant(node, 3, "bias"));
        if (b.shape() != Shape{directions, 2 * gates * units})
            throw Error("its bias is {}", toString(b.shape()));
        cell->weights.emplace_back("bias_ih" + end, gatesIn(b, i, 0, units, order));
        cell->weights.emplace_back("bias_hh" + end, gatesIn(b, i, gates * units, units, order));
    }
    if (cell->isReversed)
        input = import.add("slice", {{"reverse", true}}, input, cell->name + "_turned");
    cell->input = input;
    const auto other = directions == 2 ? kDirectionAxis : kOneAxis;
    DataValue states;
    states.cell = cell;
    states.shape = {input.shape[0], directions * units};
    states.axes = isBatchFirst ? std::vector<int>{kBatchAxis, 0, other, 1}
                               : std::vector<int>{0, other, kBatchAxis, 1};
    DataValue last;
    last.cell = cell;
    last.shape = {directions * units};
    last.last = true;
    last.axes = isBatchFirst ? std::vector<int>{kBatchAxis, other, 0}
                             : std::vector<int>{other, kBatchAxis, 0};
    if (!node.outputs.empty() && !node.outputs[0].empty())
        import.set(node.outputs[0], std::move(states));
    if (node.outputs.size() > 1 && !node.outputs[1].empty())
        import.set(node.outputs[1], std::move(last));
}

Tensor transposedKernel(const Tensor& matrix) {
    if (matrix.shape().rank() != 2)
        throw Error("it multiplies by a constant of shape {}", toString(matrix.shape()));
    const auto rows = matrix.shape()[0];
    const auto columns = matrix.shape()[1];
    Tensor turned(DType::F32, {columns, rows});
    for (std::int64_t row = 0; row < rows; ++row)
        for (std::int64_t column = 0; column < columns; ++column)
            turned.span<float>()[static_cast<std::size_t>(column * rows + row)] =
                matrix.span<float>()[static_cast<std::size_t>(row * columns + column)];
    return turned;
}

/// The constant input of a node of two.
const FoldedValue& constantInput(LayerImport& import, const OnnxNode& node) {
    for (std::size_t i = 0; i < node.inputs.size(); ++i)
        if (const auto* value = import.folded(node.inputs[i]))
            return *value;
    throw Error("{} has no constant", node.title());
}

/// Whether the mask lets a step see itself and earlier ones.
bool isCausal(const FoldedValue& mask, std::int64_t steps) {
    const auto numbers = mask.numbers();
    if (mask.tensor->elements() != steps * steps)
        return false;
    for (std::int64_t row = 0; row < steps; ++row)
        for (std::int64_t column = 0; column < steps; ++column) {
            const auto value = numbers[static_cast<std::size_t>(row * steps + column)];
            if (column > row ? value > -1e9 : value != 0)
                return false;
        }
    return true;
}

} // namespace

void importAttention(LayerImport& import, const Pattern& pattern) {
    const auto* product = pattern.parts.at(0);
    const auto* bias = pattern.parts.at(1);
    const auto* mask = pattern.parts.at(3);
    const auto* result = pattern.parts.at(4);
    const auto* shift = pattern.parts.at(5);
    const auto& x = import.data(pattern.input);
    if (import.batchAxis(x) != 0 || x.axes.size() != 3)
        throw Error("attention works on sequences");
    const auto input = import.plain(x);
    const auto features = input.shape[1];
    std::int64_t heads = 0;
    for (const auto part : {2, 6, 7}) {
        const auto& shape =
            import.constant(*pattern.parts.at(static_cast<std::size_t>(part)), 1, "shape");
        const auto values = shape.tensor->to(DType::I64);
        if (values.elements() != 4)
            throw Error("its heads are no axis of their own");
        const auto here = values.span<std::int64_t>()[2];
        if (heads != 0 && here != heads)
            throw Error("its heads differ in number");
        heads = here;
    }
    if (heads < 1 || features % heads != 0)
        throw Error("its {} heads do not divide {} features", heads, features);
    const auto size = static_cast<double>(features) / static_cast<double>(heads);
    if (std::abs(pattern.numbers.at(0) - 1 / std::sqrt(size)) > 1e-5)
        throw Error("its scores are scaled by {}, and by {} in the layer", pattern.numbers[0],
                    1 / std::sqrt(size));
    if (mask && !isCausal(constantInput(import, *mask), input.shape[0]))
        throw Error("its mask is not that of a causal model");
    const auto& split = *pattern.parts.at(8);
    if (const auto* sizes = import.constantOrNull(split, 1, "sizes"))
        if (sizes->integers() != IntTuple(3, features))
            throw Error("its queries, keys and values differ in size");
    LayerWeights weights;
    weights.emplace_back("in_proj_weight",
                         transposedKernel(LayerImport::weightOf(constantInput(import, *product))));
    if (bias)
        weights.emplace_back("in_proj_bias", LayerImport::weightOf(constantInput(import, *bias)));
    weights.emplace_back("out_proj.weight",
                         transposedKernel(LayerImport::weightOf(constantInput(import, *result))));
    if (bias && !shift)
        throw Error("it has one bias where the layer has two");
    if (shift)
        weights.emplace_back("out_proj.bias", LayerImport::weightOf(constantInput(import, *shift)));
    const auto made =
        import.add("multi-head-self-attention",
                   {{"heads", heads}, {"causal", mask != nullptr}, {"bias", bias != nullptr}},
                   input, LayerImport::nameFor(*pattern.last), std::move(weights));
    import.set(pattern.last->outputs.at(0), LayerImport::value(made));
}

const Translations& sequenceTranslations() {
    static const Translations all = {
        {"LSTM", importRecurrent}, {"GRU", importRecurrent}, {"RNN", importRecurrent}};
    return all;
}

} // namespace gradwright
