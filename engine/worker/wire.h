// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// Writes values one after another, for a process of the same program on the same machine: numbers
/// as they lie in memory, texts and bytes behind their length.
class WireWriter {
public:
    void put(bool value) { putRaw(static_cast<std::uint8_t>(value ? 1 : 0)); }
    void put(std::int64_t value) { putRaw(value); }
    void put(int value) { putRaw(std::int64_t{value}); }
    void put(double value) { putRaw(value); } ///< to the bit, NaN included
    void put(std::string_view text);
    void put(const std::string& text) { put(std::string_view(text)); }
    void put(const char* text) { put(std::string_view(text)); }
    void put(std::span<const std::byte> bytes);

    [[nodiscard]] const std::vector<std::byte>& bytes() const { return bytes_; }

private:
    template <class T>
    void putRaw(T value) {
        const auto raw = std::as_bytes(std::span(&value, 1));
        bytes_.insert(bytes_.end(), raw.begin(), raw.end());
    }

    std::vector<std::byte> bytes_;
};

/// Reads what a WireWriter wrote. Whatever the bytes are, it stays inside of them and throws Error
/// where they are not what is asked for.
class WireReader {
public:
    explicit WireReader(std::span<const std::byte> bytes)
        : rest_(bytes) {}

    [[nodiscard]] bool boolean();
    [[nodiscard]] std::int64_t integer();
    /// An integer from `least` to `most`.
    [[nodiscard]] std::int64_t integer(std::int64_t least, std::int64_t most);
    [[nodiscard]] double real();
    [[nodiscard]] std::string text();
    [[nodiscard]] std::span<const std::byte> data();
    /// How many entries follow, each of which takes at least that many bytes.
    [[nodiscard]] std::size_t count(std::size_t bytesEach);
    /// Throws Error where there is more.
    void end() const;

private:
    std::span<const std::byte> take(std::size_t bytes);

    std::span<const std::byte> rest_;
};

} // namespace gradwright
