// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/memory.h"

#include "engine/backend/evaluation_batch.h"
#include "engine/data/feed/batcher.h"
#include "engine/graph/lower.h"
#include "engine/support/error.h"
#include "engine/training/activity_probe.h"
#include "engine/training/compute_plan.h"
#include "engine/training/objective.h"
#include "engine/training/recipes/losses.h"

#include <algorithm>
#include <new>

namespace gradwright {
namespace {

constexpr std::int64_t kBytes = 4;
/// More would be a mistake, and their names alone fill the memory.
constexpr std::int64_t kMostClasses = 1 << 20;

/// Numbers that are kept for each number that learns, beside itself and its gradient.
std::size_t slotsOf(const TrainingSettings& settings) {
    return settings.updateRule().allSlots() + (settings.accumulatedBatches() > 1 ? 1 : 0);
}

/// Ops whose output is the memory of their input, or takes its place.
bool sharesMemory(const OpAttributes& attributes) {
    return std::holds_alternative<ReshapeOp>(attributes) ||
           std::holds_alternative<ActivationOp>(attributes);
}

/// Data of which nothing is known but that they fit the network.
DataInfo fittingData(const Network& network, const Analysis& analysis,
                     const TrainingSettings& settings) {
    const auto shapeOf = [&](NodeId id) {
        return analysis.nodes[analysis.indexOf(network.main.find(id)->name)].output;
    };
    const auto inputs = nodesOfLayer(network.main, "input");
    const auto outputs = nodesOfLayer(network.main, "output");
    requireValid(settings);
    const auto& objective = settings.objectives.front();
    DataInfo data;
    if (inputs.size() == 1) {
        data.input = shapeOf(inputs.front());
    } else {
        // One behind the other.
        data.input = {0};
        for (const auto id : inputs) {
            const auto size = shapeOf(id).elements();
            data.assignment.inputs[network.main.find(id)->name] = {
                fmt::format("{}-{}", data.input[0], data.input[0] + size - 1)};
            data.input[0] += size;
        }
    }
    for (const auto id : outputs) {
        if (!objective.output.empty() && network.main.find(id)->name != objective.output)
            continue;
        const auto shape = shapeOf(id);
        if (loss(objective.loss.key).target == TargetKind::ClassIndex) {
            const auto classes = shape.rank() > 0 ? shape.dims().back() : 1;
            if (classes > kMostClasses)
                throw Error("{} classes are more than can be told apart", classes);
            data.classes.resize(static_cast<std::size_t>(classes));
            if (shape.rank() == 2) // a class at each step
                data.target = {shape[0]};
        } else
            data.target = shape;
    }
    return data;
}

} // namespace

MemoryEstimate estimateTrainingMemory(const OpGraph& graph, std::int64_t batch, std::size_t slots) {
    MemoryEstimate estimate;
    for (const auto& spec : graph.weights()) {
        const auto copies = spec.learns() ? 2 + static_cast<std::int64_t>(slots) : 1;
        estimate.weights += spec.shape.elements() * copies * kBytes;
    }
    // The backward pass walks from the loss to the input and needs, next to the kept activations,
    // the gradients of one op's input and output at a time.
    std::int64_t kept = 0;
    std::int64_t largestPair = 0;
    for (const auto& op : graph.ops()) {
        if (!sharesMemory(op.attributes))
            kept += graph.type(op.output()).elementsPerSample();
        largestPair = std::max(largestPair, graph.elementsAround(op));
    }
    estimate.activations = (kept + largestPair) * batch * kBytes;
    return estimate;
}

namespace {

/// What planTrainingMemory() counts as MemoryEstimate::around, in bytes, without a backend's plan.
/// In small networks it is most of the total. Evaluation and the look at activities free each value
/// after its last reader.
std::int64_t estimateAround(const OpGraph& graph, std::int64_t batch) {
    std::int64_t sample = 0;
    for (const auto& input : graph.inputs())
        sample += graph.type(input.value).elementsPerSample() * kBytes;
    std::int64_t largestWeight = 0;
    for (const auto& weight : graph.weights())
        largestWeight = std::max(largestWeight, weight.shape.elements() * kBytes);
    std::int64_t largestPair = 0;
    for (const auto& op : graph.ops())
        largestPair = std::max(largestPair, graph.elementsAround(op));
    const auto evaluated = evaluationBatch(graph);
    const auto probed = probeBatch(graph);
    return largestWeight + Batcher::bufferBytes(sample, batch) +
           Batcher::bufferBytes(sample, evaluated) + Batcher::bufferBytes(sample, probed) +
           (evaluated + probed) * largestPair * kBytes;
}

} // namespace

std::optional<MemoryEstimate> estimateTrainingMemory(const Analysis& analysis,
                                                     const TrainingSettings& settings) {
    try {
        const auto graph = lower(analysis);
        auto estimate = estimateTrainingMemory(graph, settings.batch(), slotsOf(settings));
        estimate.around = estimateAround(graph, settings.batch());
        return estimate;
    } catch (const Error&) {
        return {};
    }
}

std::optional<MemoryEstimate> planTrainingMemory(const Network& network, const Analysis& analysis,
                                                 const TrainingSettings& settings) {
    try {
        const auto data = fittingData(network, analysis, settings);
        const auto graph = trainingGraph(network, data, settings).graph;
        const auto evaluated = evaluationBatch(graph);
        // A Batcher for each.
        std::int64_t sample = 0;
        for (const auto& input : graph.inputs())
            sample += graph.type(input.value).sample().elements() * kBytes;
        std::int64_t copied = 0;
        for (const auto& weight : graph.weights())
            copied = std::max(copied, weight.shape.elements() * kBytes);
        const auto loaded = Batcher::bufferBytes(sample, settings.batch()) +
                            Batcher::bufferBytes(sample, evaluated) + copied;
        if (settings.precision() == Precision::F64) {
            const auto single = estimateTrainingMemory(graph, settings.batch(), slotsOf(settings));
            return MemoryEstimate{2 * single.weights, 2 * single.activations, loaded};
        }
        auto options = trainingOptions(settings);
        const auto backend = trainingBackend(settings, planFor(graph, settings));
        const auto report = backend->plan(graph, options);
        options.batch = evaluated;
        options.mode = Mode::Inference;
        auto around = loaded + static_cast<std::int64_t>(backend->plan(graph, options).arenaBytes);
        if (const auto probe = activityGraph(inferenceGraph(network, data, settings));
            !probe.watched.empty()) {
            options.batch = probeBatch(probe.graph);
            around += Batcher::bufferBytes(sample, options.batch) +
                      static_cast<std::int64_t>(backend->plan(probe.graph, options).arenaBytes);
        }
        std::int64_t kept = 0; // of gradients, beside what the program knows of
        if (settings.accumulatedBatches() > 1)
            for (const auto& weight : graph.weights())
                kept += weight.learns() ? weight.shape.elements() * kBytes : 0;
        return MemoryEstimate{static_cast<std::int64_t>(report.weightBytes) + kept,
                              static_cast<std::int64_t>(report.arenaBytes), around};
    } catch (const Error&) {
        return {};
    } catch (const std::bad_alloc&) { // even the plan of such a network does not fit
        return {};
    }
}

std::optional<Diagnostic> memoryProblem(const Analysis& analysis, const TrainingSettings& settings,
                                        std::int64_t available) {
    const auto estimate = estimateTrainingMemory(analysis, settings);
    if (!estimate || estimate->total() <= available)
        return {};
    constexpr double kGiB = 1024.0 * 1024.0 * 1024.0;
    const auto gib = [](std::int64_t bytes) { return static_cast<double>(bytes) / kGiB; };
    Diagnostic problem{Severity::Warning, {}, {}, {}};
    problem.message =
        fmt::format("Training at batch {} needs about {:.1f} GiB of memory; {:.1f} GiB are free.",
                    settings.batch(), gib(estimate->total()), gib(available));
    const auto fits = largestBatch(*estimate, settings.batch(), available);
    if (fits > 0 && fits < settings.batch()) {
        Fix fix{fmt::format("Set the batch to {}", fits), NetworkEdit{NetworkEdit::Group{}}};
        fix.batch = fits;
        problem.fixes.push_back(std::move(fix));
    } else {
        problem.message += settings.recompute()
                               ? " Not even a batch of one fits."
                               : " Not even a batch of one fits; recomputing activations (Train, "
                                 "Hardware) needs less.";
    }
    return problem;
}

std::int64_t largestBatch(const MemoryEstimate& estimate, std::int64_t batch,
                          std::int64_t available) {
    const auto perSample = estimate.activations / std::max<std::int64_t>(batch, 1);
    const auto left = available - estimate.weights - estimate.around;
    if (left <= 0)
        return 0;
    return perSample > 0 ? left / perSample : batch;
}

} // namespace gradwright
