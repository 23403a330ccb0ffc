// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/inference/layer_times.h"
#include "engine/support/json_fwd.h"

#include <string>

namespace gradwright::cli {

/// A network as it was or after the passes, with what its layers take.
struct MeasuredLayers {
    std::string title; ///< "As trained"
    std::string key;   ///< "as_trained"
    std::string precision;
    LayerTimes times;
};

Json layersJson(const MeasuredLayers& measured);
/// A line per layer, the layers that became it indented below.
void printLayers(const MeasuredLayers& measured);

} // namespace gradwright::cli
