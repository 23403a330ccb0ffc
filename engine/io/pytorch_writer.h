// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/network.h"

#include <string>

namespace gradwright {

/// A network as a Python file with a PyTorch module `Net`, which computes the same from the same
/// weights: `load_weights(path)` takes them from a safetensors file of ours. Throws Error with the
/// reasons when the network cannot run.
std::string pytorchFile(const Network& network);

} // namespace gradwright
