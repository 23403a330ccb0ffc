// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op_graph.h"

#include <optional>
#include <string>
#include <vector>

namespace gradwright {

/// A weight of a network, by the name under which files of others are compared.
struct UnitLeaf {
    std::string leaf; ///< plainLeaf() of its own name
    WeightId weight;
};

/// Weights of a network that other programs keep in one module: those of a layer, or of one of the
/// parts of a layer that has several.
struct WeightUnit {
    std::string path; ///< the layer's, with the part behind it: "encoder/attention/out_proj"
    std::vector<UnitLeaf> leaves{};
    bool isNormalization = false;
    bool isShortcut = false;  ///< lies on the shorter way of two that are added
    bool isAuxiliary = false; ///< its path says so
    /// For a normalization: the unit whose values it takes, and the first one that takes its.
    std::optional<std::size_t> source{}, reader{};
    /// It reads an input of the network of three channels, which may be in another order.
    bool readsColours = false;
};

/// All weights of a network, in the order in which its ops run.
std::vector<WeightUnit> weightUnits(const OpGraph& graph);

} // namespace gradwright
