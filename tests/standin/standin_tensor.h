// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The instructions of tensor cores and of asynchronous copies on the processor, under the names
// that the kernels have for them (engine/backend/cuda/kernels/tensor_instructions.cuh). Each thread
// holds what NVIDIA's "PTX ISA" says of the fragments; products are added in FP32 in the order of
// the depth, an order that PTX leaves open.

#include "tests/standin/standin_numbers.h"

namespace gradwright::cuda::standin {

/// Which product a warp takes: 16 rows, 8 columns, and a depth of 16, or of 8.
enum class MatrixProduct { Bf16, F16, F16Narrow, Tf32 };

/// Adds the warp's product to the sums of this thread. Fails unless the whole warp takes the same
/// one, and for a number with more digits than TF32 has.
void addProduct(MatrixProduct product, float (&sums)[4], const std::uint32_t* a,
                const std::uint32_t* b);

/// Of this thread: a copy that has been asked for.
struct AsyncCopy {
    float* to = nullptr;
    const float* from = nullptr;
};
void noteCopy(const AsyncCopy& copy);
void endCopyGroup();
/// Takes the next copy that has to be done for `left` groups to be left; `to` is null after the
/// last.
AsyncCopy takeCopy(unsigned left);

} // namespace gradwright::cuda::standin

namespace gradwright::cuda::kernels {

inline std::uint32_t toBf16Pair(float low, float high) {
    return standin::bf16Of(low) | std::uint32_t{standin::bf16Of(high)} << 16;
}
inline std::uint32_t toF16Pair(float low, float high) {
    return standin::f16Of(low) | std::uint32_t{standin::f16Of(high)} << 16;
}
inline std::uint32_t toTf32(float value) {
    return std::bit_cast<std::uint32_t>(standin::tf32Of(value));
}

inline void mmaBf16(float (&sums)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
    standin::addProduct(standin::MatrixProduct::Bf16, sums, a, b);
}
inline void mmaF16(float (&sums)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
    standin::addProduct(standin::MatrixProduct::F16, sums, a, b);
}
inline void mmaF16Narrow(float (&sums)[4], const std::uint32_t (&a)[2], std::uint32_t b) {
    standin::addProduct(standin::MatrixProduct::F16Narrow, sums, a, &b);
}
inline void mmaTf32(float (&sums)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
    standin::addProduct(standin::MatrixProduct::Tf32, sums, a, b);
}

// A copy may happen at any moment until it has been waited for: its place is NaN from the moment it
// is asked for, and written when it is waited for. The stores are here, where ThreadSanitizer sees
// them.

inline void copyAsync(float* to, const float* from) {
    *to = from ? std::bit_cast<float>(~0U) : 0.0F;
    if (from)
        standin::noteCopy({to, from});
}
inline void commitCopies() {
    standin::endCopyGroup();
}
template <int Left>
void waitForCopies() {
    for (auto copy = standin::takeCopy(Left); copy.to; copy = standin::takeCopy(Left))
        *copy.to = *copy.from;
}

} // namespace gradwright::cuda::kernels
