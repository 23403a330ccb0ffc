// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/channel.h"

namespace gradwright::cuda {

/// What NormalizeOp brings to mean 0 and variance 1: `groups` groups of `size` elements that follow
/// each other. A weight belongs to each element of a group or to each channel.
struct GroupShape {
    std::uint64_t groups = 0; ///< of all samples together
    std::uint32_t size = 1;
    std::uint32_t groupsOfSample = 1;
    std::uint32_t positions = 1; ///< of a channel
    std::int32_t perChannel = 0; ///< the weights
    std::int32_t centre = 1;
    std::uint32_t parts = 1; ///< of the sums over groups, for gradients of weights per element
    float epsilon = 0;
};

/// Local response normalization of [batch, channels, positions].
struct ResponseShape {
    std::uint64_t elements = 0;
    std::uint32_t channels = 1, positions = 1;
    std::uint32_t before = 0, size = 1; ///< neighbours: from c - before, `size` of them
    float alpha = 0, beta = 0, k = 0;   ///< alpha by neighbour
};

} // namespace gradwright::cuda

// Normalization within samples. `measures`: mean and 1 / deviation of each group.
#define GRADWRIGHT_NORMALIZE_KERNELS(X)                                                            \
    X(normalize, normalizeGroups,                                                                  \
      (const float* x, const float* scale, const float* shift, float* y, float* measures,          \
       GroupShape shape),                                                                          \
      (x, scale, shift, y, measures, shape))                                                       \
    X(normalize, normalizeGroupsBack,                                                              \
      (const float* x, const float* gradient, const float* scale, const float* measures,           \
       float* out, GroupShape shape),                                                              \
      (x, gradient, scale, measures, out, shape))                                                  \
    X(normalize, sumElementWeights,                                                                \
      (const float* x, const float* gradient, const float* measures, float* scaleParts,            \
       float* shiftParts, GroupShape shape),                                                       \
      (x, gradient, measures, scaleParts, shiftParts, shape))                                      \
    X(normalize, sumChannelWeights,                                                                \
      (const float* x, const float* gradient, const float* measures, float* scaleParts,            \
       float* shiftParts, ChannelShape shape, std::uint32_t channelsOfGroup),                      \
      (x, gradient, measures, scaleParts, shiftParts, shape, channelsOfGroup))                     \
    X(normalize, respond, (const float* x, float* y, ResponseShape shape), (x, y, shape))          \
    X(normalize, respondBackAlone,                                                                 \
      (const float* x, const float* gradient, float* out, float* terms, ResponseShape shape),      \
      (x, gradient, out, terms, shape))                                                            \
    X(normalize, respondBackAmong,                                                                 \
      (const float* x, const float* terms, float* out, ResponseShape shape),                       \
      (x, terms, out, shape))

namespace gradwright::cuda::kernel {
GRADWRIGHT_NORMALIZE_KERNELS(GRADWRIGHT_DECLARE_KERNEL)
} // namespace gradwright::cuda::kernel
