// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>

namespace gradwright {

/// Owns a file descriptor.
class UniqueFd {
public:
    UniqueFd() = default;
    explicit UniqueFd(int fd)
        : fd_(fd) {}
    UniqueFd(UniqueFd&& other) noexcept
        : fd_(std::exchange(other.fd_, -1)) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~UniqueFd();

    [[nodiscard]] int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }

private:
    int fd_ = -1;
};

/// What an errno value means, in words.
std::string errorText(int number);

/// Opens a regular file for reading, never waiting for a pipe. Throws Error.
UniqueFd openForReading(const std::filesystem::path& path);

/// Size of an open file in bytes. Throws Error.
std::uint64_t sizeOfFile(int fd, const std::filesystem::path& path);

/// Writes all bytes, resuming after interruptions and short counts. Returns 0 or the errno value.
int writeAll(int fd, std::span<const std::byte> bytes);

/// Appends all bytes to a file of `size` bytes, or none: after a failure the file is cut back.
/// Returns 0 or the errno value.
int appendWhole(int fd, std::uint64_t size, std::span<const std::byte> bytes);

/// Reads until `bytes` is full or the file ends; returns the count. Throws Error.
std::size_t readUpTo(int fd, std::span<std::byte> bytes, const std::filesystem::path& path);

/// As readExactly(), from that byte on; by several threads at once, who have no place in common.
void readAt(int fd, std::uint64_t offset, std::span<std::byte> bytes,
            const std::filesystem::path& path);

/// Continues from that byte of the file. Throws Error.
void seekTo(int fd, std::uint64_t offset, const std::filesystem::path& path);

/// Reads exactly as many bytes. Throws Error when the file ends before.
void readExactly(int fd, std::span<std::byte> bytes, const std::filesystem::path& path);

} // namespace gradwright
