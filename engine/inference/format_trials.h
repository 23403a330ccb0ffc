// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"
#include "engine/data/dataset.h"
#include "engine/metrics/quality.h"
#include "engine/passes/inference/inference_model.h"
#include "engine/tensor/number_format.h"

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace gradwright {

/// How far a layer's results are from those in FP64, absolutely, over all samples and elements.
struct FormatError {
    std::string path;
    std::string op;
    double largest = 0; ///< infinite where a result is none
    double mean = 0;
    double scale = 0; ///< the largest result in FP64
};

/// A network with its numbers in one format.
struct FormatTrial {
    const NumberFormat* format = nullptr;
    bool weightsOnly = false; ///< results stay in FP32
    /// The processor or its engines do not compute in it: weights and the results of every layer
    /// are rounded to it, exactly, and sums are in FP32.
    bool isSimulated = false;
    std::int64_t weightBytes = 0; ///< without scales
    std::optional<Quality> quality{};
    std::vector<FormatError> layers{};
    /// Seconds for one sample, where an engine computes in it.
    std::optional<double> seconds{};
};

/// The errors of a trial's layers as one.
struct FormatSummary {
    double largest = 0; ///< of all
    double mean = 0;    ///< the mean of their means
};
FormatSummary summaryOf(const FormatTrial& trial);

struct FormatWish {
    std::int64_t samples = 64; ///< at most
    double seconds = 0.3;      ///< of measuring, each; 0: none is measured
};

/// Tries a trained network in every number format, the widest first: accuracy, and the error of
/// each layer against FP64, over the first samples of a source. `model` has one input, which is
/// fed with the samples, and one output. FP8 and integers come with scales that bring the largest
/// magnitude to the largest number: of kernels of convolutions and dense layers one for each
/// output, of other weights and of results one for each layer, from these samples in FP64. INT4 is
/// for weights alone. `progress` is told the share that is done. Nothing when stopped. Throws Error
/// where the network takes indices or cannot run.
std::optional<std::vector<FormatTrial>>
tryFormats(const InferenceModel& model, const std::shared_ptr<const DataSource>& source,
           const FormatWish& wish = {}, const std::stop_token& stop = {},
           const std::function<void(double)>& progress = {});

} // namespace gradwright
