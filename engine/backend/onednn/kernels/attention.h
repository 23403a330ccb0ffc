// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>

namespace gradwright::onednn {

/// Several heads of attention on [batch, steps, 3 · heads · width]: queries, keys and values.
///
/// The scores of all queries with all keys, steps × steps of each head, are in memory only where
/// they take no more of it than what they are made of. Longer sequences are gone through in blocks
/// of queries, whose scores are made again in the backward pass, so that memory grows with the
/// number of steps and not with its square (as in Dao et al. 2022, "FlashAttention", but with whole
/// rows of scores, so that no softmax has to be corrected later on).
struct AttentionPlan {
    std::size_t batch = 1, steps = 1, heads = 1, width = 1;
    bool causal = false;
    bool trains = false; ///< there will be a backward pass

    /// Whether the softmaxed scores are kept for the backward pass.
    [[nodiscard]] bool keepsShares() const { return trains && steps <= 3 * width; }
    /// Queries whose scores are computed at once.
    [[nodiscard]] std::size_t blockRows() const;
    /// The number of softmaxed scores that are kept.
    [[nodiscard]] std::size_t shares() const {
        return keepsShares() ? batch * heads * steps * steps : 0;
    }
    /// Elements that the passes need for themselves.
    [[nodiscard]] std::size_t scratch() const;
    [[nodiscard]] std::size_t backwardScratch() const;
};

/// `shares` is written where they are kept; `scratch` has scratch() elements.
void attend(const AttentionPlan& plan, float* out, float* shares, float* scratch, const float* in);
/// `scratch` has backwardScratch() elements.
void attendBackward(const AttentionPlan& plan, float* out, float* scratch, const float* in,
                    const float* shares, const float* gradient);

} // namespace gradwright::onednn
