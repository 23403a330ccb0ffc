// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace gradwright::test {

/// A reader of files that people bring, as something that takes any bytes.
struct FuzzedReader {
    std::string_view name; ///< also that of its folder of seeds
    /// Reads the bytes and uses what was read. Returns the message where they are refused, and
    /// nothing where they are taken; whatever else is thrown is a fault.
    std::string (*read)(std::span<const std::uint8_t> bytes);
};

/// Of data, and of networks and what belongs to them.
std::span<const FuzzedReader> fuzzedDataReaders();
std::span<const FuzzedReader> fuzzedModelReaders();

/// Throws std::out_of_range when there is none.
const FuzzedReader& readerNamed(std::span<const FuzzedReader> readers, std::string_view name);

} // namespace gradwright::test
