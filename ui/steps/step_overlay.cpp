// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/steps/step_overlay.h"

#include "ui/steps/step_texts.h"
#include "ui/steps/traced_nodes.h"
#include "ui/theme/theme.h"

#include <algorithm>
#include <cmath>

namespace gradwright {

namespace {

constexpr double kDecades = 4;

QColor between(const QColor& from, const QColor& to, double share) {
    const auto mixed = [share](int a, int b) {
        return static_cast<int>(std::lround(a + (b - a) * share));
    };
    return {mixed(from.red(), to.red()), mixed(from.green(), to.green()),
            mixed(from.blue(), to.blue())};
}

QString rangeText(const BatchTrace& trace, ValueId value, std::int64_t sample) {
    return stepNumbers(sampleOf(trace, trace.value(value), sample));
}

} // namespace

double gradientStrength(double gradient, double largest) {
    if (!(gradient > 0) || !(largest > 0))
        return 0;
    return std::clamp(1 + std::log10(gradient / largest) / kDecades, 0.0, 1.0);
}

void StepOverlay::refresh() {
    largest_ = 0;
    const BatchTrace* const trace = steps_->trace();
    if (trace == nullptr)
        return;
    for (const auto& layer : trace->network->layers)
        for (const auto output : layer.outputs)
            largest_ = std::max(largest_, rootMeanSquare(trace->gradient(output)));
}

QColor StepOverlay::tint(const QColor& ground, double strength) const {
    return between(ground, canvas_->themes().theme().accent, strength);
}

std::optional<NodeOverlay> StepOverlay::node(NodeId id) const {
    const BatchTrace* const trace = steps_->trace();
    const Node* const node = canvas_->graph().find(id);
    if (trace == nullptr || node == nullptr)
        return {};
    const auto& network = canvas_->project().network;
    const auto made = tracedOutput(*trace, network, canvas_->scope(), *node);
    if (!made)
        return {};
    const auto* const use = node->layerUse();
    const bool isInput = use != nullptr && use->layer == "input";
    const bool isOutput = use != nullptr && use->layer == "output";
    switch (steps_->step()) {
    case BatchStep::Batch:
        if (isInput)
            return NodeOverlay{rangeText(*trace, made->value(), steps_->sample()), {}, {}};
        return isOutput ? output(*node) : NodeOverlay{};
    case BatchStep::Cost:
    case BatchStep::NextBatch:
        if (isOutput)
            return output(*node);
        [[fallthrough]];
    case BatchStep::Forward:
    case BatchStep::Sum:
        return NodeOverlay{rangeText(*trace, made->value(), steps_->sample()), {}, {}};
    case BatchStep::Backward:
        return gradient(made->value());
    case BatchStep::Update:
        return update(*node);
    }
    return {};
}

/// Whether the loss computes the value itself, as it does with a final softmax: then its gradient
/// begins in front of it.
bool StepOverlay::isPartOfCost(ValueId value) const {
    const auto& training = steps_->trace()->network->training;
    while (const auto* op = training.graph.producerOf(value)) {
        if (op->inputs.empty())
            return false;
        value = op->inputs.front();
        if (std::ranges::find(training.outputs, value) != training.outputs.end())
            return true;
    }
    return false;
}

NodeOverlay StepOverlay::output(const Node& /*node*/) const {
    const BatchTrace& trace = *steps_->trace();
    const QString truth = BatchSteps::tr("truth %1").arg(truthText(trace, steps_->sample()));
    if (steps_->step() == BatchStep::Batch)
        return {truth, {}, {}};
    if (steps_->step() == BatchStep::NextBatch)
        return {QStringLiteral("C %1 → %2")
                    .arg(stepNumber(trace.lossBefore), stepNumber(trace.lossAfter)),
                {},
                {}};
    const double cost = trace.losses[static_cast<std::size_t>(steps_->sample())];
    constexpr qsizetype kRoom = 16; // beside the cost; the bar says all of it
    return {QStringLiteral("C = %1").arg(stepNumber(cost)),
            truth.size() <= kRoom ? truth : QString(),
            {}};
}

NodeOverlay StepOverlay::gradient(ValueId value) const {
    const auto& found = steps_->trace()->gradient(value);
    if (found.elements() == 0)
        return {isPartOfCost(value) ? BatchSteps::tr("part of the cost")
                                    : BatchSteps::tr("no gradient needed"),
                {},
                {}};
    const double size = rootMeanSquare(found);
    // Text has to be legible on it.
    constexpr double kMostInk = 0.5;
    return {QStringLiteral("∂C/∂a %1").arg(stepNumber(size)),
            {},
            tint(canvas_->themes().theme().nodeFill, kMostInk * gradientStrength(size, largest_))};
}

NodeOverlay StepOverlay::update(const Node& node) const {
    const auto weights = tracedWeights(*steps_->trace(), canvas_->scope(), node);
    const auto move = largestMove(weights);
    if (!move)
        return {};
    return {
        QStringLiteral("%1 → %2").arg(stepNumber(move->before), stepNumber(move->after)), {}, {}};
}

std::optional<LinkOverlay> StepOverlay::link(LinkId id) const {
    const BatchTrace* const trace = steps_->trace();
    const Graph& graph = canvas_->graph();
    const Link* const link = graph.find(id);
    const Node* const from = link != nullptr ? graph.find(link->from.node) : nullptr;
    if (trace == nullptr || from == nullptr)
        return {};
    const auto made = tracedOutput(*trace, canvas_->project().network, canvas_->scope(), *from,
                                   link->from.port.index());
    if (!made)
        return {};
    switch (steps_->step()) {
    case BatchStep::Forward:
    case BatchStep::Sum:
    case BatchStep::Cost:
        return LinkOverlay{rangeText(*trace, made->value(), steps_->sample()), {}};
    case BatchStep::Backward: {
        if (trace->gradient(made->value()).elements() == 0)
            return LinkOverlay{QStringLiteral("–"), {}};
        const double size = rootMeanSquare(trace->gradient(made->value()));
        return LinkOverlay{stepNumber(size), tint(canvas_->themes().theme().divider,
                                                  gradientStrength(size, largest_))};
    }
    case BatchStep::Batch:
    case BatchStep::Update:
    case BatchStep::NextBatch:
        return {};
    }
    return {};
}

} // namespace gradwright
