// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"
#include "engine/backend/weights.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace gradwright {

/// What a file gave of the weights that a training starts with.
struct StartWeights {
    std::string file;                 ///< its name
    std::size_t taken = 0;            ///< weights that are as in the file
    std::vector<std::string> fresh{}; ///< keys of those that keep their first values
};

/// Writes the weights of a safetensors file into the store, those that it has under the same key
/// and in the same shape; what has been changed since keeps the values that it has. Throws Error
/// naming the file, and where no weight fits.
StartWeights takeStartWeights(const std::filesystem::path& file, WeightStore& store);

/// What a training says of it, in a sentence.
std::string noteOf(const StartWeights& start);

/// First values by the layers' initializers and, where there is a file, its weights in their place,
/// as a training would start. Throws Error as takeStartWeights() does.
Weights startWeightsOf(const std::vector<WeightSpec>& specs, std::uint64_t seed,
                       const std::filesystem::path& file);

} // namespace gradwright
