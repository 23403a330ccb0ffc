// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/quantization/quantizable_run.h"

#include "engine/inference/optimized_network.h"
#include "engine/project/runs.h"
#include "engine/support/error.h"
#include "engine/training/checkpoint.h"

namespace gradwright {

CalibrationData QuantizableRun::calibration(std::int64_t samples, std::uint64_t seed) const {
    return calibrationData(data, project.data, samples, seed);
}

CalibrationData QuantizableRun::test() const {
    if (!data.test || data.test->size() == 0)
        throw Error("the data have no test set to measure the loss of accuracy with");
    return {data.test, allIndices(*data.test)};
}

QuantizableRun quantizableRun(const RunDirectory& run) {
    QuantizableRun made{run, projectOfRun(run), dataOfRun(run), {}, {}};
    made.graph = evaluationGraph(made.project.network, made.data.info, made.project.training);
    const auto file = weightsOfRun(run);
    try {
        made.model = inferenceModel(made.graph.graph, readCheckpointWeights(file));
    } catch (const Error& error) {
        throw Error("{}: {}", file.string(), error.what());
    }
    prepareForQuantization(made.model);
    return made;
}

} // namespace gradwright
