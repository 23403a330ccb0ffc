// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/kernels/channels.h"

#include <span>

namespace gradwright::onednn {

/// What one part of a batch knows of its channels: their means and, behind them, their sums of
/// squared deviations from these; or the two sums that the gradient needs.
struct PartOfChannels {
    const float* values; ///< [2, channels]
    double count;        ///< how many numbers each channel has
};

/// How channels are normalized: (x - mean) · factor + shift, then ReLU.
struct ChannelNorm {
    const float* mean;
    const float* factor; ///< scale / √(variance + ε)
    const float* shift;
    bool relu;
};

/// Means and sums of squared deviations of a part's channels, into [2, channels].
void channelMoments(const ChannelView& view, float* moments, const float* in);
/// Mean and biased variance of the whole batch from those of its parts, in their order (Chan,
/// Golub, LeVeque: "Updating formulae and a pairwise algorithm for computing sample variances",
/// 1979).
void combineMoments(std::size_t channels, std::span<const PartOfChannels> parts, float* mean,
                    float* variance);
void normalizeChannels(const ChannelView& view, const ChannelNorm& norm, float* out,
                       const float* in);

/// Σ g and Σ g (x - mean) of a part's channels, into [2, channels]; g is the gradient where the
/// ReLU lets it pass.
void channelGradientSums(const ChannelView& view, const ChannelNorm& norm, float* sums,
                         const float* in, const float* gradient);
/// The sums of all parts, in their order.
void combineGradientSums(std::size_t channels, std::span<const PartOfChannels> parts, float* sums);
/// The gradient of `in`: factor · (g - centre - (x - mean) · slope) (Ioffe, Szegedy: "Batch
/// normalization", 2015, section 3). `out` may be `gradient`.
void channelGradient(const ChannelView& view, const ChannelNorm& norm, const float* centre,
                     const float* slope, float* out, const float* in, const float* gradient);

} // namespace gradwright::onednn
