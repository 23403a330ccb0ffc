// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/weights/weight_archive.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// The order of names in a file, which has none of its own (safetensors files are sorted by type
/// and name): part by part between dots and slashes, numbers as numbers, and parts that say where
/// they are in a network ("stem", "encoder", "decoder", "classifier") as they lie in one.
bool comesBefore(std::string_view a, std::string_view b);

/// A name as all programs might write it: "stage1/1/conv1", "stage1.1.conv1" and "stage1_1_conv1"
/// are one.
std::string plainName(std::string_view name);

/// A weight of a module, by the name that PyTorch has for it.
struct ForeignLeaf {
    std::string leaf; ///< "weight", "bias", "running_mean", …
    std::size_t tensor = 0;
};

/// What a file holds for one layer: tensors whose names differ in their last part alone.
struct ForeignModule {
    std::string name; ///< "layer1.0.conv1"
    std::vector<ForeignLeaf> leaves{};
    bool isShortcut = false;  ///< its name says that it lies beside a block's main way
    bool isAuxiliary = false; ///< its name says that it belongs to an auxiliary output

    [[nodiscard]] std::optional<std::size_t> tensorOf(std::string_view leaf) const;
};

struct ForeignModules {
    std::vector<ForeignModule> modules; ///< in the order of their names
    std::vector<std::size_t> counters;  ///< tensors that count batches, which nothing needs
};
ForeignModules modulesOf(const std::vector<ForeignTensor>& tensors);

/// The name under which weights of layers are compared: PyTorch's for those that other programs
/// call "gamma" or "moving_mean", and one for projections that PyTorch has several names for.
std::string plainLeaf(std::string_view leaf);

/// How well a normalization's name goes with that of the layer whose values it takes (or, with
/// `isBefore`, which takes its): greater is better, 0 not at all. "layer1.0.bn1" goes with
/// "layer1.0.conv1", "features.0.1" with "features.0.0", "norm" with "conv" where both stand alone.
int pairing(std::string_view normalization, std::string_view layer, bool isBefore);

} // namespace gradwright
