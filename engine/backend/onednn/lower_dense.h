// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/compiler.h"

namespace gradwright::onednn {

/// Whether the parts of a batch compute a dense layer together, all samples at once. With many
/// weights that is less work: they are read fewer times, and there is one gradient of them instead
/// of one for each part, which have to be written and summed. `whole`: the layer for all samples.
bool sharesDense(const Compiler& compiler, const DenseForward& whole);
/// The layouts of the weights are set.
void lowerShared(Compiler& compiler, const OpContext& context, const DenseOp& op,
                 const DenseForward& whole);

} // namespace gradwright::onednn
