// SPDX-License-Identifier: GPL-3.0-or-later
//
// What exporters write as several nodes: activations, normalizations and attention.
#include "engine/exchange/import_patterns.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <optional>

namespace gradwright {
namespace {

class PatternFinder {
public:
    explicit PatternFinder(const PatternGraph& graph)
        : graph_(graph) {
        for (const auto& [name, readers] : graph_.readers)
            for (const auto* reader : readers)
                known_.insert(reader);
        for (const auto& node : graph_.model.nodes)
            for (const auto& output : node.outputs)
                makers_[output] = &node;
    }

    FoundPatterns find() {
        for (const auto& node : graph_.model.nodes) {
            if (!isOfStandard(node) || !known_.contains(&node) || taken_.contains(&node))
                continue;
            for (const auto& finder :
                 {&PatternFinder::activation, &PatternFinder::gated, &PatternFinder::norm,
                  &PatternFinder::zeros, &PatternFinder::localResponse, &PatternFinder::attention})
                if (auto pattern = tried(finder, node); pattern && keep(std::move(*pattern)))
                    break;
        }
        return std::move(found_);
    }

private:
    using Found = std::optional<Pattern>;

    /// An attribute of another type than its operator has is told when the node's turn comes.
    Found tried(Found (PatternFinder::*finder)(const OnnxNode&), const OnnxNode& node) {
        try {
            return (this->*finder)(node);
        } catch (const Error&) {
            return {};
        }
    }

    bool keep(Pattern pattern) {
        for (const auto* node : pattern.nodes)
            if (taken_.contains(node))
                return false;
        taken_.insert(pattern.nodes.begin(), pattern.nodes.end());
        const auto* last = pattern.last;
        found_.emplace(last, std::move(pattern));
        return true;
    }

    // The graph.
    /// Whether it is an operator of ONNX itself with the inputs and outputs that it has to have.
    static bool isOfStandard(const OnnxNode& node) {
        static const std::set<std::string_view> binary = {"Add", "Sub", "Mul",
                                                          "Div", "Pow", "MatMul"};
        return node.domain.empty() && !node.outputs.empty() &&
               (binary.contains(node.op) ? node.inputs.size() == 2 : !node.inputs.empty());
    }
    [[nodiscard]] const OnnxNode* makerOf(const std::string& name, std::string_view op) const {
        const auto found = makers_.find(name);
        const auto* node = found == makers_.end() ? nullptr : found->second;
        return node && node->op == op && isOfStandard(*node) ? node : nullptr;
    }
    /// The node that alone reads what `node` makes.
    [[nodiscard]] const OnnxNode* after(const OnnxNode* node, std::string_view op = {}) const {
        if (!node || node->outputs.empty() || graph_.outputs.contains(node->outputs[0]))
            return nullptr;
        const auto found = graph_.readers.find(node->outputs[0]);
        if (found == graph_.readers.end() || found->second.size() != 1)
            return nullptr;
        const auto* reader = found->second[0];
        return isOfStandard(*reader) && (op.empty() || reader->op == op) ? reader : nullptr;
    }
    /// The node of that operator that makes the value, which `reader` alone reads.
    [[nodiscard]] const OnnxNode* before(const std::string& name, std::string_view op) const {
        const auto* node = makerOf(name, op);
        return node && after(node) ? node : nullptr;
    }
    [[nodiscard]] std::optional<double> number(const std::string& name) const {
        const auto found = graph_.folded.find(name);
        if (found == graph_.folded.end() || found->second.tensor->elements() != 1 ||
            found->second.dependsOnBatch())
            return {};
        return found->second.numbers()[0];
    }
    [[nodiscard]] bool isNumber(const std::string& name, double value) const {
        const auto have = number(name);
        return have && std::abs(*have - value) <= 1e-6 * std::max(1.0, std::abs(value));
    }
    /// The number that a node of two inputs combines its other input with.
    struct Scaled {
        const OnnxNode* node;
        std::string input;
        double number;
    };
    [[nodiscard]] std::optional<Scaled> scaled(const OnnxNode* node, std::string_view op) const {
        if (!node || node->op != op || !node->domain.empty() || node->inputs.size() != 2)
            return {};
        if (const auto right = number(node->inputs[1]))
            return Scaled{node, node->inputs[0], *right};
        const auto left =
            op == "Div" || op == "Sub" || op == "Pow" ? std::nullopt : number(node->inputs[0]);
        return left ? std::optional(Scaled{node, node->inputs[1], *left}) : std::nullopt;
    }
    [[nodiscard]] std::optional<Scaled> scaledBy(const OnnxNode* node, std::string_view op,
                                                 double value) const {
        auto found = scaled(node, op);
        const bool fits =
            found && std::abs(found->number - value) <= 1e-5 * std::max(1.0, std::abs(value));
        return fits ? found : std::nullopt;
    }
    /// The node multiplies (or divides) by the value.
    [[nodiscard]] std::optional<Scaled> times(const OnnxNode* node, double value) const {
        if (auto found = scaledBy(node, "Mul", value))
            return found;
        return scaledBy(node, "Div", 1 / value);
    }
    [[nodiscard]] static std::optional<std::string> otherInput(const OnnxNode& node,
                                                               const std::string& input) {
        if (node.inputs.size() != 2 || (node.inputs[0] != input && node.inputs[1] != input))
            return {};
        return node.inputs[0] == input ? node.inputs[1] : node.inputs[0];
    }
    /// Whether nodes of the pattern alone read what its inner nodes make.
    [[nodiscard]] bool isClosed(const Pattern& pattern) const {
        for (const auto* node : pattern.nodes)
            for (const auto& output : node->outputs) {
                const auto found = graph_.readers.find(output);
                if (node == pattern.last)
                    continue;
                if (graph_.outputs.contains(output) || found == graph_.readers.end())
                    return false;
                for (const auto* reader : found->second)
                    if (!pattern.nodes.contains(reader))
                        return false;
            }
        return true;
    }
    Found closed(Pattern pattern) const {
        return isClosed(pattern) ? Found(std::move(pattern)) : std::nullopt;
    }

