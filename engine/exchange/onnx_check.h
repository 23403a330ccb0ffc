// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/network_runner.h"
#include "engine/exchange/onnx_export.h"

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

namespace gradwright {

inline constexpr std::int64_t kCheckedSamples = 32;

/// What reading an exported model back has shown.
struct OnnxCheck {
    double difference = 0; ///< the largest, relative to the largest answer or to 1
    /// Why it could not be compared: nodes that no layer computes. Empty: it was.
    std::string unchecked{};
};

/// kCheckedSamples for each input, in -2 … 2, or indices where an embedding reads them.
NamedTensors randomSamples(const OpGraph& graph);

/// Reads an exported model back into layers and compares their answers with the network's, on the
/// CPU in FP32, for random samples. Returns nothing when stopped. `progress` gets the share that is
/// done. Throws Error when the model is damaged or a difference is above 1e-4.
std::optional<OnnxCheck> checkOnnx(const OnnxExport& made, const std::stop_token& stop = {},
                                   const std::function<void(double)>& progress = {});

} // namespace gradwright
