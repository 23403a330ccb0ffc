// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/quantization/quantize.h"

#include "engine/passes/eliminate.h"
#include "engine/passes/inference/optimize.h"
#include "engine/support/error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace gradwright {
namespace {

/// The op as a product with what follows it, or nothing.
std::optional<FusedProductOp> productIn(const Op& op) {
    if (const auto* conv = std::get_if<ConvOp>(&op.attributes))
        return FusedProductOp{.product = *conv, .parts = {op.path}};
    if (const auto* dense = std::get_if<DenseOp>(&op.attributes))
        return FusedProductOp{.product = *dense, .parts = {op.path}};
    if (const auto* fused = std::get_if<FusedProductOp>(&op.attributes))
        return *fused;
    return {};
}

/// The nearest whole number up to a limit; its 0 has no sign, as that of integers.
float wholeUpTo(double number, double most) {
    return static_cast<float>(std::clamp(std::nearbyint(number), -most, most)) + 0.0F;
}

/// Whether the op makes of integers integers of the same quantization.
bool keepsIntegers(const Op& op) {
    const auto* pool = std::get_if<PoolOp>(&op.attributes);
    return (pool && pool->kind == PoolKind::Max) ||
           std::holds_alternative<ReshapeOp>(op.attributes);
}

class Quantizer {
public:
    Quantizer(InferenceModel& model, const QuantizationPlan& plan)
        : model_(model)
        , graph_(model.graph) {
        std::set<std::string, std::less<>> found;
        for (const auto& product : quantizableProducts(graph_)) {
            const auto planned = plan.find(product.name);
            if (planned == plan.end())
                continue;
            found.insert(product.name);
            const auto id = graph_.ops()[product.place].id;
            chosen_.emplace(id, planned->second);
            order_.push_back(id);
            want(product.x, planned->second.x);
            if (product.addend && planned->second.addend)
                want(*product.addend, *planned->second.addend);
        }
        for (const auto& [name, layer] : plan)
            if (!found.contains(name))
                throw Error("the network has no product \"{}\" to be quantized", name);
    }

    void run() {
        for (const auto id : order_)
            quantizeProduct(id);
        eliminateDead(graph_);
        model_.dropUnused();
    }

private:
    void want(ValueId value, const Quantization& how) {
        const auto [place, isNew] = wanted_.emplace(value, how);
        if (!isNew && place->second != how)
            throw Error("{}: the products that read it quantize it in two ways",
                        graph_.value(value).path);
    }

    /// Whether all that reads the value takes integers.
    [[nodiscard]] bool isReadAsIntegers(ValueId value) const {
        if (graph_.isResult(value))
            return false;
        return std::ranges::all_of(graph_.usesOf(value), [&](const Use& use) {
            const auto& op = graph_.ops()[use.op];
            if (const auto chosen = chosen_.find(op.id); chosen != chosen_.end())
                return use.input == 0 || chosen->second.addend.has_value();
            return keepsIntegers(op) && isReadAsIntegers(op.output());
        });
    }

    ValueId scalar(Tensor values, const std::string& path) {
        return graph_.addConstant(std::move(values), path);
    }
    static Tensor number(double value, DType type) {
        return Tensor::of<double>({}, std::span<const double>(&value, 1)).to(type);
    }
    /// Scale and zero point, as QuantizeOp and DequantizeOp read them.
    std::vector<ValueId> withScale(ValueId value, const Quantization& how,
                                   const std::string& path) {
        return {value, scalar(number(how.scale, DType::F32), path + "/scale"),
                scalar(number(how.zero, how.type), path + "/zero")};
    }
    /// Behind what makes the value.
    [[nodiscard]] std::size_t placeBehind(ValueId value) const {
        const auto place = graph_.producerPlace(value);
        return place ? *place + 1 : 0;
    }
    ValueId insertBehind(ValueId value, OpAttributes attributes, std::vector<ValueId> inputs,
                         const std::string& path) {
        return graph_.insert(placeBehind(value), std::move(attributes), std::move(inputs), path)[0];
    }

