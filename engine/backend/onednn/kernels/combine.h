// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/kernels/channels.h"
#include "engine/ops/op.h"

#include <array>
#include <span>
#include <vector>

namespace gradwright::onednn {

inline constexpr std::size_t kMaxCombined = 16; ///< inputs of one op

/// Arrays that are combined element by element: the loops over them, outermost first, and how far
/// each input moves with each of them (0 where it is repeated). The innermost moves by 0 or 1.
struct CombinePlan {
    CombineKind kind;
    std::vector<std::size_t> lengths;
    std::vector<std::vector<std::size_t>> strides; ///< of each input

    /// Joins neighbouring loops that all inputs go through in one.
    void simplify();
    [[nodiscard]] bool isRepeated(std::size_t input) const;
};

using CombineInputs = std::array<const float*, kMaxCombined>;

void combine(const CombinePlan& plan, float* out, const CombineInputs& in);
/// The gradients of the inputs that have a place for it; `out` is the result of combine().
void combineBackward(const CombinePlan& plan, const std::array<float*, kMaxCombined>& gradients,
                     const CombineInputs& in, const float* out, const float* gradient);

/// x += terms, one a channel.
void addToChannels(const ChannelView& view, float* x, const float* terms);
/// out = in · factors, one a channel and sample; out may be in.
void scaleChannels(const ChannelView& view, float* out, const float* in, const float* factors);
/// sums[channel] = Σ x over batch and positions.
void sumOfChannels(const ChannelView& view, float* sums, const float* x);

} // namespace gradwright::onednn
