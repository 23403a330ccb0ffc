// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/evaluation.h"

#include "engine/backend/evaluation_batch.h"
#include "engine/data/feed/batcher.h"
#include "engine/training/diverged.h"

#include <numeric>
#include <utility>

namespace gradwright {
namespace {

/// Into `outcomes`, where there are any to be written, too.
std::optional<Score> runOver(ProgramCache& programs, const TrainingGraph& training,
                             std::shared_ptr<const DataSource> source,
                             std::vector<std::uint32_t> indices, const std::stop_token& stop,
                             const EvaluationProgress& progress, Outcomes* outcomes) {
    if (outcomes)
        outcomes->begin(
            indices.size(),
            static_cast<std::size_t>(training.graph.type(*training.answer).sample().elements()),
            static_cast<std::size_t>(source->labelsPerSample()));
    Batcher batcher(std::move(source), std::move(indices), evaluationBatch(training.graph),
                    std::nullopt);
    batcher.startEpoch(0);
    ScoreSums sums;
    std::vector<BatchInput> inputs;
    while (const auto* batch = batcher.next()) {
        auto& program = programs.get(batch->count, Mode::Inference);
        bindBatch(training, *batch, inputs);
        program.submit({.inputs = inputs, .seed = {}});
        const auto result = program.finish(stop);
        if (!result)
            return {};
        if (result->fault)
            throw DivergedError("the loss is not a finite number; the first such value is in {}",
                                result->fault->path);
        sums.add(*result->score);
        if (outcomes)
            program.copyOutput(*training.answer, outcomes->add(*batch));
        if (progress)
            progress(sums.samples);
    }
    return scoreOf(sums, *training.metric);
}

} // namespace

std::optional<Score> evaluate(ProgramCache& programs, const TrainingGraph& training,
                              std::shared_ptr<const DataSource> source,
                              std::vector<std::uint32_t> indices, const std::stop_token& stop,
                              const EvaluationProgress& progress) {
    return runOver(programs, training, std::move(source), std::move(indices), stop, progress,
                   nullptr);
}

std::optional<Evaluation> evaluateWithOutcomes(ProgramCache& programs, const TrainingGraph& graph,
                                               std::shared_ptr<const DataSource> source,
                                               std::vector<std::uint32_t> indices,
                                               const std::stop_token& stop,
                                               const EvaluationProgress& progress) {
    Evaluation evaluation;
    const auto score = runOver(programs, graph, std::move(source), std::move(indices), stop,
                               progress, &evaluation.outcomes);
    if (!score)
        return {};
    evaluation.score = *score;
    return evaluation;
}

std::vector<std::uint32_t> allIndices(const DataSource& source) {
    std::vector<std::uint32_t> indices(static_cast<std::size_t>(source.size()));
    std::iota(indices.begin(), indices.end(), 0U);
    return indices;
}

} // namespace gradwright