    /// The value in integers, which `how` says.
    ValueId integersOf(ValueId value, const Quantization& how) {
        if (const auto made = integers_.find(value); made != integers_.end())
            return made->second;
        const auto* producer = graph_.producerOf(value);
        const auto path = graph_.value(value).path;
        if (producer && keepsIntegers(*producer)) {
            const auto attributes = producer->attributes;
            const auto name = producer->path;
            const auto from = integersOf(producer->inputs[0], how);
            return integers_[value] = insertBehind(from, attributes, {from}, name);
        }
        return integers_[value] = insertBehind(value, QuantizeOp{.to = how.type},
                                               withScale(value, how, path + "/int8"), path);
    }

    /// What a product adds that makes integers or real numbers, in these.
    ValueId addendFor(QuantizedProductOp& op, ValueId addend, const LayerQuantization& planned) {
        if (!planned.addend)
            return addend;
        // Where the value is made as integers alone, its real numbers are made of these.
        if (!op.result && !replaced_.contains(quantizedAt(graph_, addend)))
            return addend;
        const auto bytes = integersOf(addend, *planned.addend);
        if (op.result) {
            op.addend = planned.addend;
            return bytes;
        }
        const auto path = graph_.value(addend).path;
        return insertBehind(bytes, DequantizeOp{},
                            withScale(bytes, *planned.addend, path + "/real"), path);
    }

    void quantizeProduct(OpId id) {
        const auto op = graph_.ops()[*graph_.placeOf(id)];
        const auto& planned = chosen_.at(id);
        const auto product = *productIn(op);
        QuantizedProductOp made{.product = product.product,
                                .x = planned.x,
                                .adds = product.adds,
                                .activation = product.activation,
                                .parts = product.parts};
        const auto result = wanted_.find(op.output());
        if (result != wanted_.end() && isReadAsIntegers(op.output()))
            made.result = result->second;
        std::vector<ValueId> inputs{integersOf(op.inputs[0], planned.x)};
        if (product.adds)
            inputs.push_back(addendFor(made, op.inputs[1], planned));

        const auto* bias = op.weights.size() > 1 ? &model_.of(op.weights[1]) : nullptr;
        auto weights = quantizeWeights(model_.of(op.weights[0]), bias, planned.x.scale);
        made.scales = std::move(weights.scales);
        const auto keyOf = [&](WeightId weight) { return graph_.weight(weight).key + "/int8"; };
        std::vector<WeightId> ids{model_.add(keyOf(op.weights[0]), std::move(weights.kernel))};
        if (bias)
            ids.push_back(model_.add(keyOf(op.weights[1]), std::move(weights.bias)));
        const auto place = *graph_.placeOf(id);
        if (!made.result)
            return graph_.replace(place, made, inputs, ids);
        integers_[op.output()] = graph_.insert(place, made, inputs, op.path, ids)[0];
        replaced_.insert(op.output());
    }

    InferenceModel& model_;
    OpGraph& graph_;
    std::map<OpId, LayerQuantization> chosen_;
    std::vector<OpId> order_;
    std::map<ValueId, Quantization> wanted_; ///< by where they are quantized
    std::map<ValueId, ValueId> integers_;    ///< made so far
    std::set<ValueId> replaced_;             ///< results that are made in integers alone
};

} // namespace