    // Activations.

    /// x · (1 + inner(x)) / 2, where `inner` is Erf or Tanh.
    Found halved(PatternKind kind, const std::string& x, const OnnxNode& inner,
                 std::set<const OnnxNode*> nodes) const {
        auto sum = scaledBy(after(&inner, "Add"), "Add", 1);
        if (!sum)
            return {};
        nodes.insert({&inner, sum->node});
        const auto* gate = sum->node;
        bool isHalved = false;
        if (const auto half = times(after(gate), 0.5)) {
            nodes.insert(half->node);
            gate = half->node;
            isHalved = true;
        }
        const auto* next = after(gate, "Mul");
        const auto other = next ? otherInput(*next, gate->outputs[0]) : std::nullopt;
        if (!other)
            return {};
        nodes.insert(next);
        if (*other == x && isHalved)
            return closed({kind, x, next, std::move(nodes)});
        if (*other == x) {
            const auto half = times(after(next), 0.5);
            if (!half)
                return {};
            nodes.insert(half->node);
            return closed({kind, x, half->node, std::move(nodes)});
        }
        for (const auto* op : {"Mul", "Div"})
            if (const auto half = times(before(*other, op), 0.5);
                !isHalved && half && half->input == x) {
                nodes.insert(half->node);
                return closed({kind, x, next, std::move(nodes)});
            }
        return {};
    }

    Found activation(const OnnxNode& node) {
        if (node.inputs.empty())
            return {};
        if (node.op == "Erf") {
            for (const auto* op : {"Mul", "Div"})
                if (const auto inner = times(before(node.inputs[0], op), std::numbers::sqrt2 / 2))
                    return halved(PatternKind::Gelu, inner->input, node, {inner->node});
            return {};
        }
        if (node.op == "Tanh")
            return geluTanh(node);
        if (node.op == "Sign") {
            const auto* next = after(&node, "Relu");
            return next ? closed({PatternKind::Step, node.inputs[0], next, {&node, next}})
                        : std::nullopt;
        }
        return {};
    }

