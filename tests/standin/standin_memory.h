// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/driver.h"

#include <map>
#include <optional>

namespace gradwright::cuda::standin {

/// The memory of the device: a range of addresses of its own, which the host cannot touch except
/// while the device works. Each allocation begins at a page; behind it lie bytes of a known value
/// up to the next page, which show what was written there, and then a page that nothing may touch.
/// What is released is not used again until the whole range was.
class DeviceMemory {
public:
    static constexpr std::size_t kUsualLimit = std::size_t{8} << 30;

    /// `range`: bytes of addresses, which cost nothing until they are allocated.
    explicit DeviceMemory(std::size_t range = std::size_t{64} << 30);
    ~DeviceMemory();
    DeviceMemory(const DeviceMemory&) = delete;
    DeviceMemory& operator=(const DeviceMemory&) = delete;

    /// Bytes that there are in all.
    [[nodiscard]] std::size_t limit() const { return limit_; }
    void setLimit(std::size_t bytes) { limit_ = bytes; }
    [[nodiscard]] std::size_t used() const { return used_; }

    /// Bytes of 0xff: reals among them are NaN. Null when there is not as much.
    std::optional<Address> allocate(std::size_t bytes);
    /// False when nothing was allocated at the address.
    bool release(Address address);
    void releaseAll();
    /// Whether all of it is in one allocation.
    [[nodiscard]] bool holds(Address address, std::size_t bytes) const;
    /// Whether any of it lies in the device's range.
    [[nodiscard]] bool overlaps(const void* at, std::size_t bytes) const;
    /// Where something was written behind an allocation since the last time: that allocation, whose
    /// rest is put right again. Needs an Open.
    std::optional<Address> writtenBehind();
    [[nodiscard]] std::size_t sizeOf(Address address) const { return blocks_.at(address); }

    /// While it lives, the memory can be read and written. One at a time.
    class Open {
    public:
        explicit Open(const DeviceMemory& memory);
        ~Open();
        Open(const Open&) = delete;
        Open& operator=(const Open&) = delete;

    private:
        const DeviceMemory& memory_;
    };

private:
    std::optional<Address> freePlace(std::size_t bytes) const;

    std::size_t range_;
    std::byte* base_;
    std::size_t limit_ = kUsualLimit;
    std::size_t used_ = 0;
    Address next_; ///< where the next allocation is tried
    std::map<Address, std::size_t> blocks_;
};

} // namespace gradwright::cuda::standin
