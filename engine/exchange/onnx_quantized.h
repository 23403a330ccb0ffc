// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/onnx_export.h"
#include "engine/passes/quantization/quantize.h"

#include <optional>
#include <set>
#include <stop_token>

namespace gradwright {

/// The run's network with the products of the plan in integers as an ONNX model that answers as
/// exportOnnx()'s does: QuantizeLinear and DequantizeLinear around operators on real numbers,
/// kernels as I8 with a scale for each output channel, biases as I32. `real` are weights by key
/// that take the place of the run's after prepareForQuantization(): equalized, with corrected
/// biases. Throws as exportOnnx() and quantize() do.
OnnxExport exportQuantizedOnnx(const Project& project, const RunDirectory& run,
                               const QuantizationPlan& plan, const Weights& real = {},
                               std::int64_t opset = kOnnxOpset);

/// The same with the kernels of those dense layers (QuantizableProduct::name) as integers of 4
/// bits, so many features to a scale, see packDense(): INT4 constants behind DequantizeLinear, and
/// values in real numbers. Throws Error for other operator sets than kOnnxOpset, which alone has
/// INT4.
OnnxExport exportPackedOnnx(const Project& project, const RunDirectory& run,
                            const std::set<std::string>& kernels, std::int64_t group,
                            const Weights& real = {}, std::int64_t opset = kOnnxOpset);

/// What reading such a model back has shown, for random samples.
struct QuantizedOnnxCheck {
    double difference = 0; ///< the norm of all differences, relative to that of the answers
};
/// Reads the model back into layers and compares their answers, which products of real numbers
/// make, with those of integers: rounding moves a value by a step now and then, where it lies
/// between two. Nothing when stopped. Throws Error when the model is damaged or the difference is
/// above 2 %.
std::optional<QuantizedOnnxCheck> checkQuantizedOnnx(const OnnxExport& made,
                                                     const std::stop_token& stop = {});

} // namespace gradwright