std::vector<QuantizableProduct> quantizableProducts(const OpGraph& graph) {
    std::vector<QuantizableProduct> found;
    std::map<std::string, int> readers;
    for (std::size_t place = 0; place < graph.ops().size(); ++place) {
        const auto& op = graph.ops()[place];
        const auto product = productIn(op);
        if (!product || op.weights.empty())
            continue;
        const auto& key = graph.weight(op.weights[0]).key;
        const auto number = ++readers[key];
        QuantizableProduct made{.place = place,
                                .name = number == 1 ? key : fmt::format("{}#{}", key, number),
                                .layers = product->parts,
                                .x = quantizedAt(graph, op.inputs[0])};
        // A layer with an activation of its own is two parts.
        made.layers.erase(std::unique(made.layers.begin(), made.layers.end()), made.layers.end());
        // A normalization that was folded has given the op its path.
        if (auto own = key.substr(0, key.rfind('/'));
            std::ranges::find(made.layers, own) == made.layers.end())
            made.layers.insert(made.layers.begin(), std::move(own));
        if (product->adds)
            made.addend = quantizedAt(graph, op.inputs[1]);
        found.push_back(std::move(made));
    }
    return found;
}

QuantizationPlan planByStructure(const OpGraph& graph) {
    const auto quantizationOf = [&](ValueId value) {
        const auto* producer = graph.producerOf(value);
        const auto product = producer ? productIn(*producer) : std::nullopt;
        const bool isPositive = product && (product->activation.kind == ActivationKind::Relu ||
                                            product->activation.kind == ActivationKind::Relu6);
        constexpr float scale = 1.0F / 32;
        return Quantization{DType::U8, scale, isPositive ? 0 : 128};
    };
    QuantizationPlan plan;
    for (const auto& product : quantizableProducts(graph)) {
        LayerQuantization layer{.x = quantizationOf(product.x)};
        if (product.addend)
            layer.addend = quantizationOf(*product.addend);
        plan.emplace(product.name, layer);
    }
    return plan;
}

std::vector<DType> storedTypes(const OpGraph& graph, DType real) {
    std::vector<DType> types(graph.weights().size(), real);
    for (const auto& op : graph.ops())
        if (std::holds_alternative<QuantizedProductOp>(op.attributes)) {
            types[op.weights[0].index()] = DType::I8;
            if (op.weights.size() > 1)
                types[op.weights[1].index()] = DType::I32;
        }
    return types;
}

ValueId quantizedAt(const OpGraph& graph, ValueId value) {
    for (const auto* op = graph.producerOf(value); op && keepsIntegers(*op);
         op = graph.producerOf(value))
        value = op->inputs[0];
    return value;
}

QuantizedWeights quantizeWeights(const Tensor& kernel, const Tensor* bias, float scaleOfX) {
    const auto numbers = numbersOf(kernel);
    const auto offsets = bias ? numbersOf(*bias) : std::vector<double>{};
    const auto channels = static_cast<std::size_t>(kernel.shape()[0]);
    const auto each = numbers.size() / channels;
    QuantizedWeights made{{}, Tensor(DType::F32, kernel.shape()), {}};
    if (bias)
        made.bias = Tensor(DType::F32, bias->shape());
    const auto integers = made.kernel.span<float>();
    for (std::size_t c = 0; c < channels; ++c) {
        double largest = 0;
        for (std::size_t i = c * each; i < (c + 1) * each; ++i)
            largest = std::max(largest, std::abs(numbers[i]));
        double scale = largest / kMostKernelInteger;
        if (bias) // where the kernel is next to nothing
            scale = std::max(scale, std::abs(offsets[c]) / (scaleOfX * kMostBiasInteger));
        const auto stored = std::max(static_cast<float>(scale), std::numeric_limits<float>::min());
        made.scales.push_back(stored);
        for (std::size_t i = c * each; i < (c + 1) * each; ++i)
            integers[i] = wholeUpTo(numbers[i] / stored, kMostKernelInteger);
        if (bias)
            made.bias.span<float>()[c] =
                wholeUpTo(offsets[c] / (double{scaleOfX} * double{stored}), kMostBiasInteger);
    }
    return made;
}

void prepareForQuantization(InferenceModel& model) {
    optimize(model, {"share-equal-ops"});
}

void quantize(InferenceModel& model, const QuantizationPlan& plan) {
    Quantizer(model, plan).run();
}

} // namespace gradwright
