// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/layers/layer.h"

namespace gradwright {

/// Every layer, by category and in the palette's order.
const std::vector<LayerDef>& layerCatalog();

/// Nullptr when there is none of that key.
const LayerDef* findLayer(std::string_view key);
/// Throws Error for an unknown key.
const LayerDef& layer(std::string_view key);

} // namespace gradwright
