// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/weights.h"
#include "engine/graph/network.h"

#include <cstddef>

namespace gradwright {

/// Makes layers "multi-head-self-attention" of the layers and nodes of the main graph that compute
/// the same: projections of one sequence, heads cut out of them, softmax(Q Kᵀ / sqrt(d)) V, heads
/// put together and projected. Which element comes from which is followed through whatever moves
/// them, so the form in which a program writes it does not matter. A constant mask that hides each
/// step's later ones makes the layer causal; other masks, other scales or other readers of what is
/// in between leave it as it is. Returns the number of layers made.
std::size_t findAttention(Network& network, Weights& weights);

} // namespace gradwright
