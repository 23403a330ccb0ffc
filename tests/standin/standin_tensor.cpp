// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/standin/standin_tensor.h"

#include "tests/standin/standin_block_state.h"

namespace gradwright::cuda::standin {
namespace {

/// Every number of FP16, by its bits.
const float* f16Numbers() {
    static const auto numbers = [] {
        std::vector<float> all(1 << 16);
        for (std::uint32_t bits = 0; bits < all.size(); ++bits)
            all[bits] = floatOfF16(static_cast<std::uint16_t>(bits));
        return all;
    }();
    return numbers.data();
}

/// The numbers of a word: two, or one of TF32.
template <MatrixProduct Product>
float numberIn(std::uint32_t word, unsigned which, const float* f16) {
    if constexpr (Product == MatrixProduct::Tf32) {
        if (word & kBelowTf32)
            fail("multiplies a number that was not rounded to TF32");
        return std::bit_cast<float>(word);
    } else {
        const auto bits = static_cast<std::uint16_t>(word >> 16 * which);
        return Product == MatrixProduct::Bf16 ? floatOfBf16(bits) : f16[bits];
    }
}

template <MatrixProduct Product>
void addTo(float (&sums)[4], const Meeting& warp) {
    constexpr unsigned kInWord = Product == MatrixProduct::Tf32 ? 1 : 2;
    constexpr unsigned kDepth =
        Product == MatrixProduct::Bf16 || Product == MatrixProduct::F16 ? 16 : 8;
    constexpr unsigned kPiece = 4 * kInWord; ///< of the depth, that four threads hold by a word
    const float* const f16 = f16Numbers();
    const auto self = static_cast<unsigned>(lane());
    float rows[2][kDepth];
    float columns[2][kDepth];
    for (unsigned i = 0; i < 2; ++i)
        for (unsigned k = 0; k < kDepth; ++k) {
            const unsigned member = k % kPiece / kInWord;
            const unsigned piece = k / kPiece;
            // Row group + 8 i is with the threads of the row's group.
            const auto* a = warp.words(self / 4 * 4 + member);
            rows[i][k] = numberIn<Product>(a[i + 2 * piece], k % kInWord, f16);
            const auto* b = warp.words((2 * (self % 4) + i) * 4 + member) + kWordsOfA;
            columns[i][k] = numberIn<Product>(b[piece], k % kInWord, f16);
        }
    for (unsigned i = 0; i < 4; ++i)
        for (unsigned k = 0; k < kDepth; ++k)
            sums[i] += rows[i / 2][k] * columns[i % 2][k];
}

} // namespace

void addProduct(MatrixProduct product, float (&sums)[4], const std::uint32_t* a,
                const std::uint32_t* b) {
    const bool isNarrow = product == MatrixProduct::F16Narrow;
    std::uint32_t words[kMeetingWords] = {};
    for (unsigned i = 0; i < (isNarrow ? 2 : 4); ++i)
        words[i] = a[i];
    for (unsigned i = 0; i < (isNarrow ? 1 : 2); ++i)
        words[kWordsOfA + i] = b[i];
    const Meeting warp(Collective::Matrix, ~0U, static_cast<std::uint64_t>(product), words);
    for (int i = 0; i < 32; ++i)
        if (warp.of(i) != static_cast<std::uint64_t>(product))
            fail("multiplies in another format than the threads that it meets");
    switch (product) {
    case MatrixProduct::Bf16:
        return addTo<MatrixProduct::Bf16>(sums, warp);
    case MatrixProduct::F16:
        return addTo<MatrixProduct::F16>(sums, warp);
    case MatrixProduct::F16Narrow:
        return addTo<MatrixProduct::F16Narrow>(sums, warp);
    case MatrixProduct::Tf32:
        return addTo<MatrixProduct::Tf32>(sums, warp);
    }
}

void noteCopy(const AsyncCopy& copy) {
    auto& thread = block().threads[block().self];
    if (thread.copiesBegun - thread.copiesDone == kMostCopies)
        fail("has more copies on their way than the stand-in keeps");
    thread.copies[thread.copiesBegun++ % kMostCopies] = {copy, thread.copyGroups};
}

void endCopyGroup() {
    ++block().threads[block().self].copyGroups;
}

AsyncCopy takeCopy(unsigned left) {
    auto& thread = block().threads[block().self];
    const auto& next = thread.copies[thread.copiesDone % kMostCopies];
    if (thread.copiesDone == thread.copiesBegun || next.group + left >= thread.copyGroups)
        return {};
    ++thread.copiesDone;
    return next.copy;
}

} // namespace gradwright::cuda::standin
