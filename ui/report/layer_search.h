// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/network.h"

#include <QString>

#include <vector>

namespace gradwright {

/// A layer that was found.
struct LayerHit {
    std::string graph; ///< "" is the main graph, else a block
    NodeId node;
    bool operator==(const LayerHit&) const = default;
};

/// The layers that have every typed word somewhere in their name, type or parameters, defaults
/// included: "relu", "5x5", "units 128". Those of the main graph come first.
std::vector<LayerHit> searchLayers(const Network& network, const QString& typed);

} // namespace gradwright
