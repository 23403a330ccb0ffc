// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/classical/method.h"
#include "engine/classical/watch.h"
#include "engine/ensembles/member.h"
#include "engine/metrics/outcomes.h"

#include <span>
#include <vector>

namespace gradwright {

/// The methods that a text names, with commas between them. Throws Error for one that is unknown,
/// is not for classes, or gives no probabilities.
std::vector<const MethodDef*> stackedMethods(std::string_view text);

/// What a stack says of the test set: logistic regression on the probabilities of the networks of
/// all folds and of classical methods (Wolpert 1992). It learns from each sample what those say of
/// it that were trained without its fold; of the test set it gets the mean over the folds.
/// `members` are of folds 0, 1, … of one project. Throws Error, and FitStopped when stopped.
Outcomes stackedAnswers(std::span<const Member> members,
                        const std::vector<const MethodDef*>& methods, std::uint64_t seed,
                        const Watch& watch);

} // namespace gradwright
