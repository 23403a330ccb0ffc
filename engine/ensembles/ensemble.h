// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ensembles/member.h"
#include "engine/metrics/quality.h"

#include <span>
#include <vector>

namespace gradwright {

/// What several models say together: the mean of their outputs, of classes of their probabilities.
/// Throws Error unless all are about the same samples.
Outcomes meanOutcomes(std::span<const Outcomes> members);

/// The mean of -ln of the probability of the right class; of values the mean squared error. By
/// Jensen's inequality that of the mean of several outputs is never above the mean of theirs.
double meanError(const Outcomes& outcomes);

/// The mean over pairs of members of the share of samples that they read differently; of values 0.
double disagreement(std::span<const Outcomes> members);

/// How good members are, and they together.
struct EnsembleScore {
    struct Part {
        double error = 0; ///< meanError()
        Quality quality;
    };
    std::vector<Part> members;
    Part mean;     ///< over the members
    Part together; ///< of meanOutcomes()
    double disagreement = 0;
};
/// Throws Error for no members and as meanOutcomes() does.
EnsembleScore scoreEnsemble(std::span<const Outcomes> members);

/// Throws Error naming both where two runs' answers cannot be averaged or compared: other classes,
/// other targets, or other data to test on.
void requireAlike(const Member& first, const Member& second);

} // namespace gradwright
