// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/lab/kinds.h"
#include "engine/project/project.h"

#include <string>

namespace gradwright {

/// Depth and vanishing gradients: how large the gradients of each layer are in networks of
/// different depths, before and after training.
ExperimentKind depthKind();

/// What stands between the hidden layers.
enum class DepthVariant {
    Plain,
    Residual,           ///< each hidden layer from the second on adds its input to its output
    Normalized,         ///< batch normalization in front of each activation
    ResidualNormalized, ///< both, with the sum between normalization and activation (ResNet's
                        ///< blocks, He et al. 2015, of one layer each)
};

/// The project with a network of `depth` hidden Dense layers "hidden1" … of `units` units between
/// its Input and its last Dense layer, whose kernels begin as `initializer` says ("auto" fits the
/// activation). Throws Error where it has not just one Input and one Output with a Dense layer in
/// front of it, and for an activation or initializer that Dense layers lack.
Project depthProject(const Project& base, std::int64_t depth, const std::string& activation,
                     DepthVariant variant, std::int64_t units,
                     const std::string& initializer = "auto");

} // namespace gradwright
