// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/arena_memory.h"

#include "engine/support/stopped.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

namespace gradwright::onednn {
namespace {

constexpr std::size_t kLargePage = std::size_t{2} << 20;
constexpr std::size_t kFewest = 4 * kLargePage; ///< bytes that are worth pages of their own
constexpr std::size_t kPiece = std::size_t{64} << 20;

} // namespace

ArenaMemory::ArenaMemory(std::size_t size, const std::stop_token& stop) {
    if (size < kFewest) {
        small_ = AlignedBuffer(size);
        return;
    }
    mappedBytes_ = size + kLargePage;
    mapped_ =
        mmap(nullptr, mappedBytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped_ == MAP_FAILED) {
        mapped_ = nullptr;
        throw std::bad_alloc();
    }
    const auto address = reinterpret_cast<std::uintptr_t>(mapped_);
    begin_ = static_cast<std::byte*>(mapped_) + (kLargePage - address % kLargePage) % kLargePage;
    madvise(begin_, size, MADV_HUGEPAGE); // where the system has none, small ones do
    // A step must not wait for memory, so all of it is there from the beginning.
    for (std::size_t first = 0; first < size; first += kPiece) {
        if (stop.stop_requested()) {
            munmap(mapped_, mappedBytes_);
            throw WorkStopped();
        }
        std::memset(begin_ + first, 0, std::min(kPiece, size - first));
    }
}

ArenaMemory::~ArenaMemory() {
    if (mapped_)
        munmap(mapped_, mappedBytes_);
}

ArenaMemory::ArenaMemory(ArenaMemory&& other) noexcept
    : small_(std::move(other.small_))
    , mapped_(std::exchange(other.mapped_, nullptr))
    , mappedBytes_(std::exchange(other.mappedBytes_, 0))
    , begin_(std::exchange(other.begin_, nullptr)) {}

ArenaMemory& ArenaMemory::operator=(ArenaMemory&& other) noexcept {
    std::swap(small_, other.small_);
    std::swap(mapped_, other.mapped_);
    std::swap(mappedBytes_, other.mappedBytes_);
    std::swap(begin_, other.begin_);
    return *this;
}

} // namespace gradwright::onednn
