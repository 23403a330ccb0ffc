// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/language.h"

// The instructions of tensor cores and of asynchronous copies, as NVIDIA's "PTX ISA" documents
// them. The stand-in of the tests has functions of the same names (tests/standin/standin_tensor.h).
//
// mma.sync: a warp adds the product of A (16 rows) and B (8 columns) to its sums, in FP32. With
// group = lane / 4 and member = lane % 4, a thread holds
//   sums   rows group and group + 8, columns 2 member and 2 member + 1: [0..1] and [2..3]
//   16 bit A: row group, depth 2 member and 2 member + 1 as one word; row group + 8; both again at
//          depth + 8. B: depth 2 member and 2 member + 1 of column group; again at depth + 8.
//   TF32   A: row group, depth member; row group + 8; both again at depth + 4. B: depth member of
//          column group; again at depth + 4.
// FP16 with a depth of 8 needs sm_75; FP16 with 16, BF16, TF32 and the copies need sm_80 (ptxas).

#ifdef __CUDACC__

namespace gradwright::cuda::kernels {

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
#define GRADWRIGHT_HAS_SM80 1
#else
#define GRADWRIGHT_HAS_SM80 0
#endif

/// The nearest numbers in bfloat16, `low` in the lower half.
__device__ inline std::uint32_t toBf16Pair(float low, float high) {
    std::uint32_t pair = 0;
#if GRADWRIGHT_HAS_SM80
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
#endif
    return pair;
}
/// The same in FP16; beyond 65504 infinite.
__device__ inline std::uint32_t toF16Pair(float low, float high) {
    std::uint32_t pair = 0;
#if GRADWRIGHT_HAS_SM80
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
#else
    asm("{.reg .f16 l, h;\n"
        " cvt.rn.f16.f32 l, %1;\n"
        " cvt.rn.f16.f32 h, %2;\n"
        " mov.b32 %0, {l, h};}"
        : "=r"(pair)
        : "f"(low), "f"(high));
#endif
    return pair;
}
/// The nearest number with TF32's 10 bits behind the point, halfway away from zero.
__device__ inline std::uint32_t toTf32(float value) {
    std::uint32_t rounded = 0;
#if GRADWRIGHT_HAS_SM80
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(rounded) : "f"(value));
#endif
    return rounded;
}

__device__ inline void mmaBf16(float (&sums)[4], const std::uint32_t (&a)[4],
                               const std::uint32_t (&b)[2]) {
#if GRADWRIGHT_HAS_SM80
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
                 "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
    __trap(); // never launched there, see Device::supports()
#endif
}
/// Half the depth.
__device__ inline void mmaF16Narrow(float (&sums)[4], const std::uint32_t (&a)[2],
                                    std::uint32_t b) {
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 "
                 "{%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
                 : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
                 : "r"(a[0]), "r"(a[1]), "r"(b));
}
__device__ inline void mmaF16(float (&sums)[4], const std::uint32_t (&a)[4],
                              const std::uint32_t (&b)[2]) {
#if GRADWRIGHT_HAS_SM80
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
                 "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
    mmaF16Narrow(sums, {a[0], a[1]}, b[0]);
    mmaF16Narrow(sums, {a[2], a[3]}, b[1]);
#endif
}
__device__ inline void mmaTf32(float (&sums)[4], const std::uint32_t (&a)[4],
                               const std::uint32_t (&b)[2]) {
#if GRADWRIGHT_HAS_SM80
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
                 "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
    __trap();
#endif
}

/// A number into the block's memory, there once it has been waited for; where `from` is null, zero.
__device__ inline void copyAsync(float* to, const float* from) {
#if GRADWRIGHT_HAS_SM80
    if (from)
        asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" ::"r"(
                         static_cast<unsigned>(__cvta_generic_to_shared(to))),
                     "l"(from)
                     : "memory");
    else
        *to = 0.0F;
#else
    *to = from ? *from : 0.0F;
#endif
}
/// Ends a group of copies of this thread.
__device__ inline void commitCopies() {
#if GRADWRIGHT_HAS_SM80
    asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}
/// Waits for this thread's copies, but for those of the `Left` latest groups. Others see them
/// behind the next barrier.
template <int Left>
__device__ inline void waitForCopies() {
#if GRADWRIGHT_HAS_SM80
    asm volatile("cp.async.wait_group %0;" ::"n"(Left) : "memory");
#endif
}

} // namespace gradwright::cuda::kernels

#endif
