// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

namespace gradwright {

/// Bytes that are read as they are needed: of a file, or in memory.
class ByteSource {
public:
    ByteSource() = default;
    ByteSource(const ByteSource&) = delete;
    ByteSource& operator=(const ByteSource&) = delete;
    virtual ~ByteSource() = default;
    [[nodiscard]] virtual std::uint64_t size() const = 0;
    /// All of `to`, from that byte on, which are within the size.
    virtual void read(std::uint64_t offset, std::span<std::byte> to) const = 0;
};

/// An ONNX model without the raw data of its large initializers, which can be read by themselves
/// straight to where they are wanted.
struct LeanModel {
    struct Range {
        std::uint64_t offset = 0;
        std::uint64_t length = 0;
    };
    std::string bytes; ///< a ModelProto
    /// Where what was left out lies in the source, by the number of the initializer from 0.
    std::map<std::size_t, Range> rawData{};
};

/// Nothing where the source is no message of Protocol Buffers in the usual form
/// (https://protobuf.dev/programming-guides/encoding); it may still be read by the library.
std::optional<LeanModel> leanModelOf(const ByteSource& source);

} // namespace gradwright
