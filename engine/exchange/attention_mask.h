// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/tensor.h"

#include <span>
#include <string_view>

namespace gradwright {

/// Whether adding the constant takes some elements out of a softmax and leaves the others as they
/// are: all are 0, or -100 and below.
bool isAdditiveMask(const Tensor& values);

/// Whether a node hides each step's later ones from it and nothing else: by adding numbers far
/// below 0 to their scores ("Add"), or by putting such a number in their place ("Where").
/// `constants` are what the node reads, null for the scores, of the shape [..., steps, steps]. They
/// are multiplied by `scale` behind the node.
bool hidesLaterSteps(std::string_view op, std::span<const Tensor* const> constants,
                     const Shape& scores, double scale);

} // namespace gradwright
