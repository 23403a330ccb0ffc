// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/kernel_name.h"
#include "engine/backend/cuda/kernels/params.h"

namespace gradwright::cuda {

/// An array [batch, channels, positions] whose sums over a channel are taken in parts.
struct ChannelShape {
    std::uint32_t batch = 0, channels = 0;
    std::uint32_t positions = 1; ///< never 0
    std::uint32_t parts = 1;     ///< of each channel's batch · positions elements
};

} // namespace gradwright::cuda

// Ops with numbers of their own for each channel: batch normalization and PReLU. Sums by part are
// [parts, channels].
#define GRADWRIGHT_CHANNEL_KERNELS(X)                                                              \
    X(channel, measureChannels,                                                                    \
      (const float* x, float* means, float* squares, ChannelShape shape),                          \
      (x, means, squares, shape))                                                                  \
    X(channel, combineMoments,                                                                     \
      (const float* means, const float* squares, float* mean, float* variance,                     \
       ChannelShape shape),                                                                        \
      (means, squares, mean, variance, shape))                                                     \
    X(channel, normalizeChannels,                                                                  \
      (const float* x, const float* mean, const float* variance, const float* scale,               \
       const float* shift, float* y, ChannelShape shape, float epsilon),                           \
      (x, mean, variance, scale, shift, y, shape, epsilon))                                        \
    X(channel, sumChannelGradients,                                                                \
      (const float* x, const float* gradient, const float* mean, const float* variance,            \
       float* shiftParts, float* scaleParts, ChannelShape shape, float epsilon),                   \
      (x, gradient, mean, variance, shiftParts, scaleParts, shape, epsilon))                       \
    X(channel, normalizeChannelsBack,                                                              \
      (const float* x, const float* gradient, const float* mean, const float* variance,            \
       const float* scale, const float* shiftSum, const float* scaleSum, float* out,               \
       ChannelShape shape, float epsilon),                                                         \
      (x, gradient, mean, variance, scale, shiftSum, scaleSum, out, shape, epsilon))               \
    X(channel, trackStatistics,                                                                    \
      (const float* mean, const float* variance, float* runningMean, float* runningVariance,       \
       std::uint32_t channels, float momentum, float unbiased, const StepSums* sums),              \
      (mean, variance, runningMean, runningVariance, channels, momentum, unbiased, sums))          \
    X(channel, prelu, (const float* x, const float* slopes, float* y, ChannelShape shape),         \
      (x, slopes, y, shape))                                                                       \
    X(channel, preluBack,                                                                          \
      (const float* x, const float* slopes, const float* gradient, float* out,                     \
       ChannelShape shape),                                                                        \
      (x, slopes, gradient, out, shape))                                                           \
    X(channel, sumSlopeGradients,                                                                  \
      (const float* x, const float* gradient, float* parts, ChannelShape shape),                   \
      (x, gradient, parts, shape))

namespace gradwright::cuda::kernel {
GRADWRIGHT_CHANNEL_KERNELS(GRADWRIGHT_DECLARE_KERNEL)
} // namespace gradwright::cuda::kernel
