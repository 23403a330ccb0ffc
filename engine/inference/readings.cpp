// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/inference/readings.h"

#include "engine/backend/evaluation_batch.h"
#include "engine/data/feed/batcher.h"
#include "engine/data/feed/worker_crew.h"
#include "engine/inference/optimized_network.h"
#include "engine/support/error.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace gradwright {
namespace {

void requireReadable(const OpGraph& graph, const DataSource& source) {
    if (graph.inputs().size() != 1 || graph.outputs().empty())
        throw Error("prediction needs a network with one input and an output");
    const auto input = graph.inputs().front().value;
    if (source.shape() != graph.type(input).sample())
        throw Error("the network takes {}, the data set has {}",
                    toString(graph.type(input).sample()), toString(source.shape()));
}

std::optional<Outcomes> readWith(OptimizedNetwork& network,
                                 std::shared_ptr<const DataSource> source,
                                 std::vector<std::uint32_t> indices, const std::stop_token& stop,
                                 const std::function<void(std::int64_t)>& progress) {
    const auto& graph = network.graph();
    const auto size = evaluationBatch(graph);
    const auto input = graph.inputs().front().value;
    const auto output = graph.outputs().front().value;
    Outcomes outcomes;
    outcomes.begin(indices.size(), static_cast<std::size_t>(graph.type(output).sample().elements()),
                   static_cast<std::size_t>(source->labelsPerSample()));
    Batcher batcher(std::move(source), std::move(indices), size, std::nullopt);
    batcher.startEpoch(0);
    while (const auto* batch = batcher.next()) {
        auto& program = network.program(batch->count);
        const std::array inputs = {BatchInput{input, batch->input(), batch->scaling}};
        if (!program.forward(inputs, {}, stop))
            return {};
        program.copyOutput(output, outcomes.add(*batch));
        if (progress)
            progress(outcomes.samples());
    }
    return outcomes;
}

} // namespace

std::optional<Outcomes>
readOutcomes(const OpGraph& graph, const Weights& weights, std::shared_ptr<const DataSource> source,
             std::vector<std::uint32_t> indices, const std::stop_token& stop,
             const std::function<void(std::int64_t)>& progress, const ComputeTarget& target) {
    requireReadable(graph, *source);
    OptimizedNetwork network(graph, weights, target, evaluationBatch(graph));
    return readWith(network, std::move(source), std::move(indices), stop, progress);
}

std::optional<Outcomes>
readOutcomes(const InferenceModel& optimized, std::shared_ptr<const DataSource> source,
             std::vector<std::uint32_t> indices, const std::stop_token& stop,
             const std::function<void(std::int64_t)>& progress, const ComputeTarget& target) {
    requireReadable(optimized.graph, *source);
    OptimizedNetwork network(optimized, target, evaluationBatch(optimized.graph));
    return readWith(network, std::move(source), std::move(indices), stop, progress);
}

std::optional<Outcomes> readOutcomes(const SampleAnswers& answers, const DataSource& source,
                                     const std::vector<std::uint32_t>& indices,
                                     const std::stop_token& stop,
                                     const std::function<void(std::int64_t)>& progress) {
    constexpr std::size_t kPiece = 8;   // samples
    constexpr std::size_t kPieces = 16; // between two reports of progress
    if (source.shape() != answers.input)
        throw Error("the model takes {}, the data set has {}", toString(answers.input),
                    toString(source.shape()));
    const auto elements = static_cast<std::size_t>(source.shape().elements());
    const bool hasTargets = source.targetShape().rank() > 0;
    Outcomes outcomes;
    outcomes.elements = answers.outputs;
    outcomes.outputs.resize(indices.size() * answers.outputs);
    outcomes.labels.resize(indices.size());
    if (hasTargets)
        outcomes.targets.resize(indices.size() * answers.outputs);
    WorkerCrew crew(usefulHelpers());
    for (std::size_t first = 0; first < indices.size(); first += kPiece * kPieces) {
        if (stop.stop_requested())
            return {};
        const auto end = std::min(indices.size(), first + kPiece * kPieces);
        crew.run((end - first + kPiece - 1) / kPiece, [&](std::size_t piece) {
            std::vector<float> sample(elements);
            std::vector<double> said(answers.outputs);
            const auto from = first + piece * kPiece;
            for (auto i = from; i < std::min(end, from + kPiece); ++i) {
                source.input(indices[i], sample);
                answers.answer(sample, said);
                for (std::size_t k = 0; k < said.size(); ++k)
                    outcomes.outputs[i * said.size() + k] = static_cast<float>(said[k]);
                if (hasTargets)
                    source.target(
                        indices[i],
                        std::span(outcomes.targets).subspan(i * said.size(), said.size()));
                else
                    outcomes.labels[i] = source.label(indices[i]);
            }
        });
        if (progress)
            progress(static_cast<std::int64_t>(end));
    }
    return outcomes;
}

std::optional<Outcomes> readAll(const OpGraph& graph, const Weights& weights,
                                const std::shared_ptr<const DataSource>& source,
                                const std::stop_token& stop,
                                const std::function<void(std::int64_t)>& progress,
                                const ComputeTarget& target) {
    std::vector<std::uint32_t> indices(static_cast<std::size_t>(source->size()));
    std::iota(indices.begin(), indices.end(), 0U);
    return readOutcomes(graph, weights, source, std::move(indices), stop, progress, target);
}

} // namespace gradwright
