// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/io/run_directory.h"
#include "engine/project/project.h"
#include "engine/quantization/quantize_trained.h"

namespace gradwright {

/// A trained run with all that quantizing it takes.
struct QuantizableRun {
    RunDirectory run;
    Project project; ///< as it was trained
    Dataset data;
    TrainingGraph graph;  ///< its evaluationGraph()
    InferenceModel model; ///< that, after prepareForQuantization()
    /// By the paths of values: the ranges that the run was trained with, where it was for integers.
    GivenQuantizations given;

    /// So many samples of the training part to find ranges with, drawn by the seed.
    [[nodiscard]] CalibrationData calibration(std::int64_t samples, std::uint64_t seed = 1) const;
    /// All samples of the test set. Throws Error where there are none.
    [[nodiscard]] CalibrationData test() const;
};

/// Opens the run's data and its best weights, in FP32. Throws Error naming what is missing, has
/// changed since, or does not fit.
QuantizableRun quantizableRun(const RunDirectory& run);

} // namespace gradwright
