// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/evaluation.h"

#include "engine/backend/evaluation_batch.h"
#include "engine/data/batcher.h"
#include "engine/training/diverged.h"

#include <cmath>
#include <numeric>

namespace gradwright {
std::optional<Score> evaluate(ProgramCache& programs, const TrainingGraph& training,
                              std::shared_ptr<const DataSource> source,
                              std::vector<std::uint32_t> indices, const std::stop_token& stop,
                              const EvaluationProgress& progress) {
    const auto output = training.outputs.front();
    const auto elements = static_cast<std::size_t>(training.graph.type(output).sample().elements());
    Batcher batcher(std::move(source), std::move(indices), evaluationBatch(training.graph),
                    std::nullopt);
    batcher.startEpoch(0);
    ScoreSums sums;
    std::vector<BatchInput> inputs;
    std::vector<float> outputs;
    while (const auto* batch = batcher.next()) {
        auto& program = programs.get(batch->count, Mode::Inference);
        bindBatch(training, *batch, inputs);
        if (!program.forward(inputs, {}, stop))
            return {};
        outputs.resize(static_cast<std::size_t>(batch->count) * elements);
        program.copyOutput(output, outputs);
        if (training.outputIsLogits)
            applySigmoid(outputs);
        if (!std::isfinite(program.lossSum()))
            throw DivergedError("the loss is not a finite number; the first such value is in {}",
                                program.firstNonFinite().value_or("the loss"));
        sums.add(program.lossSum(), outputs, *batch);
        if (progress)
            progress(sums.samples);
    }
    return sums.score(*training.metric);
}

std::vector<std::uint32_t> allIndices(const DataSource& source) {
    std::vector<std::uint32_t> indices(static_cast<std::size_t>(source.size()));
    std::iota(indices.begin(), indices.end(), 0U);
    return indices;
}

} // namespace gradwright
