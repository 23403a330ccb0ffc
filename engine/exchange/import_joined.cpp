// SPDX-License-Identifier: GPL-3.0-or-later
//
// Nodes that read values whose batch is joined with an axis, as the windows of a picture are: they
// are translated with both axes beside each other, and their results are joined again.
#include "engine/exchange/layer_import.h"

#include <numeric>

namespace gradwright {
namespace {

/// What a node has to be told where an axis is added behind or before the batch.
enum class AxesUse { None, Broadcast, Product, Attribute, Slices };

std::optional<AxesUse> axesUseOf(const std::string& op) {
    static const std::map<std::string, AxesUse, std::less<>> uses = [] {
        std::map<std::string, AxesUse, std::less<>> made{{"MatMul", AxesUse::Product},
                                                         {"Slice", AxesUse::Slices}};
        for (const auto* each :
             {"Abs",       "Ceil",  "Celu",       "Clip",           "Cos",      "Dropout",
              "Elu",       "Erf",   "Exp",        "Floor",          "Gelu",     "HardSigmoid",
              "HardSwish", "IsInf", "IsNaN",      "LeakyRelu",      "Log",      "Mish",
              "Neg",       "Not",   "Reciprocal", "Relu",           "Round",    "Selu",
              "Sigmoid",   "Sign",  "Sin",        "Softplus",       "Softsign", "Sqrt",
              "Swish",     "Tan",   "Tanh",       "ThresholdedRelu"})
            made.emplace(each, AxesUse::None);
        for (const auto* each :
             {"Add",   "And",         "Div",   "Equal", "Greater", "GreaterOrEqual",
              "Less",  "LessOrEqual", "Max",   "Mean",  "Min",     "Mod",
              "Mul",   "Or",          "PRelu", "Pow",   "Sub",     "Sum",
              "Where", "Xor"})
            made.emplace(each, AxesUse::Broadcast);
        for (const auto* each :
             {"Concat", "Gather", "LayerNormalization", "LogSoftmax", "Softmax", "Split"})
            made.emplace(each, AxesUse::Attribute);
        return made;
    }();
    const auto found = uses.find(op);
    return found == uses.end() ? std::nullopt : std::optional(found->second);
}

[[noreturn]] void refuseToPart() {
    throw Error("it works along the axis that the batch is joined with");
}

/// An axis counted without the one that is added beside the batch, which is at `place`.
std::int64_t partedAxis(std::int64_t axis, std::size_t place, std::size_t rank) {
    const auto own = axisOf(axis, rank);
    if (own == place)
        refuseToPart();
    return static_cast<std::int64_t>(own > place ? own + 1 : own);
}

/// The axis of a node's attribute where the node has none.
std::int64_t usualAxis(const OnnxNode& node, std::int64_t opset) {
    const bool isSoftmax = node.op == "Softmax" || node.op == "LogSoftmax";
    if (isSoftmax)
        return opset < 13 ? 1 : -1;
    return node.op == "LayerNormalization" ? -1 : 0;
}

} // namespace

std::optional<LayerImport::PartedNode> LayerImport::partedNode(const OnnxNode& node) {
    const auto use = axesUseOf(node.op);
    const DataValue* first = nullptr;
    for (const auto& name : node.inputs)
        if (const auto found = data_.find(name);
            !first && found != data_.end() && found->second.joined)
            first = &found->second;
    if (!use || !first)
        return {};
    const auto place = batchAxis(*first);
    const auto rank = first->axes.size();
    PartedNode made{node, {first->shape[static_cast<std::size_t>(*first->joined)], first->isOuter}};
    const auto renamed = [&](std::size_t input) -> std::string& {
        return made.node.inputs[input] += " (batch apart)";
    };
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
        const auto& name = node.inputs[i];
        if (const auto found = data_.find(name); found != data_.end()) {
            const auto x = found->second;
            if (!x.joined || x.axes.size() != rank || batchAxis(x) != place ||
                x.isOuter != made.joined.isOuter ||
                x.shape[static_cast<std::size_t>(*x.joined)] != made.joined.rows)
                throw Error("the batch is joined with an axis in one of its inputs, and lies "
                            "otherwise in \"{}\"",
                            name);
            data_.insert_or_assign(renamed(i), parted(x));
            continue;
        }
        const auto* constant = name.empty() ? nullptr : folded(name);
        const bool isMatrix = *use == AxesUse::Product && constant && constant->shape().rank() <= 2;
        if (!constant || isMatrix || (*use != AxesUse::Broadcast && *use != AxesUse::Product))
            continue;
        auto lengths = constant->shape().dims();
        if (lengths.size() + place < rank)
            continue; // it is broadcast to the axis anyway
        const auto at = static_cast<std::ptrdiff_t>(lengths.size() + place - rank);
        // A file for one sample may hold what belongs to each place of the axis.
        const auto length = lengths[static_cast<std::size_t>(at)];
        const bool isOfRows = length == made.joined.rows && fixedBatch_ == std::int64_t{1};
        if (length != 1 && !isOfRows)
            refuseToPart();
        lengths.insert(lengths.begin() + at + (made.joined.isOuter ? 1 : 0), 1);
        auto longer = *constant;
        longer.tensor =
            std::make_shared<const Tensor>(constant->tensor->reshaped(Shape(std::move(lengths))));
        folded_.insert_or_assign(renamed(i), std::move(longer));
    }
    auto& attributes = made.node.attributes;
    if (*use == AxesUse::Product) {
        // Rows may be samples, as for any layer that works on them.
        const bool ofRows = place + 2 == rank && isData(node.inputs.at(0)) &&
                            node.inputs.size() == 2 && !isData(node.inputs[1]);
        if (place + 2 >= rank && !ofRows)
            refuseToPart();
    } else if (*use == AxesUse::Attribute) {
        const auto axis = partedAxis(node.integer("axis", usualAxis(node, opset())), place, rank);
        const bool flattens = opset() < 13 && (node.op == "Softmax" || node.op == "LogSoftmax");
        const bool isFromThere = flattens || node.op == "LayerNormalization";
        if ((isFromThere && axis < static_cast<std::int64_t>(place)) ||
            (flattens && axis != static_cast<std::int64_t>(rank)))
            refuseToPart();
        attributes.insert_or_assign("axis", axis);
    } else if (*use == AxesUse::Slices) {
        const bool byInputs = opset() >= 10;
        const auto* given = byInputs ? constantOrNull(node, 3, "axes") : nullptr;
        const auto count = byInputs ? constant(node, 1, "beginning").integers().size()
                                    : node.integers("starts").size();
        std::vector<std::int64_t> usual(count);
        std::iota(usual.begin(), usual.end(), 0);
        auto axes = axesOfNode(node, given, rank).value_or(std::move(usual));
        for (auto& axis : axes)
            axis = partedAxis(axis, place, rank);
        if (byInputs) {
            made.node.inputs.resize(std::max<std::size_t>(made.node.inputs.size(), 4));
            const auto length = static_cast<std::int64_t>(axes.size());
            folded_.insert_or_assign(renamed(3), foldedIntegers(std::move(axes), {length}));
        } else {
            attributes.insert_or_assign("axes", std::move(axes));
        }
    }
    return made;
}

DataValue LayerImport::joinedAgain(DataValue x, const JoinedBatch& joined) const {
    const auto place = batchAxis(x);
    const auto beside = joined.isOuter ? place - 1 : place + 1; // wraps around where it is 0
    if (beside >= x.axes.size() || x.axes[beside] < 0 || lengthAt(x, beside) != joined.rows)
        throw Error("it takes the batch apart from the axis that it is joined with");
    x.joined = x.axes[beside];
    x.isOuter = joined.isOuter;
    x.axes.erase(x.axes.begin() + static_cast<std::ptrdiff_t>(beside));
    return x;
}

} // namespace gradwright
