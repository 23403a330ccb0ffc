// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/element_kinds.h"
#include "engine/support/param.h"

#include <string>
#include <vector>

namespace gradwright {

/// An elementwise function f and what is known of it. `alpha` is the slope of leaky ReLU for x < 0
/// and the α of ELU and CELU; the others have no use for it.
struct Activation {
    ActivationKind kind = ActivationKind::Identity;
    double alpha = 0.0;

    bool operator==(const Activation&) const = default;
};

struct ActivationInfo {
    ActivationKind kind;
    std::string key;   ///< "leaky-relu"
    std::string title; ///< "Leaky ReLU"
    std::string formula;
    std::string doc;
    double gain; ///< sqrt of the factor by which weights must be wider to keep the variance
    std::string source = {};
    double alpha = 0.0; ///< the usual one
};

/// Every activation, in the order in which lists show them.
const std::vector<ActivationInfo>& activations();
const ActivationInfo& info(ActivationKind kind);
/// Throws Error naming the known keys.
ActivationKind activationFromKey(std::string_view key);
/// With the usual alpha.
Activation defaultActivation(ActivationKind kind);

/// f(x).
double evaluate(const Activation& activation, double x);
/// f'(x); at a kink the derivative from the left, as training uses it.
double derivative(const Activation& activation, double x);
/// Whether f(0) = 0, so that zero padding stays zero.
bool preservesZero(const Activation& activation);

} // namespace gradwright
