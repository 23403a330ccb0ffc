// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/evaluation.h"

#include "engine/backend/evaluation_batch.h"
#include "engine/data/feed/batcher.h"
#include "engine/training/diverged.h"
#include "engine/training/shared_evaluation.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>

namespace gradwright {
namespace {

/// By the largest of each label's scores, or, where there is one, by its sign.
void countPredicted(std::span<const float> scores, std::size_t labels,
                    std::vector<std::int64_t>& predicted) {
    if (labels == 0)
        return;
    const auto classes = scores.size() / labels;
    predicted.resize(std::max<std::size_t>(classes, 2));
    for (std::size_t i = 0; i < labels; ++i) {
        const auto own = scores.subspan(i * classes, classes);
        const auto answer = classes > 1 ? std::ranges::max_element(own) - own.begin()
                                        : static_cast<std::ptrdiff_t>(own.front() > 0);
        ++predicted[static_cast<std::size_t>(answer)];
    }
}

/// Into `outcomes`, where there are any to be written, too.
std::optional<ScoreSums> runOver(ProgramCache& programs, const TrainingGraph& training,
                                 std::shared_ptr<const DataSource> source,
                                 std::vector<std::uint32_t> indices, const std::stop_token& stop,
                                 const EvaluationProgress& progress, Outcomes* outcomes,
                                 std::vector<std::int64_t>* predicted = nullptr) {
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
    std::vector<float> scores;
    while (const auto* batch = batcher.next()) {
        auto& program = programs.get(batch->count, Mode::Inference);
        bindBatch(training, *batch, inputs);
        program.submit({.inputs = inputs, .seed = {}});
        const auto result = program.finish(stop);
        if (!result)
            return {};
        if (result->fault) {
            DivergedError error("the loss is not a finite number; the first such value is in {}",
                                result->fault->path);
            error.where = result->fault->path;
            throw error;
        }
        sums.add(*result->score);
        if (outcomes)
            program.copyOutput(*training.answer, outcomes->add(*batch));
        if (predicted) {
            const auto value = training.outputs.front();
            scores.resize(static_cast<std::size_t>(
                training.graph.type(value).shapeFor(batch->count).elements()));
            program.copyOutput(value, scores);
            countPredicted(scores, batch->labels.size(), *predicted);
        }
        if (progress)
            progress(sums.samples);
    }
    return sums;
}

std::optional<Score> scored(const std::optional<ScoreSums>& sums, const TrainingGraph& graph) {
    return sums ? std::optional(scoreOf(*sums, *graph.metric)) : std::nullopt;
}

} // namespace

std::optional<Score> evaluate(ProgramCache& programs, const TrainingGraph& training,
                              std::shared_ptr<const DataSource> source,
                              std::vector<std::uint32_t> indices, const std::stop_token& stop,
                              const EvaluationProgress& progress) {
    return scored(
        runOver(programs, training, std::move(source), std::move(indices), stop, progress, nullptr),
        training);
}

std::optional<Score> evaluate(ProgramCache& programs, const TrainingGraph& training,
                              std::shared_ptr<const DataSource> source,
                              std::vector<std::uint32_t> indices, const std::stop_token& stop,
                              std::vector<std::int64_t>& predicted, Communicator* ranks) {
    if (!ranks)
        return scored(runOver(programs, training, std::move(source), std::move(indices), stop, {},
                              nullptr, &predicted),
                      training);
    return scored(evaluateTogether(*ranks, indices, predicted,
                                   [&](std::vector<std::uint32_t> own) {
                                       return runOver(programs, training, std::move(source),
                                                      std::move(own), stop, {}, nullptr,
                                                      &predicted);
                                   }),
                  training);
}

std::optional<Evaluation> evaluateWithOutcomes(ProgramCache& programs, const TrainingGraph& graph,
                                               std::shared_ptr<const DataSource> source,
                                               std::vector<std::uint32_t> indices,
                                               const std::stop_token& stop,
                                               const EvaluationProgress& progress) {
    Evaluation evaluation;
    const auto score = scored(runOver(programs, graph, std::move(source), std::move(indices), stop,
                                      progress, &evaluation.outcomes),
                              graph);
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
