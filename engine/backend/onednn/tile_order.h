// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/primitives.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace gradwright::onednn {

/// How one layout of a tensor lies in another: tiles, which are contiguous in the first, become one
/// or more runs, contiguous in the second, in the same way for all tiles. So do, for instance, 32
/// elements of `OIhw16i16o` become a run of `OIhw8i16o2i`, and a tile of 64 × 64 weights in
/// `OI16i64o` 64 runs of row-major order. Tiles can be moved when they have just been computed.
class TileOrder {
public:
    /// Elements of a tile are at most so many; always a power of two.
    static constexpr std::size_t kLargestTile = 4096;

    /// From a layout of FP32 to one of FP32 or bfloat16 of the same dimensions; empty where there
    /// are no such tiles, or very many elements (2^24). Found by moving numbers, so it takes the
    /// time and memory of a few copies.
    static std::optional<TileOrder> between(const MemoryDesc& from, const MemoryDesc& to);

    /// Both layouts are the same: there is nothing to order, and nothing else may be asked.
    [[nodiscard]] bool isSame() const { return sources_.empty(); }
    [[nodiscard]] std::size_t tile() const { return sources_.size(); }
    [[nodiscard]] std::size_t run() const { return run_; }
    /// For each element of a tile in the order of its runs, which one of the tile in `from` it is.
    [[nodiscard]] std::span<const std::uint16_t> sources() const { return sources_; }
    /// By run, tile after tile: where it starts in `to`, in lengths of a run.
    [[nodiscard]] std::span<const std::uint32_t> targets() const { return targets_; }

private:
    /// `sourceOf`: by element of `to`, the element of `from` and 1, or 0 in padding.
    bool tryLengths(std::size_t tile, std::size_t run, std::span<const std::uint32_t> sourceOf,
                    std::size_t elements);
    /// The number in its tile of the run with these sources; empty when other tiles have none such.
    std::optional<std::size_t> runLike(std::span<const std::uint32_t> sources, std::size_t tile);

    std::size_t run_ = 0;
    std::vector<std::uint16_t> sources_;
    std::vector<std::uint32_t> targets_;
};

} // namespace gradwright::onednn
