// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/quantization/equalize.h"

#include "engine/support/error.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace gradwright {
namespace {

constexpr int kMostSweeps = 50;
constexpr double kSettledChange = 1e-3; ///< of the logarithm of a scale

/// What multiplies, whatever follows it.
const std::variant<ConvOp, DenseOp>* variantOf(const Op& op, std::variant<ConvOp, DenseOp>& own) {
    if (const auto* conv = std::get_if<ConvOp>(&op.attributes))
        return &(own = *conv);
    if (const auto* dense = std::get_if<DenseOp>(&op.attributes))
        return &(own = *dense);
    const auto* fused = std::get_if<FusedProductOp>(&op.attributes);
    return fused ? &fused->product : nullptr;
}

/// Whether f(a · x) = a · f(x) for a > 0 of what follows the product, which adds nothing.
bool scalesThrough(const Op& op) {
    const auto* fused = std::get_if<FusedProductOp>(&op.attributes);
    if (!fused)
        return true;
    const auto kind = fused->activation.kind;
    return !fused->adds && (kind == ActivationKind::Identity || kind == ActivationKind::Relu ||
                            kind == ActivationKind::LeakyRelu);
}

/// Two products and the channels between them.
struct EqualizedPair {
    WeightId first{}, second{};
    std::optional<WeightId> bias{}; ///< of the first
    std::int64_t channels = 0;
    std::int64_t groups = 1;   ///< of the second
    std::int64_t elements = 1; ///< of the second's kernel for each channel and output
};

class Equalizer {
public:
    explicit Equalizer(InferenceModel& model)
        : model_(model)
        , graph_(model.graph) {
        for (const auto& product : quantizableProducts(graph_))
            if (const auto pair = pairBefore(graph_.ops()[product.place]))
                pairs_.push_back(*pair);
    }

    std::size_t run() {
        for (int sweep = 0; sweep < kMostSweeps; ++sweep) {
            double change = 0;
            for (const auto& pair : pairs_)
                change = std::max(change, equalizePair(pair));
            if (change < kSettledChange)
                break;
        }
        return pairs_.size();
    }

private:
    [[nodiscard]] bool isReadOnce(ValueId value) const {
        return !graph_.isResult(value) && graph_.usesOf(value).size() == 1;
    }

    /// With the product that makes what `op` reads.
    [[nodiscard]] std::optional<EqualizedPair> pairBefore(const Op& op) const {
        std::variant<ConvOp, DenseOp> own, other;
        const auto* second = variantOf(op, own);
        const auto& given = graph_.type(op.inputs[0]).sample();
        const auto* maker = &op;
        std::vector<Shape> pooled;
        do {
            if (!isReadOnce(maker->inputs[0]))
                return {};
            maker = graph_.producerOf(maker->inputs[0]);
            if (maker && !std::holds_alternative<ReshapeOp>(maker->attributes))
                pooled.push_back(graph_.type(maker->inputs[0]).sample());
        } while (maker && (std::holds_alternative<PoolOp>(maker->attributes) ||
                           std::holds_alternative<GlobalAveragePoolOp>(maker->attributes) ||
                           std::holds_alternative<ReshapeOp>(maker->attributes)));
        const auto* first = maker ? variantOf(*maker, other) : nullptr;
        if (!first || maker->weights.empty() || !scalesThrough(*maker) ||
            !model_.isOwn(maker->weights[0]) || !model_.isOwn(op.weights[0]))
            return {};
        const auto& made = graph_.type(maker->output()).sample();
        pooled.pop_back(); // what the product itself reads
        if (std::ranges::any_of(pooled, [&](const Shape& shape) {
                return shape.rank() != made.rank() || shape[0] != made[0];
            }))
            return {}; // a reshape in front of a pool may mix channels
        EqualizedPair pair{.first = maker->weights[0],
                           .second = op.weights[0],
                           .channels = graph_.weight(maker->weights[0]).shape[0]};
        if (maker->weights.size() > 1) {
            if (!model_.isOwn(maker->weights[1]))
                return {};
            pair.bias = maker->weights[1];
        }
        // Channels come first, of images as of vectors.
        const bool isVector = made.rank() == 1;
        if (made[0] != pair.channels || (!isVector && std::holds_alternative<DenseOp>(*first)))
            return {};
        const auto& kernel = graph_.weight(op.weights[0]).shape;
        if (const auto* conv = std::get_if<ConvOp>(second)) {
            if (given[0] != pair.channels || given.rank() != made.rank())
                return {};
            pair.groups = conv->groups;
            pair.elements = kernel.elements() / (kernel[0] * kernel[1]);
            return pair;
        }
        if (given.rank() != 1 || given[0] % pair.channels != 0)
            return {};
        pair.elements = given[0] / pair.channels;
        return pair;
    }

