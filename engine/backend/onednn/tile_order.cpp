// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/tile_order.h"

#include "engine/tensor/aligned_buffer.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

namespace gradwright::onednn {
namespace {

constexpr std::size_t kShortestRun = 32;
constexpr std::size_t kMostElements = 1U << 24U;
constexpr auto kNone = std::numeric_limits<std::uint32_t>::max();

/// Whole numbers below 256, which bfloat16 holds exactly.
std::uint32_t wholeNumber(float value) {
    return static_cast<std::uint32_t>(static_cast<std::int32_t>(value));
}
std::uint32_t wholeNumber(std::uint16_t bf16) {
    return wholeNumber(std::bit_cast<float>(std::uint32_t{bf16} << 16U));
}

template <class Number>
void addBytes(std::vector<std::uint32_t>& sums, const AlignedBuffer& bytes, unsigned shift) {
    const auto* numbers = reinterpret_cast<const Number*>(bytes.data());
    for (std::size_t i = 0; i < sums.size(); ++i)
        sums[i] |= wholeNumber(numbers[i]) << shift;
}

/// By element of `to`, the element of `from` that a reorder brings there and 1, or 0 in padding.
std::vector<std::uint32_t> sourcesOf(const MemoryDesc& from, const MemoryDesc& to) {
    const auto elements = from.get_size() / sizeof(float);
    const bool bf16 = isBf16(to);
    AlignedBuffer numbers(from.get_size());
    AlignedBuffer moved(to.get_size());
    std::vector<std::uint32_t> sources(to.get_size() /
                                       (bf16 ? sizeof(std::uint16_t) : sizeof(float)));
    // A byte at a time: bfloat16 has 8 bits for it.
    const auto count = static_cast<std::uint32_t>(elements);
    for (unsigned shift = 0; count >> shift > 0; shift += 8) {
        auto* values = reinterpret_cast<float*>(numbers.data());
        for (std::uint32_t i = 0; i < count; ++i)
            values[i] = static_cast<float>(static_cast<std::int32_t>((i + 1) >> shift & 0xffU));
        reorderNow(from, numbers.data(), to, moved.data());
        if (bf16)
            addBytes<std::uint16_t>(sources, moved, shift);
        else
            addBytes<float>(sources, moved, shift);
    }
    return sources;
}

} // namespace

std::optional<TileOrder> TileOrder::between(const MemoryDesc& from, const MemoryDesc& to) {
    TileOrder order;
    const auto elements = from.get_size() / sizeof(float);
    if (from == to)
        return order;
    if (elements >= kMostElements || elements % kShortestRun != 0)
        return {};
    const auto sources = sourcesOf(from, to);
    for (auto tile = kShortestRun; tile <= kLargestTile; tile *= 2)
        for (auto run = tile; run >= kShortestRun; run /= 2)
            if (order.tryLengths(tile, run, sources, elements))
                return order;
    return {};
}

bool TileOrder::tryLengths(std::size_t tile, std::size_t run,
                           std::span<const std::uint32_t> sourceOf, std::size_t elements) {
    if (elements % tile != 0 || sourceOf.size() % run != 0)
        return false;
    run_ = run;
    sources_.clear();
    targets_.assign(elements / run, kNone);
    for (std::size_t target = 0; target < sourceOf.size() / run; ++target) {
        const auto sources = sourceOf.subspan(target * run, run);
        if (std::ranges::all_of(sources, [](std::uint32_t source) { return source == 0; }))
            continue;
        const auto number = runLike(sources, tile);
        if (!number)
            return false;
        const auto tileNumber = (sources[0] - 1) / tile;
        targets_[tileNumber * (tile / run) + *number] = static_cast<std::uint32_t>(target);
    }
    return sources_.size() == tile && std::ranges::find(targets_, kNone) == targets_.end();
}

std::optional<std::size_t> TileOrder::runLike(std::span<const std::uint32_t> sources,
                                              std::size_t tile) {
    if (sources[0] == 0)
        return {};
    const auto begin = (sources[0] - 1) / tile * tile;
    std::array<std::uint16_t, kLargestTile> within;
    for (std::size_t i = 0; i < sources.size(); ++i) {
        if (sources[i] <= begin || sources[i] > begin + tile)
            return {};
        within[i] = static_cast<std::uint16_t>(sources[i] - 1 - begin);
    }
    const std::span wanted(within.data(), run_);
    for (std::size_t known = 0; known < sources_.size(); known += run_)
        if (sources_[known] == wanted[0])
            return std::ranges::equal(wanted, std::span(sources_).subspan(known, run_))
                       ? std::optional(known / run_)
                       : std::nullopt;
    if (sources_.size() == tile)
        return {};
    sources_.insert(sources_.end(), wanted.begin(), wanted.end());
    return sources_.size() / run_ - 1;
}

} // namespace gradwright::onednn
