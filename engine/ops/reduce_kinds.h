// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The kinds of reductions, without anything else: device code includes them too.

namespace gradwright {

enum class ReduceKind {
    Sum,
    Mean,
    Product,
    Maximum, ///< equal ones share the gradient
    Minimum, ///< the same
    Norm     ///< √Σx²; its gradient at 0 is 0
};

} // namespace gradwright
