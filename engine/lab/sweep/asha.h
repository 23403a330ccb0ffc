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

/// When a configuration goes on to the next rung. Both are of L. Li, K. Jamieson, A. Rostamizadeh,
/// E. Gonina, J. Ben-tzur, M. Hardt, B. Recht and A. Talwalkar, "A system for massively parallel
/// hyperparameter tuning", MLSys 2020.
enum class HalvingOrder {
    /// Algorithm 1: as soon as its rung is complete. Nothing is promoted that turns out not to be
    /// among the best, so no training is wasted where nobody would have to wait for a rung.
    Rungs,
    /// Algorithm 2: as soon as it is among the best of those that are there. Some are trained to
    /// the end whenever the search is cut off.
    Asynchronous,
};

/// The next training of successive halving: a configuration among the best 1 / reduction of its
/// rung (by rungs one at least) that has not been promoted goes on; where there is none, a new one
/// begins in the first rung. By rungs all begin first; asynchronously upper rungs come first.
/// Nothing when all `configurations` have begun and none may go on, before one of `running` ends or
/// at all: by rungs a rung is complete when none of it runs.
std::optional<AshaJob> nextAshaJob(const AshaRungs& rungs, const std::vector<AshaResult>& done,
                                   std::int64_t configurations, HalvingOrder order,
                                   const std::vector<AshaJob>& running = {});

} // namespace gradwright
