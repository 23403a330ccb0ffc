// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/classical/method.h"
#include "engine/metrics/outcomes.h"

#include <memory>
#include <optional>
#include <string>

namespace gradwright {

/// How good a method is on samples that it has not learned from.
struct Baseline {
    const MethodDef* method = nullptr;
    Outcomes
        outcomes; ///< as the data set scaled them; of classes probabilities, or a 1 by the vote
    double fitSeconds = 0;
    double answerSeconds = 0; ///< for all samples that it was measured on
    std::string note;         ///< on the fit; mostly empty
    std::shared_ptr<const ClassicalModel> model;
};

/// Learns `training` and measures on `test`. Nothing when stopped. Throws Error as fitMethod()
/// does.
std::optional<Baseline> measureBaseline(const MethodDef& method, const ParamValues& params,
                                        const Samples& training, const Samples& test,
                                        std::uint64_t seed, const Watch& watch);

/// Answers ([count, outputs]) beside what would have been right.
Outcomes outcomesOf(const Samples& samples, std::span<const double> answers);

/// The mean over the classes of the share of a class's samples that were read as it; classes
/// without samples are left out. Nothing where there are target values.
std::optional<double> balancedAccuracy(const Outcomes& outcomes);

/// Whether the largest class of the samples has at least one and a half times the share that it
/// would have among equal ones, so that accuracy alone says little.
bool hasUnevenClasses(const Outcomes& outcomes);

} // namespace gradwright
