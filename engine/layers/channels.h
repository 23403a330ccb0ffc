// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/layers/shared_params.h"

// Ops work on the channels of a sample in its first axis. Images and volumes have them there;
// sequences T×F have their features in the last axis, which PyTorch's layers for sequences want in
// front, too.

namespace gradwright::layers {

/// The length of the axis that holds channels or features.
inline std::int64_t channelsOf(const Shape& shape) {
    return shape.rank() == 2 ? shape[1] : shape[0];
}

/// emit(x) with the features of a sequence in front; the result is turned back.
template <class Emit>
ValueId withChannelsFirst(LowerContext& context, const Emit& emit) {
    const auto x = context.inputs()[0];
    if (context.inputShape().rank() != 2)
        return emit(x);
    const auto turn = PermuteOp::ofSample({1, 0});
    return context.op(turn, {emit(context.op(turn, {x}))});
}

/// "self.norm(x)", for sequences "self.norm(x.transpose(1, 2)).transpose(1, 2)".
inline std::string torchChannelsFirst(const CodeContext& context, const std::string& module,
                                      const std::string& rest = {}) {
    const bool turn = context.shape().rank() == 2;
    return fmt::format("{}({}{}{}){}", module, context.input(), turn ? ".transpose(1, 2)" : "",
                       rest, turn ? ".transpose(1, 2)" : "");
}

} // namespace gradwright::layers
