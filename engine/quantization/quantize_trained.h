// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/quantization/calibration.h"
#include "engine/training/evaluation.h"
#include "engine/training/events.h"

namespace gradwright {

struct QuantizationSettings {
    RangeMethod method = RangeMethod::MinMax;
    ByteKind kind = ByteKind::Unsigned;
    std::vector<std::string> keep{}; ///< layers that stay in FP32, by their paths
    /// Further layers stay in FP32, those first that cause the largest error alone, until the
    /// quality on the calibration samples is at most so much below that of FP32. Nothing: none do.
    std::optional<double> mostLoss{};
    GivenQuantizations given{};  ///< see planFor()
    bool equalizes = false;      ///< see equalize(): before the ranges are found
    bool correctsBiases = false; ///< see correctBiases(): by means over the calibration samples
    /// Instead of integers of 8 bits: kernels of dense layers in 4 bits, so many features to a
    /// scale (see packDense()); values stay in FP32, so there are no ranges to find. 0: none.
    std::int64_t packedGroup = 0;
};

/// One product of the network and what became of it.
struct LayerError {
    std::string name; ///< QuantizableProduct::name
    std::vector<std::string> layers;
    /// Of the network's output when this product alone is quantized, relative to it (norms).
    double error = 0;
    bool isQuantized = false;
};

struct QuantizedNetwork {
    InferenceModel model;
    QuantizationPlan plan; ///< for kernels in 4 bits its names alone say something
    /// The same before `mostLoss` took products out: what layers can go back to integers with.
    QuantizationPlan whole;
    InferenceModel
        real;         ///< what is quantized: the given network, equalized where that is asked for
    InputMeans means; ///< to correct biases with; none where that is not asked for
    std::vector<LayerError> layers; ///< in the order of the network
    Score before, after;            ///< on the calibration samples
    std::int64_t packedGroup = 0;   ///< QuantizationSettings::packedGroup
};

/// A network with the products of a plan in integers, and their biases corrected by the means that
/// there are. Throws Error as quantize() does.
InferenceModel inIntegers(InferenceModel real, const QuantizationPlan& plan,
                          const InputMeans& means = {});
/// What was quantized, with the products of another plan: a part of `whole`. An empty one leaves
/// all of it in FP32.
InferenceModel inIntegers(const QuantizedNetwork& made, const QuantizationPlan& plan);

/// `model` is the graph of `graph`, an evaluationGraph(), after the passes for inference, with its
/// weights. Nothing when stopped. `progress` is called with the share that is done. Throws Error
/// for layers that are not there, where nothing is left to be quantized, and as observe() does.
std::optional<QuantizedNetwork>
quantizeTrained(const InferenceModel& model, const TrainingGraph& graph,
                const CalibrationData& data, const QuantizationSettings& settings,
                const std::stop_token& stop = {}, const std::function<void(double)>& progress = {});

/// The loss and quality of a model over samples, in FP32 and integers as its ops say. Nothing when
/// stopped.
std::optional<Score> scoreOf(const InferenceModel& model, const TrainingGraph& graph,
                             const CalibrationData& data, const std::stop_token& stop = {},
                             const EvaluationProgress& progress = {});

/// Bytes of the weights as a file has them: a byte for each element of kernels in integers, four
/// otherwise.
std::int64_t weightBytes(const InferenceModel& model);

} // namespace gradwright
