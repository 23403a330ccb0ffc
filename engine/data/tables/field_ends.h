// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace gradwright {

/// Finds the next delimiter or end of a line: 64 bytes of a text are compared with all of them at
/// once, and what is found are the bits of a word (Langdale and Lemire, "Parsing gigabytes of JSON
/// per second", 2019).
class FieldEnds {
public:
    /// `other`: a second delimiter. The text must outlive it.
    FieldEnds(std::string_view text, char delimiter, char other)
        : marks_{delimiter, other, '\r', '\n'}
        , end_(text.data() + text.size())
        , block_(text.data()) {
        if (!text.empty())
            load();
    }

    /// Where some of the bytes from `begin` on end fields.
    struct Block {
        const char* begin = nullptr;
        std::uint64_t ends = 0; ///< a bit for each of 64 bytes
    };
    /// Those of a block from `at` on, which lies in the text or at its end.
    [[nodiscard]] Block from(const char* at) {
        if (at >= end_) {
            block_ = end_;
            ends_ = 0;
            return {end_, 0};
        }
        if (at < block_ || at - block_ >= kBlock) {
            block_ = at;
            load();
        }
        return {block_, ends_ & (~std::uint64_t{0} << (at - block_))};
    }
    /// Goes on to the next block; returns false at the end of the text.
    bool next(Block& block) {
        if (end_ - block_ <= kBlock)
            return false;
        block_ += kBlock;
        load();
        block = {block_, ends_};
        return true;
    }
    /// The first one from `at` on, which lies in the text or at its end; its end where there is
    /// none.
    [[nodiscard]] const char* find(const char* at) {
        auto block = from(at);
        while (block.ends == 0)
            if (!next(block))
                return end_;
        return block.begin + std::countr_zero(block.ends);
    }

private:
    static constexpr std::ptrdiff_t kBlock = 64;

    void load() {
        if (end_ - block_ >= kBlock) {
            ends_ = endsIn(block_);
            return;
        }
        std::array<char, kBlock> rest{}; // zeros behind the end, which are no marks
        const auto size = static_cast<std::size_t>(end_ - block_);
        std::memcpy(rest.data(), block_, size);
        ends_ = endsIn(rest.data()) & ((std::uint64_t{1} << size) - 1);
    }

    /// A bit for each of 64 bytes.
    [[nodiscard]] std::uint64_t endsIn(const char* bytes) const {
        std::uint64_t ends = 0;
#if defined(__SSE2__)
        constexpr int kWidth = 16;
        for (int part = 0; part < kBlock / kWidth; ++part) {
            const auto text =
                _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + part * kWidth));
            auto found = _mm_cmpeq_epi8(text, _mm_set1_epi8(marks_[0]));
            for (std::size_t i = 1; i < marks_.size(); ++i)
                found = _mm_or_si128(found, _mm_cmpeq_epi8(text, _mm_set1_epi8(marks_[i])));
            ends |= static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(found)))
                    << (part * kWidth);
        }
#else
        for (int i = 0; i < kBlock; ++i)
            for (const char mark : marks_)
                ends |= std::uint64_t{bytes[i] == mark ? 1U : 0U} << i;
#endif
        return ends;
    }

    std::array<char, 4> marks_;
    const char* end_;
    const char* block_; ///< what ends_ is about
    std::uint64_t ends_ = 0;
};

} // namespace gradwright
