// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/quantization/quantizable_run.h"

#include "engine/inference/optimized_network.h"
#include "engine/passes/quantization/fake_quantization.h"
#include "engine/project/runs.h"
#include "engine/support/error.h"
#include "engine/training/checkpoint.h"

namespace gradwright {

namespace {

/// What addFakeQuantization() has left among the weights.
GivenQuantizations givenBy(const Weights& weights) {
    GivenQuantizations given;
    for (const auto& [key, scale] : weights.values) {
        if (!key.ends_with(kScaleOfValue))
            continue;
        const auto path = key.substr(0, key.size() - kScaleOfValue.size());
        if (const auto* zero = weights.find(path + std::string(kZeroOfValue)))
            given.emplace(path, Quantization{DType::U8, static_cast<float>(numbersOf(scale).at(0)),
                                             static_cast<std::int32_t>(numbersOf(*zero).at(0))});
    }
    return given;
}

} // namespace

CalibrationData QuantizableRun::calibration(std::int64_t samples, std::uint64_t seed) const {
    return calibrationData(data, project.data, samples, seed);
}

CalibrationData QuantizableRun::test() const {
    if (!data.test || data.test->size() == 0)
        throw Error("the data have no test set to measure the loss of accuracy with");
    return {data.test, allIndices(*data.test)};
}

QuantizableRun quantizableRun(const RunDirectory& run) {
    QuantizableRun made{run, projectOfRun(run), dataOfRun(run), {}, {}, {}};
    made.project.training.params.erase("integers"); // as it is going to be, nothing is rounded
    made.graph = evaluationGraph(made.project.network, made.data.info, made.project.training);
    const auto file = weightsOfRun(run);
    try {
        const auto weights = readCheckpointWeights(file);
        made.model = inferenceModel(made.graph.graph, weights);
        made.given = givenBy(weights);
    } catch (const Error& error) {
        throw Error("{}: {}", file.string(), error.what());
    }
    prepareForQuantization(made.model);
    return made;
}

} // namespace gradwright
