// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/trained_network.h"

#include "app/cli/naming.h"
#include "engine/inference/optimized_network.h"
#include "engine/project/runs.h"
#include "engine/training/checkpoint.h"

#include <utility>

namespace gradwright::cli {

TrainedNetwork::TrainedNetwork(const std::filesystem::path& path)
    : path_(path) {
    if (isQuantizedFile(path)) {
        quantized_ = readQuantizedFile(path);
        project_ = quantized_->project;
        info_ = quantized_->data;
        return;
    }
    run_ = RunDirectory::open(path);
    project_ = projectOfRun(*run_);
    info_ = dataInfoOfRun(*run_);
}

Dataset TrainedNetwork::data() const {
    return dataLike(project_.data, info_, path_);
}

InferenceModel TrainedNetwork::model(OpGraph graph) const {
    if (quantized_)
        return naming(path_, [&] { return quantizedModel(std::move(graph), *quantized_); });
    const auto weights = weightsOfRun(*run_);
    const auto dtype = target().precision == Precision::F64 ? DType::F64 : DType::F32;
    return naming(weights, [&] {
        return inferenceModel(std::move(graph), readCheckpointWeights(weights), dtype);
    });
}

ComputeTarget TrainedNetwork::target() const {
    return quantized_ ? ComputeTarget{} : project_.training.answerTarget();
}

} // namespace gradwright::cli