    /// Returns the largest change of the logarithm of a scale.
    double equalizePair(const EqualizedPair& pair) {
        auto first = numbersOf(model_.of(pair.first));
        auto second = numbersOf(model_.of(pair.second));
        auto bias = pair.bias ? numbersOf(model_.of(*pair.bias)) : std::vector<double>{};
        const auto row = static_cast<std::int64_t>(first.size()) / pair.channels;
        const auto inGroup = pair.channels / pair.groups;
        const auto outputs =
            static_cast<std::int64_t>(second.size()) / (inGroup * pair.elements) / pair.groups;
        // Calls visit with each element of the second kernel that reads the channel.
        const auto eachOf = [&](std::int64_t channel, const auto& visit) {
            const auto group = channel / inGroup;
            for (std::int64_t o = group * outputs; o < (group + 1) * outputs; ++o)
                for (std::int64_t i = 0; i < pair.elements; ++i)
                    visit(second[static_cast<std::size_t>(
                        (o * inGroup + channel % inGroup) * pair.elements + i)]);
        };
        double change = 0;
        for (std::int64_t c = 0; c < pair.channels; ++c) {
            double r1 = 0, r2 = 0;
            const auto own = std::span(first).subspan(static_cast<std::size_t>(c * row),
                                                      static_cast<std::size_t>(row));
            for (const double value : own)
                r1 = std::max(r1, std::abs(value));
            eachOf(c, [&](double& value) { r2 = std::max(r2, std::abs(value)); });
            if (r1 == 0 || r2 == 0)
                continue; // such a channel is read by nobody, or is its bias alone
            const double scale = std::sqrt(r1 / r2);
            change = std::max(change, std::abs(std::log(scale)));
            for (double& value : own)
                value /= scale;
            if (pair.bias)
                bias[static_cast<std::size_t>(c)] /= scale;
            eachOf(c, [&](double& value) { value *= scale; });
        }
        setNumbers(model_.of(pair.first), first);
        setNumbers(model_.of(pair.second), second);
        if (pair.bias)
            setNumbers(model_.of(*pair.bias), bias);
        return change;
    }

    InferenceModel& model_;
    OpGraph& graph_;
    std::vector<EqualizedPair> pairs_;
};

} // namespace

std::size_t equalize(InferenceModel& model) {
    return Equalizer(model).run();
}

void correctBiases(InferenceModel& model, const QuantizationPlan& plan, const InputMeans& means) {
    for (const auto& product : quantizableProducts(model.graph)) {
        const auto& op = model.graph.ops()[product.place];
        const auto planned = plan.find(product.name);
        const auto mean = means.find(product.name);
        if (planned == plan.end() || mean == means.end() || op.weights.size() < 2 ||
            !model.isOwn(op.weights[1]))
            continue;
        const auto& kernel = model.of(op.weights[0]);
        auto bias = numbersOf(model.of(op.weights[1]));
        const auto exact = numbersOf(kernel);
        const auto made =
            quantizeWeights(kernel, &model.of(op.weights[1]), planned->second.x.scale);
        const auto whole = numbersOf(made.kernel);
        const auto outputs = bias.size();
        const auto row = exact.size() / outputs;
        const auto inputs = static_cast<std::size_t>(kernel.shape()[1]); ///< of a group
        const auto taps = row / inputs;
        const auto groups = mean->second.size() / inputs;
        if (groups * inputs != mean->second.size() || groups == 0 || outputs % groups != 0)
            throw Error("{} reads {} channels, and there are {} means", product.name, inputs,
                        mean->second.size());
        for (std::size_t o = 0; o < outputs; ++o) {
            const auto first = o / (outputs / groups) * inputs;
            for (std::size_t i = 0; i < row; ++i)
                bias[o] -= (whole[o * row + i] * double{made.scales[o]} - exact[o * row + i]) *
                           mean->second[first + i / taps];
        }
        setNumbers(model.of(op.weights[1]), bias);
    }
}

} // namespace gradwright
