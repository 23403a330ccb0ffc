// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/metrics/outcomes.h"

#include <vector>

namespace gradwright {

/// How wrong a network is about each sample: of classes the cross-entropy, -ln of the probability
/// that it gives the class that the data name, at most -ln 1e-12, and of target values the mean of
/// the squared differences; the mean over the steps of a text. Samples whose own label gets the
/// lowest probability come first where the largest losses do: the likely wrong labels (self-
/// confidence; Northcutt, Jiang, Chuang: "Confident learning", JAIR 70, 2021).
std::vector<double> sampleLosses(const Outcomes& outcomes);

} // namespace gradwright
