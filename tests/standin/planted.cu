// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/kernels/sums.cuh"
#include "tests/standin/planted.h"

namespace gradwright::cuda::kernels {
namespace {

__device__ void scale(const float* in, float* out, std::uint32_t size, float by) {
    for (std::size_t i = firstElement(); i < size; i += allThreads())
        out[i] = in[i] * by;
}

/// The same with a factor that lies in the device's memory.
__device__ void scaleBy(const float* in, float* out, std::uint32_t size, const float* by) {
    scale(in, out, size, *by);
}

__device__ void writeValues(double* out, PlantedValues values) {
    if (threadIdx.x == 0) {
        out[0] = static_cast<double>(values.first);
        out[1] = values.second;
        out[2] = values.third;
    }
}

/// Each thread's number in the whole grid, at that place.
__device__ void numberThreads(std::uint32_t* out) {
    const unsigned blockAt = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
    const unsigned threadAt = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
    const unsigned number = blockAt * blockDim.x * blockDim.y * blockDim.z + threadAt;
    out[number] = number;
}

/// One block of 64: sums of doubles by exchange, then what each kind of exchange and vote gives.
__device__ void warpFunctions(double* out, std::uint32_t* votes) {
    const unsigned i = threadIdx.x;
    out[i] = overWarp(1.0 + i, Plus{});
    out[64 + i] = __shfl_up_sync(~0U, 1.0 * i, 3);
    out[128 + i] = __shfl_down_sync(~0U, 1.0 * i, 5);
    out[192 + i] = static_cast<double>(__shfl_sync(~0U, std::uint64_t{1} << 40 | i, 7));
    // Halves of a warp by themselves.
    const unsigned half = i % 32 < 16 ? 0xffffU : 0xffff0000U;
    out[256 + i] = __shfl_xor_sync(half, static_cast<float>(i), 1);
    votes[i] = __ballot_sync(~0U, i % 3 == 0);
    votes[64 + i] = static_cast<unsigned>(__any_sync(half, i == 5) + 2 * __all_sync(half, i < 32));
}

__device__ void countAtomically(std::uint32_t* count, float* sum, std::int32_t* largest) {
    atomicAdd(count, 1U);
    atomicAdd(sum, 0.5F);
    atomicMax(largest, static_cast<std::int32_t>(firstElement()));
}

__device__ void reverseInBlock(float* values) {
    GRADWRIGHT_SHARED(kept, float[256]);
    kept[threadIdx.x] = values[firstElement()];
    __syncthreads();
    values[firstElement()] = kept[blockDim.x - 1 - threadIdx.x];
}

__device__ void reverseDynamically(float* values) {
    GRADWRIGHT_DYNAMIC_SHARED(kept, float);
    kept[threadIdx.x] = values[firstElement()];
    __syncthreads();
    values[firstElement()] = kept[blockDim.x - 1 - threadIdx.x];
}

/// reverseInBlock without its barrier.
__device__ void missingBarrier(float* values) {
    GRADWRIGHT_SHARED(kept, float[256]);
    kept[threadIdx.x] = values[firstElement()];
    values[firstElement()] = kept[blockDim.x - 1 - threadIdx.x];
}

/// Moves the values of a block by one place, `times` times.
__device__ void rotateInBlock(float* values, std::uint32_t times) {
    GRADWRIGHT_SHARED(kept, float[256]);
    float value = values[firstElement()];
    for (unsigned i = 0; i < times; ++i) {
        kept[threadIdx.x] = value;
        __syncthreads();
        value = kept[(threadIdx.x + 1) % blockDim.x];
        __syncthreads();
    }
    values[firstElement()] = value;
}

/// The same without the barrier between reading and writing again.
__device__ void missingSecondBarrier(float* values, std::uint32_t times) {
    GRADWRIGHT_SHARED(kept, float[256]);
    float value = values[firstElement()];
    for (unsigned i = 0; i < times; ++i) {
        kept[threadIdx.x] = value;
        __syncthreads();
        value = kept[(threadIdx.x + 1) % blockDim.x];
    }
    values[firstElement()] = value;
}

__device__ void unwrittenShared(float* values) {
    GRADWRIGHT_SHARED(kept, float[64]);
    if (threadIdx.x < 32)
        kept[threadIdx.x] = 1.0F;
    __syncthreads();
    values[threadIdx.x] = kept[threadIdx.x];
}

__device__ void tooMuchShared(float* values) {
    GRADWRIGHT_SHARED(first, float[6 << 10]);
    GRADWRIGHT_SHARED(second, float[6 << 10]);
    GRADWRIGHT_SHARED(third, float[1]);
    first[0] = second[0] = third[0] = 1.0F;
    values[0] = first[0] + second[0] + third[0];
}

__device__ void skippedBarrier() {
    if (threadIdx.x < 40)
        __syncthreads();
}

/// The same, but those that leave do so before the others come to the barrier.
__device__ void earlyEnd() {
    if (threadIdx.x < 40)
        return;
    __syncthreads();
}

__device__ void divergentBarrier() {
    if (threadIdx.x % 2 == 0)
        __syncthreads();
    else
        __syncthreads();
}

__device__ void absentInMask(float* values) {
    values[threadIdx.x] = __shfl_xor_sync(~0U, 1.0F, 1); // in a block of 20
}

__device__ void selfNotInMask(float* values) {
    values[threadIdx.x] = __shfl_sync(0xffffU, 1.0F, 0);
}

__device__ void differentFunctions(std::uint32_t* values) {
    if (threadIdx.x % 2 == 0)
        values[threadIdx.x] = __ballot_sync(~0U, 1);
    else
        __syncwarp();
}

__device__ void readOutsideMask(float* values) {
    if (threadIdx.x < 16)
        values[threadIdx.x] = __shfl_sync(0xffffU, 1.0F, 20);
}

/// Half of the warp waits for the other half, which waits for the block.
__device__ void neverMeets(float* values) {
    if (threadIdx.x < 16)
        values[threadIdx.x] = __shfl_sync(~0U, 1.0F, 0);
    else
        __syncthreads();
}

__device__ void writeOneBehind(float* values) {
    values[threadIdx.x + 1] = 1.0F;
}

__device__ void writeAt(float* values, std::int64_t index) {
    if (blockIdx.x == 2 && threadIdx.x == 7)
        values[index] = 1.0F;
}

__device__ void readAt(const float* values, std::int64_t index, float* to) {
    to[threadIdx.x] = values[index];
}

__device__ void largeLocals(float* values) {
    volatile float locals[64 << 10];
    for (unsigned i = 0; i < (64 << 10); ++i)
        locals[i] = values[0];
    values[threadIdx.x] = locals[threadIdx.x];
}

__device__ void trap() {
    if (threadIdx.x == 3)
        __trap();
}

__device__ void addWithoutAtomics(float* sum) {
    if (threadIdx.x == 0)
        *sum += 1.0F;
}

} // namespace
} // namespace gradwright::cuda::kernels

using namespace gradwright::cuda;
GRADWRIGHT_KERNEL_FAMILY(planted, GRADWRIGHT_PLANTED_KERNELS)
