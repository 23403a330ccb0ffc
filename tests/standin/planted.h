// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/kernel_name.h"

#include <cstddef>
#include <cstdint>

namespace gradwright::cuda {

/// Larger than an int, so that copies of arguments by their size show.
struct PlantedValues {
    float first = 0;
    double second = 0;
    std::int32_t third = 0;
};

} // namespace gradwright::cuda

// Right kernels that show what they are given, and kernels with one fault each.
#define GRADWRIGHT_PLANTED_KERNELS(X)                                                              \
    X(planted, scale, (const float* in, float* out, std::uint32_t size, float by),                 \
      (in, out, size, by))                                                                         \
    X(planted, scaleBy, (const float* in, float* out, std::uint32_t size, const float* by),        \
      (in, out, size, by))                                                                         \
    X(planted, writeValues, (double* out, PlantedValues values), (out, values))                    \
    X(planted, numberThreads, (std::uint32_t * out), (out))                                        \
    X(planted, warpFunctions, (double* out, std::uint32_t* votes), (out, votes))                   \
    X(planted, countAtomically, (std::uint32_t * count, float* sum, std::int32_t* largest),        \
      (count, sum, largest))                                                                       \
    X(planted, reverseInBlock, (float* values), (values))                                          \
    X(planted, reverseDynamically, (float* values), (values))                                      \
    X(planted, missingBarrier, (float* values), (values))                                          \
    X(planted, rotateInBlock, (float* values, std::uint32_t times), (values, times))               \
    X(planted, missingSecondBarrier, (float* values, std::uint32_t times), (values, times))        \
    X(planted, unwrittenShared, (float* values), (values))                                         \
    X(planted, tooMuchShared, (float* values), (values))                                           \
    X(planted, skippedBarrier, (), ())                                                             \
    X(planted, earlyEnd, (), ())                                                                   \
    X(planted, divergentBarrier, (), ())                                                           \
    X(planted, absentInMask, (float* values), (values))                                            \
    X(planted, selfNotInMask, (float* values), (values))                                           \
    X(planted, differentFunctions, (std::uint32_t * values), (values))                             \
    X(planted, readOutsideMask, (float* values), (values))                                         \
    X(planted, neverMeets, (float* values), (values))                                              \
    X(planted, writeOneBehind, (float* values), (values))                                          \
    X(planted, writeAt, (float* values, std::int64_t index), (values, index))                      \
    X(planted, readAt, (const float* values, std::int64_t index, float* to), (values, index, to))  \
    X(planted, largeLocals, (float* values), (values))                                             \
    X(planted, trap, (), ())                                                                       \
    X(planted, addWithoutAtomics, (float* sum), (sum))

namespace gradwright::cuda::kernel {
GRADWRIGHT_PLANTED_KERNELS(GRADWRIGHT_DECLARE_KERNEL)
} // namespace gradwright::cuda::kernel

/// Makes them known to the stand-in.
void gradwrightAdd_planted();
