// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "engine/io/run_directory.h"
#include "engine/passes/quantization/quantize.h"
#include "engine/project/project.h"

#include <filesystem>
#include <string>

namespace gradwright {

/// A trained network in integers of 8 bits, with all that using it takes: what a file holds, see
/// docs/file-formats.md.
struct QuantizedFile {
    Project project; ///< as it was trained
    DataInfo data;   ///< classes, preparation
    std::string run; ///< the name of the run it was made of
    std::string method;
    QuantizationPlan plan;
    /// Of the quantized graph, by key; kernels and biases of integers as I8 and I32.
    std::vector<std::pair<std::string, Tensor>> weights;
};

/// Whether the path is that of such a file, by what is in it.
bool isQuantizedFile(const std::filesystem::path& path);

/// `model` is the quantized graph. The run says project and data.
void writeQuantizedFile(const std::filesystem::path& path, const RunDirectory& run,
                        const std::string& method, const QuantizationPlan& plan,
                        const InferenceModel& model);
/// Throws Error naming the file and what is wrong.
QuantizedFile readQuantizedFile(const std::filesystem::path& path);

/// `graph`, an inferenceGraph() or an evaluationGraph() of the file's project and data, in integers
/// with the file's weights. Throws Error naming the weight that is missing or does not fit.
InferenceModel quantizedModel(OpGraph graph, const QuantizedFile& file);

} // namespace gradwright
