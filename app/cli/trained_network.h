// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/devices.h"
#include "engine/passes/inference/inference_model.h"
#include "engine/quantization/quantized_file.h"

#include <filesystem>
#include <optional>

namespace gradwright::cli {

/// What answers: the folder of a run, or a file of a network that was quantized.
class TrainedNetwork {
public:
    /// Throws Error naming the path when it is neither or cannot be read.
    explicit TrainedNetwork(const std::filesystem::path& path);

    [[nodiscard]] const Project& project() const { return project_; }
    [[nodiscard]] const DataInfo& info() const { return info_; }
    /// Opens the data set. Throws Error where it has changed since.
    [[nodiscard]] Dataset data() const;
    /// `graph`, an inferenceGraph() or an evaluationGraph() of the project and its data, with the
    /// weights; of a quantized network in integers. Not optimized, unless quantized.
    [[nodiscard]] InferenceModel model(OpGraph graph) const;
    /// What computes its answers.
    [[nodiscard]] ComputeTarget target() const;

private:
    std::filesystem::path path_;
    std::optional<RunDirectory> run_;
    std::optional<QuantizedFile> quantized_;
    Project project_;
    DataInfo info_;
};

} // namespace gradwright::cli
