// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/classical/samples.h"
#include "engine/classical/watch.h"

#include <cstdint>
#include <span>
#include <vector>

namespace gradwright {

/// Samples as trees look at them: of each feature its different values in order, and of each sample
/// the place of its value among them. Trees of a forest share one.
class RankedSamples {
public:
    /// `samples` must outlive it. Throws FitStopped when stopped.
    RankedSamples(const Samples& samples, const Watch& watch);

    [[nodiscard]] const Samples& samples() const { return *samples_; }
    /// The different values of a feature, ascending.
    [[nodiscard]] std::span<const float> values(std::size_t feature) const {
        return values_[feature];
    }
    /// For each sample the number of its value.
    [[nodiscard]] std::span<const std::uint32_t> ranks(std::size_t feature) const {
        const auto count = samples_->count();
        return std::span(ranks_).subspan(feature * count, count);
    }

private:
    const Samples* samples_;
    std::vector<std::vector<float>> values_;
    std::vector<std::uint32_t> ranks_; ///< [features, count]
};

} // namespace gradwright
