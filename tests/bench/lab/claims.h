// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace gradwright::test {

/// A sentence of a lecture on neural networks, and what experiments say of it.
struct Claim {
    std::string sentence;
    std::string measured; ///< the numbers, in words
    /// How far it is from being wrong, in the unit that `measured` names; below 0: it is wrong.
    double margin = 0;
    [[nodiscard]] bool holds() const { return margin > 0; }
};

/// How large the trainings are.
struct ClaimSize {
    std::int64_t samples = 2000; ///< of MNIST's training part
    std::int64_t epochs = 3;
    std::int64_t repeats = 1; ///< seeds
};

// Each does real experiments in new folders below `folder`, seeded, so that it gives the same
// numbers on the same machine. Throws Error where an experiment fails.

/// At equal epochs an error that grows with the batch size, past some size.
Claim largeBatchesAreWorse(const std::filesystem::path& folder, const ClaimSize& size);
/// More samples per second with larger batches: a matter of time, for a quiet machine.
Claim largeBatchesAreFaster(const std::filesystem::path& folder, const ClaimSize& size);
/// Twenty plain layers of sigmoids do not learn.
Claim deepSigmoidsDoNotLearn(const std::filesystem::path& folder, const ClaimSize& size);
/// The same layers with residual links do.
Claim deepResidualsLearn(const std::filesystem::path& folder, const ClaimSize& size);
/// Adam and SGD end at different places of one surface, in different directions from one start.
Claim optimizersTakeTheirOwnWays(const std::filesystem::path& folder, const ClaimSize& size);
/// Exclusive or: one hidden layer, and an SVM with an RBF kernel, but no single layer.
std::vector<Claim> exclusiveOrNeedsMore(const std::filesystem::path& folder);
/// A random forest against a network on a table.
Claim forestsAreGoodOnTables(const std::filesystem::path& folder);
/// An ensemble is better than its mean member.
Claim ensemblesAreBetter(const std::filesystem::path& folder, const ClaimSize& size);
/// Successive halving finds a setting within 0.2 points of a whole grid's best with a quarter of
/// its epochs at most; the mean over `repeats` seeds.
Claim halvingSavesEpochs(const std::filesystem::path& folder, const ClaimSize& size);
/// TPE against random search over learning rate and batch size of a template's training; the mean
/// over seeds, its margin in percent of the loss.
Claim tpeFindsBetterSettings(const std::filesystem::path& folder, const char* name,
                             std::int64_t trials, std::int64_t seeds);

} // namespace gradwright::test
