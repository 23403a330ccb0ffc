// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/evaluation.h"

#include "engine/data/batcher.h"
#include "engine/training/diverged.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace gradwright {
namespace {

/// Large enough to keep all threads busy, small enough for activations to stay in the cache.
constexpr std::int64_t kEvaluationBatch = 128;

} // namespace

std::int64_t countCorrect(std::span<const float> outputs, std::span<const std::int32_t> labels) {
    const auto classes = outputs.size() / labels.size();
    std::int64_t correct = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const auto row = outputs.subspan(i * classes, classes);
        const auto best = std::ranges::max_element(row) - row.begin();
        correct += best == labels[i] ? 1 : 0;
    }
    return correct;
}

std::optional<Score> evaluate(ProgramCache& programs, const TrainingGraph& training,
                              std::shared_ptr<const DataSource> source,
                              std::vector<std::uint32_t> indices, const std::stop_token& stop,
                              const EvaluationProgress& progress) {
    const auto output = training.outputs.front();
    const auto classes = static_cast<std::size_t>(training.graph.type(output).shape.elements());
    Batcher batcher(std::move(source), std::move(indices), kEvaluationBatch, std::nullopt);
    batcher.startEpoch(0);
    Score score;
    std::int64_t correct = 0;
    std::vector<BatchInput> inputs;
    std::vector<float> outputs;
    while (const auto* batch = batcher.next()) {
        auto& program = programs.get(batch->count, Mode::Inference);
        inputs.assign({{training.input, batch->inputs.data()}});
        for (const auto target : training.targets)
            inputs.push_back({target, batch->labels.data()});
        if (!program.forward(inputs, {}, stop))
            return {};
        outputs.resize(static_cast<std::size_t>(batch->count) * classes);
        program.copyOutput(output, outputs);
        if (!std::isfinite(program.lossSum()))
            throw DivergedError("the loss is not a finite number; the first such value is in {}",
                                program.firstNonFinite().value_or("the loss"));
        score.loss += program.lossSum();
        correct += countCorrect(
            outputs, std::span(batch->labels).first(static_cast<std::size_t>(batch->count)));
        score.samples += batch->count;
        if (progress)
            progress(score.samples);
    }
    if (score.samples > 0) {
        score.loss /= static_cast<double>(score.samples);
        score.accuracy = static_cast<double>(correct) / static_cast<double>(score.samples);
    }
    return score;
}

std::vector<std::uint32_t> allIndices(const DataSource& source) {
    std::vector<std::uint32_t> indices(static_cast<std::size_t>(source.size()));
    std::iota(indices.begin(), indices.end(), 0U);
    return indices;
}

} // namespace gradwright
