// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/layout.h"

#include <cstddef>

namespace gradwright::onednn {

/// How channels lie in memory, whatever the format: [batch, blocks, positions, lanes], where a
/// channel is a block and a lane. Row-major has one lane a block, channels-last a single block.
struct ChannelView {
    std::size_t batch = 1, blocks = 1, positions = 1, lanes = 1;

    ChannelView(std::size_t samples, std::size_t blocksOf, std::size_t places, std::size_t side)
        : batch(samples)
        , blocks(blocksOf)
        , positions(places)
        , lanes(side) {}
    explicit ChannelView(const Layout& layout)
        : batch(static_cast<std::size_t>(layout.batch))
        , positions(static_cast<std::size_t>(layout.positions())) {
        const auto channels = static_cast<std::size_t>(layout.channels);
        lanes = layout.format == Format::ChannelsLast
                    ? channels
                    : static_cast<std::size_t>(blockOf(layout.format));
        blocks = channels / lanes;
    }

    [[nodiscard]] std::size_t channels() const { return blocks * lanes; }
    /// The first element of one block of one sample.
    [[nodiscard]] std::size_t offset(std::size_t sample, std::size_t block) const {
        return (sample * blocks + block) * positions * lanes;
    }
};

} // namespace gradwright::onednn
