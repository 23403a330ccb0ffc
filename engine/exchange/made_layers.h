// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/weights.h"
#include "engine/graph/network.h"

#include <span>
#include <string>
#include <utility>
#include <vector>

namespace gradwright {

/// A layer's output as it is.
struct Operand {
    PortRef port;
    Shape shape;
};

using LayerWeights = std::vector<std::pair<std::string, Tensor>>;

/// A name like that one, as a network's names may be, which the graph does not have yet.
std::string freshNetworkName(const Graph& graph, const std::string& wanted);

/// Adds a layer with its weights to the main graph and links its inputs. Throws Error with the
/// layer's own words where it does not take parameters or inputs.
std::vector<Operand> addLayerTo(Network& network, Weights& weights, const std::string& key,
                                ParamValues params, std::span<const Operand> inputs,
                                const std::string& name, LayerWeights values = {});

/// Throws Error where the layers do not fit each other, or a weight is missing or has another
/// shape.
void requireWhole(const Network& network, const Weights& weights);

} // namespace gradwright
