// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/aligned_buffer.h"

#include <cstddef>
#include <stop_token>

namespace gradwright::onednn {

/// Zeroed memory of gigabytes, in large pages where the system has them: with pages of 4 KiB most
/// of the time to get it, and to give it back, would be the system's.
class ArenaMemory {
public:
    ArenaMemory() = default;
    /// Throws std::bad_alloc, and WorkStopped when stopped.
    explicit ArenaMemory(std::size_t size, const std::stop_token& stop = {});
    ~ArenaMemory();
    ArenaMemory(ArenaMemory&& other) noexcept;
    ArenaMemory& operator=(ArenaMemory&& other) noexcept;
    ArenaMemory(const ArenaMemory&) = delete;
    ArenaMemory& operator=(const ArenaMemory&) = delete;

    [[nodiscard]] std::byte* data() { return small_.size() > 0 ? small_.data() : begin_; }

private:
    AlignedBuffer small_;
    void* mapped_ = nullptr; ///< from the system
    std::size_t mappedBytes_ = 0;
    std::byte* begin_ = nullptr; ///< where its first large page is
};

} // namespace gradwright::onednn
