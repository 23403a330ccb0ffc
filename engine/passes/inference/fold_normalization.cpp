// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/inference/inference_model.h"

#include <algorithm>
#include <cmath>

namespace gradwright {
namespace {

/// Batch normalization with its running statistics: x · scale + shift for each channel.
struct ChannelLine {
    std::vector<double> scale, shift;
};

ChannelLine lineOf(const InferenceModel& model, const Op& op, const BatchNormOp& norm) {
    const auto scale = numbersOf(model.of(op.weights[0]));
    const auto shift = numbersOf(model.of(op.weights[1]));
    const auto mean = numbersOf(model.of(op.weights[2]));
    const auto variance = numbersOf(model.of(op.weights[3]));
    ChannelLine line;
    for (std::size_t c = 0; c < scale.size(); ++c) {
        const auto factor = scale[c] / std::sqrt(variance[c] + norm.epsilon);
        line.scale.push_back(factor);
        line.shift.push_back(shift[c] - mean[c] * factor);
    }
    return line;
}

bool isFinite(const ChannelLine& line) {
    const auto finite = [](double value) { return std::isfinite(value); };
    return std::ranges::all_of(line.scale, finite) && std::ranges::all_of(line.shift, finite);
}

/// A product whose weights can take a line in.
struct Product {
    std::vector<std::int64_t> kernel; ///< the weight's shape
    std::int64_t outputs = 0;
    std::int64_t groups = 1;
    bool transposed = false; ///< [inputs, outputs / groups, …] instead of [outputs, inputs / …]
    bool bias = false;
    bool isPadded = false; ///< with zeros that are no input