    /// sqrt(2 / π) · (x + 0.044715 x³) inside.
    Found geluTanh(const OnnxNode& node) const {
        const auto outer = times(before(node.inputs[0], "Mul"), std::sqrt(2 / std::numbers::pi));
        const auto* sum = outer ? before(outer->input, "Add") : nullptr;
        if (!sum || sum->inputs.size() != 2)
            return {};
        for (std::size_t i = 0; i < 2; ++i) {
            const auto cubic = times(before(sum->inputs[i], "Mul"), 0.044715);
            const auto& x = sum->inputs[1 - i];
            if (!cubic)
                continue;
            if (const auto power = scaledBy(before(cubic->input, "Pow"), "Pow", 3);
                power && power->input == x)
                return halved(PatternKind::GeluTanh, x, node,
                              {outer->node, sum, cubic->node, power->node});
            const auto* product = before(cubic->input, "Mul");
            const auto other = product ? otherInput(*product, x) : std::nullopt;
            const auto* square = other ? before(*other, "Mul") : nullptr;
            if (square && square->inputs[0] == x && square->inputs[1] == x)
                return halved(PatternKind::GeluTanh, x, node,
                              {outer->node, sum, cubic->node, product, square});
        }
        return {};
    }

    /// x times a function of x.
    Found gated(const OnnxNode& node) {
        if (node.inputs.empty())
            return {};
        const auto& x = node.inputs[0];
        if (node.op == "Sigmoid")
            return product(PatternKind::Silu, x, node, {&node});
        if (node.op == "HardSigmoid" && std::abs(node.real("alpha", 0.2) - 1.0 / 6) < 1e-6 &&
            std::abs(node.real("beta", 0.5) - 0.5) < 1e-6)
            return product(PatternKind::HardSwish, x, node, {&node});
        if (node.op == "Softplus")
            if (const auto* tanh = after(&node, "Tanh"))
                return product(PatternKind::Mish, x, *tanh, {&node, tanh});
        if (node.op == "Clip")
            return clipped(node);
        return {};
    }

    Found product(PatternKind kind, const std::string& x, const OnnxNode& gate,
                  std::set<const OnnxNode*> nodes) const {
        const auto* next = after(&gate, "Mul");
        const auto other = next ? otherInput(*next, gate.outputs[0]) : std::nullopt;
        if (!other || *other != x)
            return {};
        nodes.insert(next);
        return closed({kind, x, next, std::move(nodes)});
    }

    /// Clip(x + 3, 0, 6) / 6, times x or not.
    Found clipped(const OnnxNode& node) {
        const auto bound = [&](std::string_view attribute, std::size_t input) {
            if (node.has(attribute))
                return std::optional(node.real(attribute, 0));
            return node.hasInput(input) ? number(node.inputs[input]) : std::nullopt;
        };
        const auto low = bound("min", 1);
        const auto high = bound("max", 2);
        const auto sum = scaledBy(before(node.inputs[0], "Add"), "Add", 3);
        if (!sum || low != 0.0 || high != 6.0)
            return {};
        const auto& x = sum->input;
        std::set<const OnnxNode*> nodes{&node, sum->node};
        if (const auto sixth = times(after(&node), 1.0 / 6)) {
            nodes.insert(sixth->node);
            if (auto whole = product(PatternKind::HardSwish, x, *sixth->node, nodes))
                return whole;
            return closed({PatternKind::HardSigmoid, x, sixth->node, nodes});
        }
        auto inner = product(PatternKind::HardSwish, x, node, nodes);
        if (!inner)
            return {};
        const auto sixth = times(after(inner->last), 1.0 / 6);
        if (!sixth)
            return {};
        inner->nodes.insert(sixth->node);
        inner->last = sixth->node;
        return closed(std::move(*inner));
    }

    // Normalizations.

    /// A mean with its axes.
    const OnnxNode* meanOf(const std::string& name, std::vector<std::int64_t>& axes) const {
        const auto* mean = makerOf(name, "ReduceMean");
        if (!mean || mean->integer("keepdims", 1) != 1)
            return nullptr;
        axes = mean->integers("axes");
        if (mean->hasInput(1)) {
            const auto found = graph_.folded.find(mean->inputs[1]);
            if (found == graph_.folded.end())
                return nullptr;
            axes = found->second.integers();
        }
        return axes.empty() ? nullptr : mean;
    }

