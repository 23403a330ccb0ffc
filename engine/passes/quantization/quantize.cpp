// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/quantization/quantize.h"

#include "engine/passes/eliminate.h"
#include "engine/passes/inference/optimize.h"
#include "engine/passes/quantization/integer_groups.h"
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

/// A pool that takes means, or nothing: as a QuantizedPoolOp without its quantizations.
std::optional<QuantizedPoolOp> poolIn(const Op& op) {
    if (std::holds_alternative<GlobalAveragePoolOp>(op.attributes))
        return QuantizedPoolOp{.global = true};
    const auto* pool = std::get_if<PoolOp>(&op.attributes);
    if (!pool || pool->kind != PoolKind::Average)
        return {};
    return QuantizedPoolOp{.pool = *pool};
}

/// How the values are quantized that products and pools of a plan read, each as it is read.
std::map<ValueId, Quantization> wantedBy(const OpGraph& graph, const QuantizationPlan& plan) {
    std::map<ValueId, Quantization> wanted;
    const auto want = [&](ValueId value, const Quantization& how) {
        const auto [place, isNew] = wanted.emplace(value, how);
        if (!isNew && place->second != how)
            throw Error("{}: what reads it quantizes it in two ways", graph.value(value).path);
    };
    const auto add = [&](const Op& op, const std::string& name) {
        const auto planned = plan.find(name);
        if (planned == plan.end())
            return;
        want(op.inputs[0], planned->second.x);
        if (op.inputs.size() > 1 && planned->second.addend)
            want(op.inputs[1], *planned->second.addend);
    };
    for (const auto& product : quantizableProducts(graph))
        add(graph.ops()[product.place], product.name);
    for (const auto& pool : quantizablePools(graph))
        add(graph.ops()[pool.place], pool.name);
    return wanted;
}

class Quantizer {
public:
    Quantizer(InferenceModel& model, const QuantizationPlan& plan)
        : model_(model)
        , graph_(model.graph)
        , groups_(model.graph, wantedBy(model.graph, plan)) {
        std::set<std::string, std::less<>> found;
        const auto choose = [&](const auto& each) {
            const auto planned = plan.find(each.name);
            if (planned == plan.end())
                return;
            found.insert(each.name);
            chosen_.emplace(graph_.ops()[each.place].id, planned->second);
        };
        std::ranges::for_each(quantizableProducts(graph_), choose);
        std::ranges::for_each(quantizablePools(graph_), choose);
        for (const auto& [name, layer] : plan)
            if (!found.contains(name))
                throw Error("the network has no product \"{}\" to be quantized", name);
        leaveOutPools();
        for (const auto& op : graph_.ops())
            if (chosen_.contains(op.id))
                order_.push_back(op.id);
    }

    void run() {
        for (const auto id : order_)
            if (poolIn(graph_.ops()[*graph_.placeOf(id)]))
                quantizePool(id);
            else
                quantizeProduct(id);
        eliminateDead(graph_);
        model_.dropUnused();
    }

private:
    /// A pool takes integers where these come from a product and go to one, and nobody else reads
    /// what lies between: else real numbers are more exact, and as fast.
    void leaveOutPools() {
        for (bool changed = true; changed;) {
            changed = false;
            for (const auto& op : graph_.ops())
                if (poolIn(op) && chosen_.contains(op.id) && !suits(op)) {
                    chosen_.erase(op.id);
                    changed = true;
                }
        }
    }
    [[nodiscard]] bool suits(const Op& pool) const {
        return groups_.wantedOf(pool.output()) && isReadAsIntegers(pool.output()) &&
               std::ranges::all_of(groups_.sourcesOf(pool.inputs[0]), [&](ValueId source) {
                   const auto* producer = graph_.producerOf(source);
                   return producer && chosen_.contains(producer->id) && isReadAsIntegers(source);
               });
    }