    [[nodiscard]] std::int64_t inner() const {
        std::int64_t taps = 1;
        for (std::size_t i = 2; i < kernel.size(); ++i)
            taps *= kernel[i];
        return taps;
    }
    /// The output channel of a row of the kernel's first two axes.
    [[nodiscard]] std::int64_t outputOf(std::int64_t first, std::int64_t second) const {
        if (!transposed)
            return first;
        return first / (kernel[0] / groups) * kernel[1] + second;
    }
    [[nodiscard]] std::int64_t inputOf(std::int64_t first, std::int64_t second) const {
        if (transposed)
            return first;
        return first / (outputs / groups) * kernel[1] + second;
    }
};

bool hasPadding(const Padding& padding) {
    return padding != Padding{};
}

std::optional<Product> productOf(const InferenceModel& model, const Op& op) {
    if (op.weights.empty())
        return {};
    const auto& shape = model.graph.weight(op.weights[0]).shape;
    Product product;
    product.kernel.assign(shape.begin(), shape.end());
    if (const auto* conv = std::get_if<ConvOp>(&op.attributes)) {
        product.outputs = conv->outChannels;
        product.groups = conv->groups;
        product.bias = conv->bias;
        product.isPadded = hasPadding(conv->padding);
        return product;
    }
    if (const auto* conv = std::get_if<ConvTransposeOp>(&op.attributes)) {
        product.outputs = conv->outChannels;
        product.groups = conv->groups;
        product.bias = conv->bias;
        product.transposed = true;
        product.isPadded = true; // its inputs reach different numbers of outputs
        return product;
    }
    if (const auto* dense = std::get_if<DenseOp>(&op.attributes)) {
        product.outputs = dense->units;
        product.bias = dense->bias;
        return product;
    }
    return {};
}

OpAttributes withBias(OpAttributes attributes) {
    std::visit(
        [](auto& op) {
            if constexpr (requires { op.bias; })
                op.bias = true;
        },
        attributes);
    return attributes;
}

/// visit(element, output channel, input channel)
template <class Visit>
void forEachWeight(const Product& product, const Visit& visit) {
    std::size_t element = 0;
    const auto taps = product.inner();
    for (std::int64_t first = 0; first < product.kernel[0]; ++first)
        for (std::int64_t second = 0; second < product.kernel[1]; ++second)
            for (std::int64_t tap = 0; tap < taps; ++tap)
                visit(element++, static_cast<std::size_t>(product.outputOf(first, second)),
                      static_cast<std::size_t>(product.inputOf(first, second)));
}

/// The weights of the product that stands for both; those of the product alone stay.
std::vector<WeightId> foldedWeights(InferenceModel& model, const Op& product, const Product& known,
                                    const std::vector<double>& kernel,
                                    const std::vector<double>& bias) {
    const auto write = [&](std::optional<WeightId> old, const char* name, Tensor like,
                           const std::vector<double>& numbers) {
        setNumbers(like, numbers);
        if (!old || !model.isOwn(*old))
            return model.add(fmt::format("{}/{}", product.path, name), std::move(like));
        model.of(*old) = std::move(like);
        return *old;
    };
    const auto& before = model.of(product.weights[0]);
    const Tensor emptyBias(before.dtype(), Shape{known.outputs});
    const auto kernelId = write(product.weights[0], "weight", before, kernel);
    const auto oldBias = known.bias ? std::optional(product.weights[1]) : std::nullopt;
    return {kernelId, write(oldBias, "bias", emptyBias, bias)};
}

std::vector<double> biasOf(const InferenceModel& model, const Op& op, const Product& product) {
    if (product.bias)
        return numbersOf(model.of(op.weights[1]));
    return std::vector<double>(static_cast<std::size_t>(product.outputs));
}

/// product, then normalization.
bool foldBackward(InferenceModel& model, std::size_t place, const ChannelLine& line) {
    auto& graph = model.graph;
    const auto norm = graph.ops()[place];
    const auto* before = graph.producerOf(norm.inputs[0]);
    if (!before || graph.usesOf(norm.inputs[0]).size() != 1 || graph.isResult(norm.inputs[0]))
        return false;
    const auto op = *before;
    const auto product = productOf(model, op);
    // A dense layer on a sequence has its units last, where the normalization takes steps.
    if (!product || product->outputs != static_cast<std::int64_t>(line.scale.size()) ||
        (std::holds_alternative<DenseOp>(op.attributes) &&
         graph.type(norm.inputs[0]).sample().rank() != 1))
        return false;
    auto kernel = numbersOf(model.of(op.weights[0]));
    auto bias = biasOf(model, op, *product);
    forEachWeight(*product, [&](std::size_t element, std::size_t output, std::size_t) {
        kernel[element] *= line.scale[output];
    });
    for (std::size_t c = 0; c < bias.size(); ++c)
        bias[c] = bias[c] * line.scale[c] + line.shift[c];
    graph.replace(place, withBias(op.attributes), op.inputs,
                  foldedWeights(model, op, *product, kernel, bias));
    return true;
}

/// Normalization, then one product. Zeros around the input are none of its values, so it has to be
/// without padding, or the line without shift.
bool foldForward(InferenceModel& model, std::size_t place, const ChannelLine& line) {
    auto& graph = model.graph;
    const auto norm = graph.ops()[place];
    const auto uses = graph.usesOf(norm.output());
    if (uses.size() != 1 || graph.isResult(norm.output()))
        return false;
    const auto op = graph.ops()[uses[0].op];
    const auto product = productOf(model, op);
    const bool shifts = std::ranges::any_of(line.shift, [](double shift) { return shift != 0; });
    if (!product || product->transposed || (product->isPadded && shifts) ||
        (std::holds_alternative<DenseOp>(op.attributes) &&
         graph.type(norm.output()).sample().rank() != 1))
        return false;
    auto kernel = numbersOf(model.of(op.weights[0]));
    auto bias = biasOf(model, op, *product);
    forEachWeight(*product, [&](std::size_t element, std::size_t output, std::size_t input) {
        bias[output] += kernel[element] * line.shift[input];
        kernel[element] *= line.scale[input];
    });
    auto inputs = op.inputs;
    inputs[0] = norm.inputs[0];
    graph.replace(uses[0].op, withBias(op.attributes), inputs,
                  foldedWeights(model, op, *product, kernel, bias));
    return true;
}

} // namespace

/// With running statistics a batch normalization is a line per channel, which a convolution or a
/// dense layer before it, or behind it, can compute: the kernel is scaled, the bias shifted.
void foldNormalization(InferenceModel& model, std::vector<Merge>& merges) {
    auto& graph = model.graph;
    for (std::size_t i = 0; i < graph.ops().size(); ++i) {
        const auto op = graph.ops()[i];
        const auto* norm = std::get_if<BatchNormOp>(&op.attributes);
        if (!norm || op.inputs.empty())
            continue;
        const auto line = lineOf(model, op, *norm);
        if (!isFinite(line))
            continue;
        const auto* producer = graph.producerOf(op.inputs[0]);
        const auto before = producer ? producer->path : std::string();
        const auto uses = graph.usesOf(op.output());
        const auto after = uses.empty() ? std::string() : graph.ops()[uses[0].op].path;
        if (foldBackward(model, i, line))
            merges.push_back({{before, op.path}});
        else if (foldForward(model, i, line))
            merges.push_back({{op.path, after}});
    }
}

} // namespace gradwright
