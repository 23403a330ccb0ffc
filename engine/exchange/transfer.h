// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/weights.h"
#include "engine/graph/freeze.h"
#include "engine/project/project.h"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace gradwright {

/// A network with trained weights, as the start of another training.
struct TransferSource {
    Project project;
    Weights weights;
    std::string name; ///< as people know it: of a run, a model or a project
};

/// From the folder of a run, an ONNX model or a project (its latest run, else what it starts with).
/// Throws Error naming the file.
TransferSource transferSource(const std::filesystem::path& from);
/// From an open project: its latest run, else the weights that it starts with. Throws Error where
/// there are neither.
TransferSource transferSource(const Project& project,
                              const std::optional<std::filesystem::path>& file);

struct TransferOptions {
    /// What to train on, see dataFrom(); empty: what the source has.
    std::filesystem::path data{};
    /// May change what was detected of the data.
    std::function<void(DataChoice&)> adjust{};
    /// The layer or block up to which weights are frozen, itself included; nothing: none; the last
    /// layer's name stands for all before it.
    std::optional<std::string> freezeUpTo{};
    FrozenStatistics statistics = FrozenStatistics::Fixed;
    double bodyRate = 1; ///< learning-rate factor of all layers but the last
};

/// A project that starts with weights trained elsewhere.
struct Transferred {
    Project project;
    Weights weights;                ///< without those of the last layer, which begin anew
    std::vector<std::string> notes; ///< what was done, in sentences
};

/// The last Dense layer in front of the only Output, behind which only layers like Softmax lie.
/// Throws Error where there is none.
NodeId lastDense(const Network& network);

/// A project with the source's network for other data: its last Dense layer has as many units as
/// the data have classes or values and begins anew, images are scaled as the source's were, and
/// layers are frozen. Throws Error naming what does not fit.
Transferred startFrom(const TransferSource& source, const TransferOptions& options);

} // namespace gradwright
