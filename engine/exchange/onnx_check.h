// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/onnx_export.h"

#include <functional>
#include <optional>
#include <stop_token>

namespace gradwright {

inline constexpr std::int64_t kCheckedSamples = 32;

/// Reads an exported model back into layers and compares their answers with the network's, on the
/// CPU in FP32, for random samples. Returns the largest difference relative to the largest answer
/// (or to 1), or nothing when stopped. `progress` gets the share that is done. Throws Error when
/// the model cannot be read back or the difference is above 1e-4.
std::optional<double> checkOnnx(const OnnxExport& made, const std::stop_token& stop = {},
                                const std::function<void(double)>& progress = {});

} // namespace gradwright
