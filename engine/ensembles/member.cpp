// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ensembles/member.h"

#include "engine/backend/compute_threads.h"
#include "engine/backend/evaluation_batch.h"
#include "engine/inference/optimized_network.h"
#include "engine/project/runs.h"
#include "engine/support/error.h"
#include "engine/support/stopped.h"
#include "engine/training/checkpoint.h"

namespace gradwright {

DataPart dataPart(std::string_view name) {
    if (name == "training")
        return DataPart::Training;
    if (name == "validation")
        return DataPart::Validation;
    if (name == "test")
        return DataPart::Test;
    throw Error("\"{}\" is no part of a data set; known are training, validation, test", name);
}

std::vector<std::uint32_t> indicesOf(const Dataset& data, const DataChoice& choice, DataPart part) {
    auto indices = part == DataPart::Test         ? allIndices(*data.test)
                   : part == DataPart::Validation ? splitOf(data, choice).validation
                                                  : splitOf(data, choice).training;
    if (indices.empty())
        throw Error("there are no {} samples (validation_fraction is {})",
                    part == DataPart::Test ? "test" : "validation", choice.validationFraction);
    return indices;
}

const std::shared_ptr<const DataSource>& sourceOf(const Dataset& data, DataPart part) {
    return part == DataPart::Test ? data.test : data.training;
}

Member::Member(const std::filesystem::path& run)
    : path_(run) {
    const auto directory = RunDirectory::open(run);
    weights_ = weightsOfRun(directory);
    project_ = projectOfRun(directory);
    info_ = dataInfoOfRun(directory);
}

Dataset Member::data() const {
    return dataLike(project_.data, info_, path_);
}

std::optional<Evaluation> Member::measure(const std::shared_ptr<const DataSource>& source,
                                          std::vector<std::uint32_t> indices,
                                          const std::stop_token& stop,
                                          const EvaluationProgress& progress) const {
    return measure(readCheckpointWeights(weights_), source, std::move(indices), stop, progress);
}

std::optional<Evaluation> Member::measure(const Weights& weights,
                                          const std::shared_ptr<const DataSource>& source,
                                          std::vector<std::uint32_t> indices,
                                          const std::stop_token& stop,
                                          const EvaluationProgress& progress) const {
    const auto target = project_.training.answerTarget();
    auto graph = evaluationGraph(project_.network, info_, project_.training);
    setComputeThreads(project_.training.threads());
    const auto dtype = target.precision == Precision::F64 ? DType::F64 : DType::F32;
    auto model = [&] {
        try {
            return inferenceModel(graph.graph, weights, dtype);
        } catch (const Error& error) {
            throw Error("{}: {}", weights_.string(), error.what());
        }
    }();
    if (stop.stop_requested())
        return {};
    optimize(model);
    graph.graph = model.graph;
    ProgramCache programs(backendFor(target), model.graph,
                          {.precision = target.precision, .stop = stop});
    try {
        programs.get(evaluationBatch(model.graph), Mode::Inference);
        writeWeights(*programs.weights(), weightsOf(model));
        return evaluateWithOutcomes(programs, graph, source, std::move(indices), stop, progress);
    } catch (const WorkStopped&) {
        return {};
    }
}

std::optional<Outcomes> Member::testAnswers(const std::stop_token& stop,
                                            const std::function<void(double)>& progress) const {
    const auto opened = data();
    const auto samples = static_cast<double>(opened.test->size());
    auto measured = measure(opened.test, allIndices(*opened.test), stop, [&](std::int64_t done) {
        if (progress)
            progress(static_cast<double>(done) / samples);
    });
    if (!measured)
        return {};
    restoreUnits(measured->outcomes, opened.info.targetScaling);
    return std::move(measured->outcomes);
}

} // namespace gradwright
