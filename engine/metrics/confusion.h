// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/metrics/outcomes.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace gradwright {

/// How often each class was read as which.
class ConfusionMatrix {
public:
    ConfusionMatrix() = default;
    /// Throws Error when a reading's class is outside 0 … classes - 1.
    ConfusionMatrix(std::size_t classes, const std::vector<Reading>& readings);

    [[nodiscard]] std::size_t classes() const { return classes_; }
    [[nodiscard]] std::int64_t count(std::size_t label, std::size_t predicted) const {
        return counts_[label * classes_ + predicted];
    }
    [[nodiscard]] std::int64_t samples() const;
    [[nodiscard]] std::int64_t correct() const;
    /// Share of a class's samples that were read as it; nothing without samples.
    [[nodiscard]] std::optional<double> recall(std::size_t label) const;

private:
    std::size_t classes_ = 0;
    std::vector<std::int64_t> counts_; ///< row = label
};

/// One class against all others.
struct ClassScore {
    double precision = 0; ///< of what was read as the class, the share that is; 0 when nothing was
    double recall = 0;    ///< of what is the class, the share read as it; 0 without samples
    double f1 = 0;        ///< 2 precision recall / (precision + recall), 0 when both are
    std::int64_t samples = 0; ///< of the class
};
ClassScore classScore(const ConfusionMatrix& matrix, std::size_t label);

} // namespace gradwright
