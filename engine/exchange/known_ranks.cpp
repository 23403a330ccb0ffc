// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/known_ranks.h"

#include <algorithm>
#include <array>

namespace gradwright {

KnownRanks::KnownRanks(const OnnxModel& model)
    : model_(model) {
    for (const auto& input : model.inputs)
        if (input.hasShape)
            ranks_[input.name] = input.axes.size();
    for (const auto& [name, tensor] : model.initializers)
        if (tensor.values)
            ranks_[name] = tensor.values->shape().rank();
}

std::optional<std::size_t> KnownRanks::at(const std::string& value) const {
    const auto found = ranks_.find(value);
    return found == ranks_.end() ? std::nullopt : std::optional(found->second);
}

void KnownRanks::learn(const OnnxNode& node) {
    if (const auto rank = rankOf(node))
        for (const auto& output : node.outputs)
            ranks_[output] = *rank;
}

std::optional<std::size_t> KnownRanks::elementsOf(const std::string& value) const {
    const auto found = model_.initializers.find(value);
    if (found == model_.initializers.end() || !found->second.values)
        return {};
    return static_cast<std::size_t>(found->second.values->elements());
}

std::optional<std::size_t> KnownRanks::rankOf(const OnnxNode& node) const {
    constexpr std::array<std::string_view, 24> kAlike = {
        "Relu",        "Sigmoid", "Tanh",      "Gelu",   "Erf",
        "Softmax",     "Exp",     "Sqrt",      "Neg",    "Clip",
        "LogSoftmax",  "Dropout", "Identity",  "Cast",   "LayerNormalization",
        "Transpose",   "Slice",   "Pad",       "Concat", "BatchNormalization",
        "AveragePool", "Conv",    "LeakyRelu", "MaxPool"};
    constexpr std::array<std::string_view, 7> kBroadcast = {"Add", "Sub",   "Mul",   "Div",
                                                            "Pow", "Where", "MatMul"};
    if (!node.domain.empty() || !node.hasInput(0))
        return {};
    if (node.op == "Gemm" || node.op == "Flatten")
        return 2;
    const auto first = at(node.inputs[0]);
    if (std::ranges::find(kAlike, node.op) != kAlike.end() || node.op == "Split")
        return first;
    if (std::ranges::find(kBroadcast, node.op) != kBroadcast.end()) {
        std::size_t most = 0;
        for (const auto& input : node.inputs) {
            const auto rank = at(input);
            if (!rank || (node.op == "MatMul" && *rank < 2))
                return {};
            most = std::max(most, *rank);
        }
        return most;
    }
    if (node.op == "Reshape" && node.hasInput(1))
        return elementsOf(node.inputs[1]);
    if (node.op != "Unsqueeze" && node.op != "Squeeze")
        return {};
    const auto axes =
        node.hasInput(1) ? elementsOf(node.inputs[1]) : std::optional(node.integers("axes").size());
    if (!first || !axes || *axes == 0 || (node.op == "Squeeze" && *axes > *first))
        return {};
    return node.op == "Squeeze" ? *first - *axes : *first + *axes;
}

} // namespace gradwright
