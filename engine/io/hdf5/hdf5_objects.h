// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/io/byte_region.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace gradwright {

/// Kinds of messages of object headers.
enum class Hdf5MessageKind : std::uint16_t {
    Dataspace = 0x01,
    LinkInfo = 0x02,
    Datatype = 0x03,
    Link = 0x06,
    Layout = 0x08,
    Filters = 0x0B,
    Continuation = 0x10,
    SymbolTable = 0x11,
};

struct Hdf5Message {
    Hdf5MessageKind kind;
    bool isShared = false; ///< the data are those of a message elsewhere
    ByteRegion data;
};

/// An address that stands for nothing.
inline constexpr std::uint64_t kHdf5Undefined = ~std::uint64_t{0};

/// Where the root group's object header is. Addresses count from the region's first byte. Throws
/// Error for what is no HDF5 and for sizes of addresses other than 8 bytes.
std::uint64_t hdf5Root(const ByteRegion& file);
/// All messages of the object header there, continued ones among them.
std::vector<Hdf5Message> hdf5Messages(const ByteRegion& file, std::uint64_t address);
/// Names and addresses of what a group holds, given its messages; nothing where they are no
/// group's.
std::vector<std::pair<std::string, std::uint64_t>>
hdf5Members(const ByteRegion& file, const std::vector<Hdf5Message>& messages);

} // namespace gradwright