    /// x / sqrt(mean(x²) + ε), with or without the mean taken from x before.
    Found norm(const OnnxNode& node) {
        if (node.op != "Sqrt" || node.inputs.size() != 1)
            return {};
        const auto sum = scaled(before(node.inputs[0], "Add"), "Add");
        Pattern pattern{PatternKind::RmsNorm, {}, nullptr, {&node}};
        const auto* mean = sum ? meanOf(sum->input, pattern.axes) : nullptr;
        if (!mean || !after(mean))
            return {};
        const auto* square = before(mean->inputs[0], "Mul");
        if (!square)
            square = before(mean->inputs[0], "Pow");
        if (!square)
            return {};
        const auto& x = square->inputs[0];
        if (square->op == "Mul" ? square->inputs[1] != x : !isNumber(square->inputs[1], 2))
            return {};
        pattern.nodes.insert({sum->node, mean, square});
        const auto* last = after(&node);
        if (const auto* reciprocal = after(&node, "Reciprocal")) {
            pattern.nodes.insert(reciprocal);
            last = after(reciprocal, "Mul");
            if (!last || otherInput(*last, reciprocal->outputs[0]) != x)
                return {};
        } else if (!last || last->op != "Div" || last->inputs[0] != x) {
            return {};
        }
        pattern.nodes.insert(last);
        pattern.last = last;
        pattern.input = x;
        pattern.numbers = {sum->number};
        if (auto whole = centred(pattern))
            return whole;
        return closed(std::move(pattern));
    }

    /// The same of y - mean(y).
    Found centred(Pattern pattern) const {
        const auto* difference = makerOf(pattern.input, "Sub");
        if (!difference)
            return {};
        std::vector<std::int64_t> axes;
        const auto* mean = meanOf(difference->inputs[1], axes);
        if (!mean || axes != pattern.axes || mean->inputs[0] != difference->inputs[0])
            return {};
        pattern.kind = PatternKind::LayerNorm;
        pattern.input = difference->inputs[0];
        pattern.nodes.insert({difference, mean});
        return closed(std::move(pattern));
    }

    Found zeros(const OnnxNode& node) {
        if (node.op != "Sub" || node.inputs.size() != 2 || node.inputs[0] != node.inputs[1])
            return {};
        return Pattern{PatternKind::Zeros, node.inputs[0], &node, {&node}};
    }

    /// x / (k + α · mean of x² over neighbouring channels)^β, the mean by a pooling.
    Found localResponse(const OnnxNode& node) {
        if (node.op != "Div" || node.inputs.size() != 2)
            return {};
        const auto& x = node.inputs[0];
        const auto power = scaled(before(node.inputs[1], "Pow"), "Pow");
        const auto sum = power ? scaled(before(power->input, "Add"), "Add") : std::nullopt;
        const auto product = sum ? scaled(before(sum->input, "Mul"), "Mul") : std::nullopt;
        const auto* back = product ? before(product->input, "Reshape") : nullptr;
        const auto* pool = back ? before(back->inputs[0], "AveragePool") : nullptr;
        const auto* reshape = pool ? before(pool->inputs[0], "Reshape") : nullptr;
        const auto* square = reshape ? before(reshape->inputs[0], "Mul") : nullptr;
        if (!square || square->inputs != std::vector<std::string>{x, x})
            return {};
        const auto kernel = pool->integers("kernel_shape");
        if (kernel.size() != 2 || kernel[1] != 1 || pool->integer("count_include_pad", 0) != 1 ||
            pool->integers("strides", {1, 1}) != std::vector<std::int64_t>{1, 1} ||
            pool->integers("pads", {0, 0, 0, 0}) !=
                std::vector<std::int64_t>{kernel[0] / 2, 0, kernel[0] - 1 - kernel[0] / 2, 0})
            return {};
        return closed(
            {PatternKind::LocalResponseNorm,
             x,
             &node,
             {&node, power->node, sum->node, product->node, back, pool, reshape, square},
             {static_cast<double>(kernel[0]), product->number, power->number, sum->number},
             {},
             {reshape}});
    }

