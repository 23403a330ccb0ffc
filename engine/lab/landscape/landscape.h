// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/lab/kinds.h"

namespace gradwright {

/// The cost surface: the loss over a plane through the trained weights. In Report::data:
/// "x" and "y", the places of columns and rows; "loss", a list of numbers for each y, null where
/// the loss is not finite or not measured yet; "x_name", "y_name"; "paths", each with "name" and
/// "points" ([x, y, distance from the plane, loss over the same samples]), from the first weights
/// to the last; "center_loss"; and "sharpness", where it was asked for.
ExperimentKind landscapeKind();

} // namespace gradwright
