// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/compiler.h"

namespace gradwright::onednn {

/// A recurrent op that only reads: one for which RecurrentOp::isPlain() does not hold.
void lowerVariant(Compiler& compiler, const OpContext& context, const RecurrentOp& op);

} // namespace gradwright::onednn
