// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/language.h"

// Sums by warps, then by the block: always in the same order, so that two runs are equal to the
// bit. In blocks of a multiple of 32 threads.

namespace gradwright::cuda::kernels {

struct Plus {
    template <class T>
    __device__ T operator()(T a, T b) const {
        return a + b;
    }
};
struct Largest {
    template <class T>
    __device__ T operator()(T a, T b) const {
        return a > b ? a : b;
    }
};
struct Smallest {
    template <class T>
    __device__ T operator()(T a, T b) const {
        return a < b ? a : b;
    }
};

/// Over the warp, the same in all its threads.
template <class T, class Combine>
__device__ inline T overWarp(T x, Combine combine) {
    GRADWRIGHT_UNROLL
    for (int by = 16; by > 0; by /= 2)
        x = combine(x, __shfl_xor_sync(~0U, x, by));
    return x;
}

/// Over the block, the same in all its threads. `neutral`: of threads that there are not.
template <class T, class Combine>
__device__ inline T overBlock(T x, Combine combine, T neutral) {
    GRADWRIGHT_SHARED(parts, T[32]);
    x = overWarp(x, combine);
    const unsigned warp = threadIdx.x / 32;
    const unsigned lane = threadIdx.x % 32;
    __syncthreads(); // readers of the one before
    if (lane == 0)
        parts[warp] = x;
    __syncthreads();
    return overWarp(lane < blockDim.x / 32 ? parts[lane] : neutral, combine);
}

template <class T>
__device__ inline T sumOfBlock(T x) {
    return overBlock(x, Plus{}, T{0});
}

} // namespace gradwright::cuda::kernels
