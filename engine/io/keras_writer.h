// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/network.h"

#include <string>

namespace gradwright {

/// A network as a Python file with a functional Keras 3 model, made by `build_model()`, which
/// computes the same from the same weights: `load_weights(model, path)` takes them from a
/// safetensors file of ours. Images are rows × columns × channels there. Throws Error with the
/// reasons when the network cannot run.
std::string kerasFile(const Network& network);

} // namespace gradwright
