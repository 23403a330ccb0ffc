// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace gradwright {

/// How trainings are given epochs: every configuration the fewest, the best share of each rung the
/// next one's.
struct AshaRungs {
    std::int64_t least = 1;     ///< epochs of the first rung
    std::int64_t most = 1;      ///< epochs of the last rung
    std::int64_t reduction = 3; ///< one of so many goes on; each rung has so many times the epochs

    /// Epochs of each rung: least · reduction^k, and `most` last.
    [[nodiscard]] std::vector<std::int64_t> epochs() const;
};

/// A configuration that has been trained up to a rung.
struct AshaResult {
    std::int64_t configuration = 0;
    std::size_t rung = 0;
    double value = 0; ///< the smaller the better; infinite or NaN where it failed
};

struct AshaJob {
    std::int64_t configuration = 0;
    std::size_t rung = 0;
    bool operator==(const AshaJob&) const = default;
};

/// The next training of asynchronous successive halving, algorithm 2 of L. Li, K. Jamieson,
/// A. Rostamizadeh, E. Gonina, J. Ben-tzur, M. Hardt, B. Recht and A. Talwalkar, "A system for
/// massively parallel hyperparameter tuning", MLSys 2020: from the upper rungs down, a
/// configuration among the best 1 / reduction of its rung that has not been promoted goes on; where
/// there is none, a new one begins in the first rung. Nothing when all `configurations` have begun
/// and none may go on.
std::optional<AshaJob> nextAshaJob(const AshaRungs& rungs, const std::vector<AshaResult>& done,
                                   std::int64_t configurations);

} // namespace gradwright
