// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/standin/standin_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <new>

#ifdef GRADWRIGHT_STANDIN_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace gradwright::cuda::standin {
namespace {

constexpr std::size_t kDevicePage = 4096;
constexpr std::size_t kHugePage = std::size_t{2} << 20; ///< of which large allocations are made
constexpr std::byte kRest{0xa5};
#ifdef GRADWRIGHT_STANDIN_ASAN
constexpr bool kReportsWritesItself = true; ///< AddressSanitizer, when they happen
#else
constexpr bool kReportsWritesItself = false;
#endif

std::size_t pagesOf(std::size_t bytes) {
    return (bytes + kDevicePage - 1) / kDevicePage * kDevicePage;
}

std::byte* pointer(Address address) {
    return reinterpret_cast<std::byte*>(address);
}

const std::array<std::byte, kDevicePage>& untouchedRest() {
    static const auto page = [] {
        std::array<std::byte, kDevicePage> bytes{};
        bytes.fill(kRest);
        return bytes;
    }();
    return page;
}

void protect(Address address, std::size_t bytes, int protection) {
    if (mprotect(pointer(address), pagesOf(bytes), protection) != 0)
        throw std::bad_alloc();
}

} // namespace

DeviceMemory::DeviceMemory(std::size_t range)
    : range_(range)
    , base_(static_cast<std::byte*>(
          mmap(nullptr, range, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)))
    , next_(reinterpret_cast<Address>(base_) + kDevicePage) {
    if (base_ == MAP_FAILED)
        throw std::bad_alloc();
}

DeviceMemory::~DeviceMemory() {
    releaseAll();
    munmap(base_, range_);
}

std::optional<Address> DeviceMemory::freePlace(std::size_t bytes) const {
    const auto size = pagesOf(bytes) + kDevicePage;
    const auto first = reinterpret_cast<Address>(base_) + kDevicePage;
    const auto end = reinterpret_cast<Address>(base_) + range_;
    const auto alignment = bytes >= 2 * kHugePage ? kHugePage : kDevicePage;
    const auto aligned = [&](Address at) { return (at + alignment - 1) / alignment * alignment; };
    const auto fits = [&](Address at) {
        const auto after = blocks_.lower_bound(at);
        if (at + size > (after == blocks_.end() ? end : after->first))
            return false;
        if (after == blocks_.begin())
            return true;
        const auto& [address, length] = *std::prev(after);
        return address + pagesOf(length) + kDevicePage <= at;
    };
    if (const auto at = aligned(next_); fits(at))
        return at;
    for (const auto& [address, length] : blocks_)
        if (const auto at = aligned(address + pagesOf(length) + kDevicePage);
            at >= next_ && fits(at))
            return at;
    if (const auto at = aligned(first); fits(at))
        return at;
    for (const auto& [address, length] : blocks_)
        if (const auto at = aligned(address + pagesOf(length) + kDevicePage); fits(at))
            return at;
    return std::nullopt;
}

std::optional<Address> DeviceMemory::allocate(std::size_t bytes) {
    if (bytes > limit_ || used_ > limit_ - bytes)
        return std::nullopt;
    const auto place = freePlace(bytes);
    if (!place)
        return std::nullopt;
    if (bytes >= 2 * kHugePage) // so that each Open costs less
        madvise(pointer(*place), pagesOf(bytes), MADV_HUGEPAGE);
    protect(*place, bytes, PROT_READ | PROT_WRITE);
    std::memset(pointer(*place), 0xff, bytes);
    auto* rest = pointer(*place) + bytes;
    const auto restBytes = pagesOf(bytes) - bytes;
    std::memset(rest, static_cast<int>(kRest), restBytes);
#ifdef GRADWRIGHT_STANDIN_ASAN
    __asan_poison_memory_region(rest, restBytes);
#endif
    protect(*place, bytes, PROT_NONE);
    blocks_.emplace(*place, bytes);
    used_ += bytes;
    next_ = *place + pagesOf(bytes) + kDevicePage;
    return place;
}

bool DeviceMemory::release(Address address) {
    const auto found = blocks_.find(address);
    if (found == blocks_.end())
        return false;
    const auto size = pagesOf(found->second);
#ifdef GRADWRIGHT_STANDIN_ASAN
    __asan_unpoison_memory_region(pointer(address), size);
#endif
    protect(address, size, PROT_NONE);
    madvise(pointer(address), size, MADV_DONTNEED);
    used_ -= found->second;
    blocks_.erase(found);
    return true;
}

void DeviceMemory::releaseAll() {
    while (!blocks_.empty())
        release(blocks_.begin()->first);
}

bool DeviceMemory::holds(Address address, std::size_t bytes) const {
    auto found = blocks_.upper_bound(address);
    if (found == blocks_.begin())
        return false;
    --found;
    const auto offset = address - found->first;
    return offset <= found->second && bytes <= found->second - offset;
}

bool DeviceMemory::overlaps(const void* at, std::size_t bytes) const {
    const auto* first = static_cast<const std::byte*>(at);
    return first < base_ + range_ && first + bytes > base_;
}

std::optional<Address> DeviceMemory::writtenBehind() {
    if (kReportsWritesItself)
        return std::nullopt;
    for (const auto& [address, bytes] : blocks_) {
        auto* rest = pointer(address) + bytes;
        const auto size = pagesOf(bytes) - bytes;
        if (std::memcmp(rest, untouchedRest().data(), size) != 0) {
            std::memset(rest, static_cast<int>(kRest), size);
            return address;
        }
    }
    return std::nullopt;
}

DeviceMemory::Open::Open(const DeviceMemory& memory)
    : memory_(memory) {
    for (const auto& [address, bytes] : memory_.blocks_)
        protect(address, bytes, PROT_READ | PROT_WRITE);
}

DeviceMemory::Open::~Open() {
    for (const auto& [address, bytes] : memory_.blocks_)
        mprotect(pointer(address), pagesOf(bytes), PROT_NONE);
}

} // namespace gradwright::cuda::standin