    // Attention: softmax(Q Kᵀ · scale) V per head, of one product that holds Q, K and V, and a
    // product behind it.

    struct Head {
        const OnnxNode *transpose, *reshape;
    };
    std::optional<Head> head(const std::string& name, const std::string& part,
                             const std::vector<std::int64_t>& perm) const {
        const auto* transpose = before(name, "Transpose");
        if (!transpose || transpose->integers("perm") != perm)
            return {};
        const auto* reshape = before(transpose->inputs[0], "Reshape");
        if (!reshape || reshape->inputs.size() != 2 || reshape->inputs[0] != part)
            return {};
        return Head{transpose, reshape};
    }

    Found attention(const OnnxNode& split) {
        if (split.op != "Split" || split.outputs.size() != 3)
            return {};
        const auto* product = before(split.inputs[0], "Add");
        const auto* bias = product;
        if (bias) {
            for (const auto& input : bias->inputs)
                if (const auto* found = before(input, "MatMul"))
                    product = found;
        } else {
            product = before(split.inputs[0], "MatMul");
        }
        if (!product || product->op != "MatMul")
            return {};
        const auto* softmax = softmaxBehind(split);
        if (!softmax || softmax->integer("axis", -1) != -1)
            return {};
        Pattern pattern{PatternKind::Attention, product->inputs[0], nullptr, {&split, product}};
        if (bias)
            pattern.nodes.insert(bias);
        pattern.nodes.insert(softmax);
        const OnnxNode* mask = before(softmax->inputs[0], "Add");
        std::string scores = softmax->inputs[0];
        if (mask) {
            pattern.flag = true;
            pattern.nodes.insert(mask);
            scores = graph_.folded.contains(mask->inputs[1]) ? mask->inputs[0] : mask->inputs[1];
        }
        const auto scale = scaled(before(scores, "Mul"), "Mul");
        const auto* inner = scale ? before(scale->input, "MatMul") : nullptr;
        const auto* outer = after(softmax, "MatMul");
        if (!inner || !outer || outer->inputs[0] != softmax->outputs[0])
            return {};
        const auto q = head(inner->inputs[0], split.outputs[0], {0, 2, 1, 3});
        const auto k = head(inner->inputs[1], split.outputs[1], {0, 2, 3, 1});
        const auto v = head(outer->inputs[1], split.outputs[2], {0, 2, 1, 3});
        const auto* turned = after(outer, "Transpose");
        const auto* joined = after(turned, "Reshape");
        const auto* result = after(joined, "MatMul");
        if (!q || !k || !v || !result ||
            turned->integers("perm") != std::vector<std::int64_t>{0, 2, 1, 3})
            return {};
        pattern.nodes.insert({scale->node, inner, outer, turned, joined, result});
        for (const auto& each : {*q, *k, *v})
            pattern.nodes.insert({each.transpose, each.reshape});
        const auto* shift = after(result, "Add");
        const auto other = shift ? otherInput(*shift, result->outputs[0]) : std::nullopt;
        const bool hasShift = bias && other && graph_.folded.contains(*other);
        if (hasShift)
            pattern.nodes.insert(shift);
        pattern.last = hasShift ? shift : result;
        pattern.numbers = {scale->number};
        // In the order in which the translation takes them.
        pattern.parts = {product,    bias,       q->reshape,
                         mask,       result,     hasShift ? shift : nullptr,
                         k->reshape, v->reshape, &split};
        return closed(std::move(pattern));
    }

    /// The Softmax to which queries lead through reshaping and products.
    const OnnxNode* softmaxBehind(const OnnxNode& split) const {
        const auto* node = after(&split);
        for (int steps = 0; node && steps < 6; ++steps) {
            if (node->op == "Softmax")
                return node;
            node = after(node);
        }
        return nullptr;
    }

    const PatternGraph& graph_;
    std::set<const OnnxNode*> known_, taken_;
    std::map<std::string_view, const OnnxNode*> makers_;
    FoundPatterns found_;
};

} // namespace

FoundPatterns findPatterns(const PatternGraph& graph) {
    return PatternFinder(graph).find();
}

} // namespace gradwright
