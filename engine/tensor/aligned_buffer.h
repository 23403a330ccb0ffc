// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <utility>

namespace gradwright {

/// Zeroed memory aligned for vector instructions. Copies are deep.
class AlignedBuffer {
public:
    static constexpr std::size_t kAlignment = 64;

    AlignedBuffer() = default;
    explicit AlignedBuffer(std::size_t size)
        : size_(size)
        , data_(allocate(size)) {
        if (size > 0)
            std::memset(data_.get(), 0, size);
    }
    AlignedBuffer(const AlignedBuffer& other)
        : size_(other.size_)
        , data_(allocate(other.size_)) {
        if (size_ > 0)
            std::memcpy(data_.get(), other.data_.get(), size_);
    }
    AlignedBuffer(AlignedBuffer&& other) noexcept
        : size_(std::exchange(other.size_, 0))
        , data_(std::move(other.data_)) {}
    AlignedBuffer& operator=(AlignedBuffer other) noexcept {
        std::swap(size_, other.size_);
        std::swap(data_, other.data_);
        return *this;
    }
    ~AlignedBuffer() = default;

    [[nodiscard]] std::byte* data() { return data_.get(); }
    [[nodiscard]] const std::byte* data() const { return data_.get(); }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] std::span<std::byte> bytes() { return {data_.get(), size_}; }
    [[nodiscard]] std::span<const std::byte> bytes() const { return {data_.get(), size_}; }

private:
    struct Release {
        void operator()(std::byte* memory) const {
            ::operator delete (memory, std::align_val_t{kAlignment});
        }
    };
    using Memory = std::unique_ptr<std::byte, Release>;

    static Memory allocate(std::size_t size) {
        if (size == 0)
            return {};
        return Memory(static_cast<std::byte*>(::operator new (size, std::align_val_t{kAlignment})));
    }

    std::size_t size_ = 0;
    Memory data_;
};

} // namespace gradwright
