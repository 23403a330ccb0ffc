// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The losses of elements by name, without anything else: device code includes them too.

namespace gradwright {

enum class ElementLossKind {
    AbsoluteError, ///< mean of |x - t|
    Huber,         ///< mean of d²/2 where |d| = |x - t| <= δ, else δ(|d| - δ/2) (Huber 1964)
    BinaryCrossEntropy, ///< mean of -w t log σ(x) - (1 - t) log(1 - σ(x)), w for what is positive
    KullbackLeibler,    ///< Σ t (log t - x) for logarithms x of probabilities
    PerceptronCriterion ///< Σ (step(x) - t) x, step(0) = 0, whose gradient is Rosenblatt's rule
};

} // namespace gradwright
