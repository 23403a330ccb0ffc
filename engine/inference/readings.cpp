// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/inference/readings.h"

#include "engine/backend/devices.h"
#include "engine/backend/evaluation_batch.h"
#include "engine/backend/program_cache.h"
#include "engine/data/feed/batcher.h"
#include "engine/support/error.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <numeric>
#include <utility>

namespace gradwright {
std::optional<Outcomes> readOutcomes(const OpGraph& graph, const Weights& weights,
                                     std::shared_ptr<const DataSource> source,
                                     std::vector<std::uint32_t> indices,
                                     const std::stop_token& stop,
                                     const std::function<void(std::int64_t)>& progress) {
    if (graph.inputs().size() != 1 || graph.outputs().empty())
        throw Error("prediction needs a network with one input and an output");
    const auto input = graph.inputs().front().value;
    const auto output = graph.outputs().front().value;
    if (source->shape() != graph.type(input).sample())
        throw Error("the network takes {}, the data set has {}",
                    toString(graph.type(input).sample()), toString(source->shape()));
    ProgramCache programs(backendFor({}), graph);
    const auto size = evaluationBatch(graph);
    programs.get(size, Mode::Inference);
    writeWeights(*programs.weights(), weights);

    Outcomes outcomes;
    const auto perSample = static_cast<std::size_t>(graph.type(output).sample().elements());
    outcomes.steps = static_cast<std::size_t>(source->labelsPerSample());
    outcomes.elements = perSample / outcomes.steps;
    outcomes.outputs.reserve(indices.size() * perSample);
    Batcher batcher(std::move(source), std::move(indices), size, std::nullopt);
    batcher.startEpoch(0);
    while (const auto* batch = batcher.next()) {
        auto& program = programs.get(batch->count, Mode::Inference);
        const std::array inputs = {BatchInput{input, batch->input(), batch->scaling}};
        if (!program.forward(inputs, {}, stop))
            return {};
        const auto added = static_cast<std::size_t>(batch->count) * perSample;
        outcomes.outputs.resize(outcomes.outputs.size() + added);
        program.copyOutput(output, std::span(outcomes.outputs).last(added));
        std::ranges::copy(batch->labels, std::back_inserter(outcomes.labels));
        std::ranges::copy(batch->targets, std::back_inserter(outcomes.targets));
        if (progress)
            progress(static_cast<std::int64_t>(outcomes.labels.size() / outcomes.steps));
    }
    return outcomes;
}

std::optional<Outcomes> readAll(const OpGraph& graph, const Weights& weights,
                                const std::shared_ptr<const DataSource>& source,
                                const std::stop_token& stop,
                                const std::function<void(std::int64_t)>& progress) {
    std::vector<std::uint32_t> indices(static_cast<std::size_t>(source->size()));
    std::iota(indices.begin(), indices.end(), 0U);
    return readOutcomes(graph, weights, source, std::move(indices), stop, progress);
}

void restoreUnits(Outcomes& outcomes, const std::vector<Scaling>& scaling) {
    if (scaling.size() != outcomes.elements)
        return;
    for (auto* values : {&outcomes.outputs, &outcomes.targets})
        for (std::size_t i = 0; i < values->size(); ++i) {
            const auto& scale = scaling[i % scaling.size()];
            (*values)[i] = static_cast<float>(scale.restored(double{(*values)[i]}));
        }
}

std::vector<Reading> readingsOf(const Outcomes& outcomes) {
    std::vector<Reading> readings;
    readings.reserve(outcomes.labels.size());
    for (std::size_t n = 0; n < outcomes.labels.size(); ++n) {
        const auto row =
            std::span(outcomes.outputs).subspan(n * outcomes.elements, outcomes.elements);
        const auto best = std::ranges::max_element(row);
        readings.push_back({static_cast<std::uint32_t>(n / outcomes.steps), outcomes.labels[n],
                            static_cast<std::int32_t>(best - row.begin()), *best});
    }
    return readings;
}

ConfusionMatrix::ConfusionMatrix(std::size_t classes, const std::vector<Reading>& readings)
    : classes_(classes)
    , counts_(classes * classes) {
    for (const auto& reading : readings) {
        const auto label = static_cast<std::size_t>(reading.label);
        const auto predicted = static_cast<std::size_t>(reading.predicted);
        if (label >= classes || predicted >= classes)
            throw Error("sample {} has class {}, read as {}; there are {} classes", reading.sample,
                        reading.label, reading.predicted, classes);
        ++counts_[label * classes + predicted];
    }
}

std::int64_t ConfusionMatrix::samples() const {
    return std::accumulate(counts_.begin(), counts_.end(), std::int64_t{0});
}

std::int64_t ConfusionMatrix::correct() const {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < classes_; ++i)
        sum += count(i, i);
    return sum;
}

std::optional<double> ConfusionMatrix::recall(std::size_t label) const {
    const auto row = std::span(counts_).subspan(label * classes_, classes_);
    const auto sum = std::accumulate(row.begin(), row.end(), std::int64_t{0});
    if (sum == 0)
        return {};
    return static_cast<double>(count(label, label)) / static_cast<double>(sum);
}

std::vector<Reading> mistakes(const std::vector<Reading>& readings) {
    std::vector<Reading> wrong;
    std::ranges::copy_if(readings, std::back_inserter(wrong),
                         [](const Reading& reading) { return !reading.correct(); });
    std::ranges::stable_sort(wrong, std::greater{}, &Reading::probability);
    return wrong;
}

} // namespace gradwright