    /// Whether all that reads the value takes integers.
    [[nodiscard]] bool isReadAsIntegers(ValueId value) const {
        if (graph_.isResult(value))
            return false;
        return std::ranges::all_of(graph_.usesOf(value), [&](const Use& use) {
            const auto& op = graph_.ops()[use.op];
            if (const auto chosen = chosen_.find(op.id); chosen != chosen_.end())
                return use.input == 0 || chosen->second.addend.has_value();
            return groups_.keeps(op) && std::ranges::all_of(op.outputs, [&](ValueId output) {
                       return isReadAsIntegers(output);
                   });
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
        if (producer && groups_.keeps(*producer)) {
            const auto moved = *producer;
            std::vector<ValueId> from;
            for (const auto input : moved.inputs)
                from.push_back(integersOf(input, how));
            const auto made = graph_.insert(placeBehind(value), moved.attributes, from, moved.path);
            for (std::size_t i = 0; i < made.size(); ++i)
                integers_[moved.outputs[i]] = made[i];
            return integers_.at(value);
        }
        return integers_[value] = insertBehind(value, QuantizeOp{.to = how.type},
                                               withScale(value, how, path + "/int8"), path);
    }

    /// Whether the value is made of results that are made in integers alone.
    [[nodiscard]] bool isReplaced(ValueId value) const {
        if (replaced_.contains(value))
            return true;
        const auto* producer = graph_.producerOf(value);
        return producer && groups_.keeps(*producer) &&
               std::ranges::any_of(producer->inputs,
                                   [&](ValueId input) { return isReplaced(input); });
    }

    /// What a product adds that makes integers or real numbers, in these.
    ValueId addendFor(QuantizedProductOp& op, ValueId addend, const LayerQuantization& planned) {
        if (!planned.addend)
            return addend;
        // Where the value is made as integers alone, its real numbers are made of these.
        if (!op.result && !isReplaced(addend))
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
        if (isReadAsIntegers(op.output()))
            made.result = groups_.wantedOf(op.output());
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

    void quantizePool(OpId id) {
        const auto op = graph_.ops()[*graph_.placeOf(id)];
        auto made = *poolIn(op);
        made.x = chosen_.at(id).x;
        made.result = *groups_.wantedOf(op.output());
        const auto x = integersOf(op.inputs[0], made.x);
        integers_[op.output()] = graph_.insert(*graph_.placeOf(id), made, {x}, op.path)[0];
        replaced_.insert(op.output());
    }

    InferenceModel& model_;
    OpGraph& graph_;
    IntegerGroups groups_;
    std::map<OpId, LayerQuantization> chosen_;
    std::vector<OpId> order_;
    std::map<ValueId, ValueId> integers_; ///< made so far
    std::set<ValueId> replaced_;          ///< results that are made in integers alone
};

} // namespace

std::vector<QuantizableProduct> quantizableProducts(const OpGraph& graph) {
    const IntegerGroups groups(graph);
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
                                .x = groups.rootOf(op.inputs[0])};
        // A layer with an activation of its own is two parts.
        made.layers.erase(std::unique(made.layers.begin(), made.layers.end()), made.layers.end());
        // A normalization that was folded has given the op its path. Only the first of those that
        // share a kernel is the layer of that name.
        if (auto own = key.substr(0, key.rfind('/'));
            number == 1 && std::ranges::find(made.layers, own) == made.layers.end())
            made.layers.insert(made.layers.begin(), std::move(own));
        if (product->adds)
            made.addend = groups.rootOf(op.inputs[1]);
        found.push_back(std::move(made));
    }
    return found;
}

std::vector<QuantizablePool> quantizablePools(const OpGraph& graph) {
    const IntegerGroups groups(graph);
    std::vector<QuantizablePool> found;
    std::map<std::string, int> places;
    for (std::size_t place = 0; place < graph.ops().size(); ++place) {
        const auto& op = graph.ops()[place];
        if (!poolIn(op))
            continue;
        const auto number = ++places[op.path];
        found.push_back({.place = place,
                         .name = number == 1 ? op.path : fmt::format("{}#{}", op.path, number),
                         .x = groups.rootOf(op.inputs[0]),
                         .y = groups.rootOf(op.output())});
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
    for (const auto& pool : quantizablePools(graph))
        plan.emplace(pool.name, LayerQuantization{.x = quantizationOf(pool.x)});
    return plan;
}

std::vector<DType> storedTypes(const OpGraph& graph, DType real) {
    std::vector<DType> types(graph.weights().size(), real);
    for (const auto& op : graph.ops())
        if (std::holds_alternative<PackedDenseOp>(op.attributes)) {
            types[op.weights[0].index()] = DType::I8;
        } else if (std::holds_alternative<QuantizedProductOp>(op.attributes)) {
            types[op.weights[0].index()] = DType::I8;
            if (op.weights.size() > 1)
                types[op.weights[1].index()] = DType::I32;
        }
    return types;
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
