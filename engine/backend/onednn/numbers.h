// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/compiler.h"

namespace gradwright::onednn {

/// The shape with all its axes that the graph gives the value.
Shape shapeOf(const Compiler& compiler, ValueId value);

/// Row-major numbers, whatever the type: integers that are fed become numbers here; those that ops
/// make are some.
Lowered* numbers(Compiler& compiler, Lowered* value);

/// The same of all inputs of an op.
std::vector<Lowered*> allNumbers(Compiler& compiler, const OpContext& context);

} // namespace gradwright::onednn
