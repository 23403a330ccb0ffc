// SPDX-License-Identifier: GPL-3.0-or-later
//
// Operators of several values, and of values with constants.
#include "engine/exchange/attention_mask.h"
#include "engine/exchange/import_channels.h"
#include "engine/exchange/layer_import.h"
#include "engine/ops/sequence.h"

#include <algorithm>
#include <cmath>

namespace gradwright {
namespace {

constexpr std::size_t kMostMerged = 16; ///< inputs of a merging layer

/// How an operator is written in a formula.
std::string writtenAs(const std::string& op, const std::string& a, const std::string& b) {
    if (op == "Max" || op == "Min")
        return fmt::format("{}({}, {})", op == "Max" ? "max" : "min", a, b);
    const char* sign = op == "Add"   ? "+"
                       : op == "Sub" ? "-"
                       : op == "Mul" ? "*"
                       : op == "Div" ? "/"
                                     : "^";
    return fmt::format("{} {} {}", a, sign, b);
}

void addFormula(LayerImport& import, const OnnxNode& node, const DataValue& x, std::string text,
                ParamValues params = {}, LayerWeights weights = {}) {
    params.emplace("formula", std::move(text));
    params.emplace("parameters", std::string());
    import.set(node.outputs.at(0), import.onOwn(x, "formula", std::move(params),
                                                LayerImport::nameFor(node), std::move(weights)));
}

void withNumber(LayerImport& import, const OnnxNode& node, const DataValue& x, double number,
                bool isFirst) {
    const bool leavesAlone =
        (number == 0 && (node.op == "Add" || (node.op == "Sub" && isFirst))) ||
        (number == 1 && (node.op == "Mul" || ((node.op == "Div" || node.op == "Pow") && isFirst)));
    if (leavesAlone)
        return import.set(node.outputs.at(0), x);
    if (node.op == "Pow" && !isFirst && number <= 0)
        throw Error("it takes powers of {}, which a formula has for numbers above 0 alone", number);
    const auto text = formulaNumber(number);
    addFormula(import, node, x,
               isFirst ? writtenAs(node.op, "x", text) : writtenAs(node.op, text, "x"));
}

/// A learned number per channel, in the shape that a formula keeps it in.
Tensor perChannelParameter(const Tensor& values, const Shape& shape) {
    if (shape.rank() < 3)
        return values;
    IntTuple dims(shape.rank(), 1);
    dims[0] = shape[0];
    return values.reshaped(Shape(std::move(dims)));
}

bool areSinusoids(const Tensor& values) {
    const auto expected = sinusoids(values.shape()[0], values.shape()[1]);
    const auto span = values.span<float>();
    for (std::size_t i = 0; i < expected.size(); ++i)
        if (!(std::abs(expected[i] - static_cast<double>(span[i])) < 1e-6))
            return false;
    return true;
}

/// A constant for each step and feature of a sequence.
bool becomesPositions(LayerImport& import, const OnnxNode& node, const DataValue& x,
                      const FoldedValue& constant) {
    const auto lengths = import.sampleDims(x);
    auto shape = constant.shape().dims();
    while (shape.size() > 2 && shape.front() == 1)
        shape.erase(shape.begin());
    if (node.op != "Add" || lengths.size() != 2 || shape != lengths || import.batchAxis(x) != 0)
        return false;
    const auto values = LayerImport::weightOf(constant).reshaped(Shape(shape));
    if (isAdditiveMask(values))
        return false;
    const auto name = LayerImport::nameFor(node);
    const auto input = import.plain(x);
    ParamValues params;
    LayerWeights weights;
    if (!areSinusoids(values)) {
        params.emplace("kind", std::string("learned"));
        weights.emplace_back("weight", values);
    }
    import.set(node.outputs.at(0),
               LayerImport::value(import.add("positional-encoding", std::move(params), input, name,
                                             std::move(weights))));
    return true;
}

/// The value with that axis, of the view, as the channels of its layer.
DataValue withChannelsAt(LayerImport& import, const DataValue& x, std::size_t axis) {
    const auto there = import.settled(x);
    if (there.axes[axis] == static_cast<int>(channelAxis(there.shape)))
        return there;
    auto turned = there;
    // The axis among those of the sample first, or last in a sequence.
    std::vector<int> order;
    for (std::size_t i = 0; i < there.axes.size(); ++i)
        if (i != axis && there.axes[i] != kBatchAxis)
            order.push_back(static_cast<int>(i));
    const auto place = order.size() == 1 ? order.end() : order.begin();
    order.insert(place, static_cast<int>(axis));
    turned.axes = {kBatchAxis};
    for (const auto i : order)
        turned.axes.push_back(there.axes[static_cast<std::size_t>(i)]);
    auto result = LayerImport::value(import.plain(turned));
    result.axes.assign(there.axes.size(), kBatchAxis);
    for (std::size_t own = 0; own < order.size(); ++own)
        result.axes[static_cast<std::size_t>(order[own])] = static_cast<int>(own);
    return result;
}

/// The one axis of x along which the constant differs, as they are broadcast.
std::optional<std::size_t> onlyAxis(const DataValue& x, const Shape& shape) {
    if (shape.rank() > x.axes.size())
        return {};
    std::optional<std::size_t> found;
    for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
        if (shape[axis] == 1)
            continue;
        if (found)
            return {};
        found = axis + x.axes.size() - shape.rank();
    }
    return found;
}

/// A value of one channel and a number for each of several: a product with one input, or a
/// convolution of one pixel, that has these as weights or as biases. False for other operators.
bool becomesSpread(LayerImport& import, const OnnxNode& node, const DataValue& x,
                   const FoldedValue& constant, std::size_t axis, bool isFirst) {
    const bool isFactor = node.op == "Mul" || (node.op == "Div" && isFirst);
    if ((!isFactor && node.op != "Add" && node.op != "Sub") || import.batchAxis(x) != 0)
        return false;
    const auto input = import.plain(x);
    const auto rank = input.shape.rank();
    if (axis != channelAxis(input.shape) + 1)
        return false;
    auto numbers = LayerImport::weightOf(constant);
    const auto channels = numbers.elements();
    IntTuple dims(rank > 2 ? rank + 1 : 2, 1);
    dims[0] = channels;
    Tensor weight(DType::F32, Shape(dims));
    const bool isTurned = node.op == "Sub" && !isFirst; // constant - x
    for (std::size_t i = 0; i < weight.span<float>().size(); ++i) {
        auto& number = numbers.span<float>()[i];
        weight.span<float>()[i] = node.op == "Mul"   ? number
                                  : node.op == "Div" ? 1 / number
                                  : isTurned         ? -1.0F
                                                     : 1.0F;
        if (node.op == "Sub" && isFirst)
            number = -number;
    }
    LayerWeights weights;
    weights.emplace_back("weight", std::move(weight));
    if (!isFactor)
        weights.emplace_back("bias", numbers.reshaped({channels}));
    ParamValues params{{"bias", !isFactor}};
    std::string layer = "dense";
    if (rank > 2) {
        layer = fmt::format("conv{}d", rank - 1);
        params.emplace("filters", channels);
        params.emplace("kernel", IntTuple(rank - 1, 1));
    } else {
        params.emplace("units", channels);
    }
    import.set(node.outputs.at(0),
               LayerImport::value(import.add(layer, std::move(params), input,
                                             LayerImport::nameFor(node), std::move(weights))));
    return true;
}

void withConstant(LayerImport& import, const OnnxNode& node, const DataValue& x,
                  const FoldedValue& given, bool isFirst) {
    requireNumbers(x);
    auto constant = given;
    // What is repeated for each sample is the same as what ONNX would broadcast to them.
    const auto batch = import.batchAxis(x);
    if (constant.isPerBatch && constant.shape().rank() == x.axes.size() &&
        constant.shape()[batch] == 1)
        constant.isPerBatch = false;
    if (constant.shape().rank() > x.axes.size())
        throw Error("its constant of shape {} has more axes than its input",
                    toString(constant.shape()));
    if (constant.tensor->elements() == 1)
        return withNumber(import, node, x, constant.numbers()[0], isFirst);
    if (becomesPositions(import, node, x, constant))
        return;
    const auto axis = onlyAxis(x, constant.shape());
    if (axis && node.op != "Pow" && x.axes[*axis] != kBatchAxis && import.lengthAt(x, *axis) > 1) {
        const auto there = withChannelsAt(import, x, *axis);
        if (const auto values = perChannel(import, there, constant)) {
            const bool isFactor = node.op == "Mul" || node.op == "Div";
            const std::string name = isFactor                               ? "scale"
                                     : node.op == "Add" || node.op == "Sub" ? "shift"
                                                                            : "limit";
            LayerWeights weights;
            weights.emplace_back(name, perChannelParameter(*values, there.shape));
            ParamValues params{{"shared", false}, {"parameters", name + " = 1"}};
            return addFormula(import, node, there,
                              isFirst ? writtenAs(node.op, "x", name)
                                      : writtenAs(node.op, name, "x"),
                              std::move(params), std::move(weights));
        }
    }
    if (axis && x.axes[*axis] != kBatchAxis && import.lengthAt(x, *axis) == 1 &&
        becomesSpread(import, node, x, constant, *axis, isFirst))
        return;
    throw Error("it combines its input with a constant of shape {}, which is no number per channel",
                toString(constant.shape()));
}

// Several values.

/// The inputs in one frame: as their layers give them where their axes lie alike, else in ONNX's
/// order; values with a number per channel stay vectors.
struct Frame {
    std::vector<Operand> operands;
    std::vector<int> axes;
};

/// Whether y is a number per channel beside x's own axes, with the rest of length 1.
bool isVectorBeside(const DataValue& x, const DataValue& y) {
    if (y.shape.rank() != 1 || x.shape.rank() < 2 || x.axes.size() != y.axes.size())
        return false;
    for (std::size_t axis = 0; axis < x.axes.size(); ++axis) {
        const bool isChannel = x.axes[axis] == static_cast<int>(channelAxis(x.shape));
        if (y.axes[axis] != (x.axes[axis] == kBatchAxis ? kBatchAxis : isChannel ? 0 : kOneAxis))
            return false;
    }
    return y.shape[0] == x.shape[channelAxis(x.shape)];
}

Frame frameOf(LayerImport& import, const std::vector<DataValue>& values) {
    const auto widest =
        std::ranges::max_element(values, {}, [](const DataValue& x) { return x.shape.rank(); });
    const auto& x = *widest;
    Frame frame{{}, x.axes};
    bool isAlike = true;
    for (const auto& y : values)
        isAlike = isAlike &&
                  ((y.axes == x.axes && y.shape.rank() == x.shape.rank()) || isVectorBeside(x, y));
    if (isAlike) {
        for (const auto& y : values)
            frame.operands.push_back({y.port, y.shape});
        return frame;
    }
    for (const auto& y : values) {
        if (y.axes.size() != x.axes.size() || import.batchAxis(y) != import.batchAxis(x))
            throw Error("its inputs have the batch at different axes");
        frame.operands.push_back(import.plain(y));
    }
    int own = 0;
    for (auto& axis : frame.axes)
        axis = axis == kBatchAxis ? kBatchAxis : own++;
    return frame;
}

std::string mergeLayer(const std::string& op) {
    static const std::map<std::string, std::string, std::less<>> layers = {
        {"Add", "add"},      {"Sum", "add"},     {"Sub", "subtract"}, {"Mul", "multiply"},
        {"Mean", "average"}, {"Max", "maximum"}, {"Min", "minimum"}};
    const auto found = layers.find(op);
    return found == layers.end() ? std::string() : found->second;
}

Operand merged(LayerImport& import, const OnnxNode& node, const std::vector<Operand>& operands) {
    const auto name = LayerImport::nameFor(node);
    auto layer = mergeLayer(node.op);
    const bool isEqual = std::ranges::all_of(
        operands, [&](const Operand& each) { return each.shape == operands[0].shape; });
    if (layer.empty() || (layer == "add" && !isEqual)) {
        if (operands.size() > 2)
            throw Error("it adds values of several shapes");
        const auto op = node.op == "Sum" ? std::string("Add") : node.op;
        return import.add("formula",
                          {{"formula", writtenAs(op, "x", "y")}, {"parameters", std::string()}},
                          operands, name);
    }
    if (operands.size() <= kMostMerged)
        return import.add(layer, {}, operands, name);
    if (layer == "average")
        throw Error("it takes the mean of {} values; layers take up to {}", operands.size(),
                    kMostMerged);
    auto left = operands;
    while (left.size() > 1) {
        const auto count = std::min(left.size(), kMostMerged);
        const auto made = import.add(layer, {}, std::span(left).first(count), name);
        left.erase(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(count));
        left.insert(left.begin(), made);
    }
    return left[0];
}

void importMerge(LayerImport& import, const OnnxNode& node) {
    if (node.inputs.empty())
        throw Error("it lacks an input");
    std::vector<DataValue> values;
    const FoldedValue* constant = nullptr;
    std::size_t place = 0;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
        if (import.isData(node.inputs[i])) {
            values.push_back(import.settled(import.data(node, i)));
            requireNumbers(values.back());
            continue;
        }
        if (constant)
            throw Error("several of its inputs are constant");
        constant = &import.constant(node, i, "input");
        place = i;
    }
    if (constant) {
        if (values.size() != 1 || node.op == "Mean")
            throw Error("it combines a constant with {} values", values.size());
        auto binary = node;
        if (binary.op == "Sum")
            binary.op = "Add";
        return withConstant(import, binary, values[0], *constant, place == 1);
    }
    if (values.size() == 1)
        return import.set(node.outputs.at(0), values[0]);
    auto frame = frameOf(import, values);
    const auto made = merged(import, node, frame.operands);
    import.set(node.outputs.at(0), LayerImport::value(made, std::move(frame.axes)));
}

} // namespace

const Translations& mergeTranslations() {
    static const Translations all = [] {
        Translations made;
        for (const auto* op : {"Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Sum", "Mean"})
            made.emplace(op, importMerge);
        return made;
    }();
    return all;
}

} // namespace gradwright
