// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/error.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace gradwright::test {

inline std::string_view textOf(std::span<const std::uint8_t> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A file in memory, for readers that take a path.
class MemoryFile {
public:
    explicit MemoryFile(std::span<const std::uint8_t> bytes)
        : descriptor_(memfd_create("fuzzed", MFD_CLOEXEC)) {
        const auto size = static_cast<ssize_t>(bytes.size());
        if (descriptor_ < 0 || ::write(descriptor_, bytes.data(), bytes.size()) != size)
            throw std::runtime_error("no file in memory can be had");
    }
    ~MemoryFile() { ::close(descriptor_); }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;

    [[nodiscard]] std::filesystem::path path() const {
        return "/proc/self/fd/" + std::to_string(descriptor_);
    }

private:
    int descriptor_;
};

/// What `read` throws as an Error.
template <typename Read>
std::string refusal(Read read) {
    try {
        read();
    } catch (const Error& error) {
        const std::string message = error.what();
        return message.empty() ? "an error without a word" : message;
    }
    return {};
}

inline void require(bool holds, const char* what) {
    if (!holds)
        throw std::logic_error(what);
}

} // namespace gradwright::test
