// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/landscape/loss_probe.h"

#include "engine/backend/compute_threads.h"
#include "engine/backend/devices.h"
#include "engine/backend/evaluation_batch.h"
#include "engine/classical/watch.h"
#include "engine/passes/eliminate.h"
#include "engine/passes/fix_statistics.h"
#include "engine/support/byte_text.h"
#include "engine/support/error.h"
#include "engine/support/rng.h"
#include "engine/support/stopped.h"
#include "engine/support/system_memory.h"
#include "engine/training/diverged.h"
#include "engine/training/evaluation.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gradwright {
namespace {

/// Takes out what makes a training's loss another function than the one that is evaluated:
/// drop-out, noise, and statistics of the batch.
void makeDeterministic(OpGraph& graph) {
    eliminateIdentities(graph, true);
    for (std::size_t i = 0; i < graph.ops().size(); ++i) {
        const auto op = graph.ops()[i];
        if (const auto* const norm = std::get_if<BatchNormOp>(&op.attributes)) {
            auto fixed = *norm;
            fixed.fixed = true;
            graph.replace(i, fixed, op.inputs, op.weights);
        }
    }
    fixStatistics(graph);
    eliminateDead(graph);
}

/// What the reference keeps of a step: each value with its gradient, in FP64.
void requireProbeMemory(const OpGraph& graph, std::int64_t samples) {
    double elements = 0;
    for (const auto& op : graph.ops())
        for (const auto output : op.outputs)
            elements += static_cast<double>(graph.type(output).shapeFor(samples).elements());
    double weights = 0;
    for (const auto& spec : graph.weights())
        weights += static_cast<double>(spec.shape.elements());
    constexpr double kOfAValue = 2;
    constexpr double kOfAWeight = 6; // itself, its gradient, slots, and what is computed with
    const auto bytes =
        static_cast<std::int64_t>(sizeof(double) * (kOfAValue * elements + kOfAWeight * weights));
    const auto available = availableMemory();
    if (available && bytes > *available)
        throw Error("the gradients of {} samples take {} in FP64, and {} of memory are free: use "
                    "fewer samples",
                    samples, bytesText(bytes), bytesText(*available));
}

} // namespace

std::vector<std::uint32_t> probeSamples(const Dataset& data, const DataChoice& choice,
                                        std::int64_t samples, std::uint64_t seed) {
    auto indices = splitOf(data, choice).training;
    std::ranges::sort(indices);
    shuffle(indices, Rng(seed, RngStream::Directions, std::numeric_limits<std::uint32_t>::max()));
    if (static_cast<std::size_t>(samples) < indices.size())
        indices.resize(static_cast<std::size_t>(samples));
    return indices;
}

LossProbe::LossProbe(const Project& project, const Dataset& data,
                     std::vector<std::uint32_t> samples, const std::stop_token& stop)
    : graph_(evaluationGraph(project.network, data.info, project.training))
    , source_(data.training)
    , samples_(std::move(samples)) {
    const auto target = project.training.answerTarget();
    setComputeThreads(project.training.threads());
    programs_.emplace(backendFor(target), graph_.graph,
                      CompileOptions{.precision = target.precision, .stop = stop});
    programs_->get(evaluationBatch(graph_.graph), Mode::Inference);
}

std::optional<double> LossProbe::loss(const Weights& weights, const std::stop_token& stop) {
    writeWeights(*programs_->weights(), weights);
    try {
        const auto score = evaluate(*programs_, graph_, source_, samples_, stop);
        if (!score)
            return {};
        return score->loss;
    } catch (const WorkStopped&) {
        return {};
    } catch (const DivergedError&) {
        return std::numeric_limits<double>::infinity();
    }
}

GradientProbe::GradientProbe(const Project& project, const Dataset& data,
                             std::vector<std::uint32_t> samples)
    : graph_(trainingGraph(project.network, data.info, project.training))
    , samples_(static_cast<std::int64_t>(samples.size())) {
    makeDeterministic(graph_.graph);
    requireProbeMemory(graph_.graph, samples_);
    program_ = backendFor({.device = "cpu", .precision = Precision::F64})
                   ->compile(graph_.graph, {.batch = samples_,
                                            .precision = Precision::F64,
                                            .mode = Mode::Training,
                                            .update = project.training.updateRule()});
    batcher_ = std::make_unique<Batcher>(data.training, std::move(samples), samples_, std::nullopt);
    batcher_->startEpoch(0);
    bindBatch(graph_, *batcher_->next(), inputs_);
}

void GradientProbe::setOthers(const Weights& weights) {
    writeWeights(*program_->weights(), weights);
}

bool GradientProbe::run(std::span<const double> weights, const std::stop_token& stop) {
    auto& store = *program_->weights();
    std::size_t first = 0;
    for (std::uint32_t i = 0; i < specs().size(); ++i) {
        if (!specs()[i].learns())
            continue;
        const auto elements = static_cast<std::size_t>(specs()[i].shape.elements());
        store.write(WeightId{i}, Tensor::of(specs()[i].shape, weights.subspan(first, elements)));
        first += elements;
    }
    return program_->forward(inputs_, {}, stop);
}

double GradientProbe::loss(std::span<const double> weights) {
    run(weights, {});
    return program_->lossSum() / static_cast<double>(samples_);
}

std::vector<double> GradientProbe::gradient(std::span<const double> weights,
                                            const std::stop_token& stop) {
    if (!run(weights, stop) || !program_->backward(stop))
        throw FitStopped{};
    std::vector<double> made;
    made.reserve(weights.size());
    for (std::uint32_t i = 0; i < specs().size(); ++i)
        if (specs()[i].learns()) {
            const auto gradient = program_->weights()->readGradient(WeightId{i});
            const auto values = gradient.span<double>();
            made.insert(made.end(), values.begin(), values.end());
        }
    return made;
}

std::vector<double> GradientProbe::hessianTimes(std::span<const double> weights,
                                                std::span<const double> direction,
                                                const std::stop_token& stop) {
    const auto norm = [](std::span<const double> numbers) {
        double squares = 0;
        for (const auto number : numbers)
            squares += number * number;
        return std::sqrt(squares);
    };
    const auto length = norm(direction);
    if (!(length > 0))
        return std::vector<double>(weights.size());
    constexpr double kStep = 6e-6;
    const auto step = kStep * std::max(1.0, norm(weights)) / length;
    std::vector<double> place(weights.size());
    const auto gradientAt = [&](double share) {
        for (std::size_t i = 0; i < place.size(); ++i)
            place[i] = weights[i] + share * direction[i];
        return gradient(place, stop);
    };
    auto made = gradientAt(step);
    const auto below = gradientAt(-step);
    for (std::size_t i = 0; i < made.size(); ++i)
        made[i] = (made[i] - below[i]) / (2 * step);
    return made;
}

} // namespace gradwright
