// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/error.h"
#include "engine/training/recipes/losses.h"
#include "engine/training/written_value.h"

#include <cmath>
#include <span>

namespace gradwright {
namespace {

std::span<const double> rowOf(const BatchTrace& trace, ValueId value, std::int64_t sample) {
    const auto& tensor = trace.value(value);
    const auto size = static_cast<std::size_t>(tensor.elements() / trace.samples);
    return tensor.span<double>().subspan(static_cast<std::size_t>(sample) * size, size);
}

std::string negative(double value) {
    return value < 0 ? fmt::format("({})", shownNumber(value)) : shownNumber(value);
}

/// -ln of the probability of the right class; nothing where smoothing or weights change that.
std::string crossEntropyText(const BatchTrace& trace, const Op& op, std::int64_t sample,
                             double cost) {
    const auto& loss = std::get<SoftmaxCrossEntropyOp>(op.attributes);
    const bool isPlain =
        loss.labelSmoothing == 0 && loss.focusing == 0 && loss.classWeights.empty();
    const auto logits = rowOf(trace, op.inputs[0], sample);
    const auto labels = trace.labels.size() / static_cast<std::size_t>(trace.samples);
    if (!isPlain || labels != 1)
        return {};
    const auto label = static_cast<std::size_t>(trace.labels[static_cast<std::size_t>(sample)]);
    if (label >= logits.size())
        return {};
    double sum = 0;
    for (const auto logit : logits)
        sum += std::exp(logit - logits[label]);
    // Next to 1 the distance counts: "-ln 1 = 7.2e-08" would be no equation.
    const auto shown = shownNumber(1 / sum);
    const bool isAlmostOne = sum > 1 && shown == "1";
    return fmt::format("The truth is {}; softmax gives it {}. C = -ln {} = {}",
                       trace.network->data.classes[label],
                       isAlmostOne ? fmt::format("1 - {}", shownNumber((sum - 1) / sum)) : shown,
                       isAlmostOne ? fmt::format("(1 - {})", shownNumber((sum - 1) / sum)) : shown,
                       shownNumber(cost));
}

std::string squaredErrorText(const BatchTrace& trace, const Op& op, std::int64_t sample,
                             double cost) {
    const auto answer = rowOf(trace, op.inputs[0], sample);
    const auto truth = rowOf(trace, op.inputs[1], sample);
    constexpr std::size_t kMost = 4;
    std::string terms;
    for (std::size_t i = 0; i < std::min(answer.size(), kMost); ++i)
        terms += fmt::format("{}({} - {})²", i > 0 ? " + " : "", shownNumber(answer[i]),
                             negative(truth[i]));
    if (answer.size() > kMost)
        terms += fmt::format(" + … {} more", answer.size() - kMost);
    return fmt::format("C = 1/{} * [{}] = {}", answer.size(), terms, shownNumber(cost));
}

std::string binaryText(const BatchTrace& trace, const Op& op, std::int64_t sample, double cost) {
    const auto& loss = std::get<ElementLossOp>(op.attributes);
    const auto answer = rowOf(trace, op.inputs[0], sample);
    const auto truth = rowOf(trace, op.inputs[1], sample);
    if (loss.kind != ElementLossKind::BinaryCrossEntropy || loss.parameter != 1 ||
        answer.size() != 1)
        return {};
    const double p = 1 / (1 + std::exp(-answer[0]));
    if (truth[0] == 1)
        return fmt::format("The truth is 1; σ({}) = {}. C = -ln {} = {}", shownNumber(answer[0]),
                           shownNumber(p), shownNumber(p), shownNumber(cost));
    if (truth[0] == 0)
        return fmt::format("The truth is 0; σ({}) = {}. C = -ln(1 - {}) = {}",
                           shownNumber(answer[0]), shownNumber(p), shownNumber(p),
                           shownNumber(cost));
    return {};
}

} // namespace

std::vector<std::string> writeCost(const BatchTrace& trace, std::int64_t sample) {
    if (sample < 0 || sample >= trace.samples)
        throw Error("sample {} is not one of the batch's {}", sample, trace.samples);
    const auto& network = *trace.network;
    const auto& graph = network.training.graph;
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < graph.losses().size(); ++i) {
        const auto& term = graph.losses()[i];
        const auto cost = rowOf(trace, term.perSample, sample)[0];
        const auto* op = graph.producerOf(term.perSample);
        std::string text;
        if (op && std::holds_alternative<SoftmaxCrossEntropyOp>(op->attributes))
            text = crossEntropyText(trace, *op, sample, cost);
        else if (op && std::holds_alternative<MeanSquaredErrorOp>(op->attributes))
            text = squaredErrorText(trace, *op, sample, cost);
        else if (op && std::holds_alternative<ElementLossOp>(op->attributes))
            text = binaryText(trace, *op, sample, cost);
        if (text.empty())
            text = fmt::format("{}: C = {}", loss(network.settings.objectives[i].loss.key).title,
                               shownNumber(cost));
        if (term.weight != 1)
            text += fmt::format(", with the weight {}", shownNumber(term.weight));
        lines.push_back(std::move(text));
    }
    if (lines.size() > 1)
        lines.push_back(fmt::format("All together: C = {}",
                                    shownNumber(trace.losses[static_cast<std::size_t>(sample)])));
    return lines;
}

} // namespace gradwright
