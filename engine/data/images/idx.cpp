// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/idx.h"

#include "engine/data/byte_reader.h"
#include "engine/support/error.h"
#include "engine/support/system_memory.h"

#include <array>
#include <span>
#include <utility>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

constexpr std::uint8_t kUnsignedByte = 0x08;
constexpr std::int64_t kMaxIdxBytes = std::int64_t{1} << 34;
void fillHeader(ByteReader& reader, std::span<std::uint8_t> header) {
    const auto got = reader.read(header);
    if (got == header.size())
        return;
    reader.requireWholeStream();
    throw Error("{}: an IDX header has {} bytes, but the file ends after {}", reader.name(),
                header.size(), got);
}

void checkMagic(const ByteReader& reader, std::span<const std::uint8_t, 4> magic,
                std::size_t rank) {
    if (magic[0] != 0 || magic[1] != 0)
        throw Error("{}: an IDX file starts with two zero bytes, this one with {:#04x} {:#04x}",
                    reader.name(), magic[0], magic[1]);
    if (magic[2] != kUnsignedByte)
        throw Error("{}: the values must be unsigned bytes (type 0x08), not type {:#04x}",
                    reader.name(), magic[2]);
    if (magic[3] != rank)
        throw Error("{}: {} have {} dimension{}, this file has {}", reader.name(),
                    rank == 1 ? "labels" : "images", rank, rank == 1 ? "" : "s", magic[3]);
}

std::int64_t readDims(ByteReader& reader, std::vector<std::int64_t>& dims) {
    std::vector<std::uint8_t> bytes(dims.size() * 4);
    fillHeader(reader, bytes);
    std::int64_t total = 1;
    for (std::size_t i = 0; i < dims.size(); ++i) {
        std::uint32_t dim = 0;
        for (std::size_t k = 0; k < 4; ++k)
            dim = (dim << 8) | bytes[4 * i + k];
        if (dim == 0)
            throw Error("{}: dimension {} is 0; it must be at least 1", reader.name(), i + 1);
        if (dim > kMaxIdxBytes / total)
            throw Error("{}: the header promises more than {} bytes of values", reader.name(),
                        kMaxIdxBytes);
        dims[i] = dim;
        total *= dim;
    }
    return total;
}

/// Before allocating: can a file of this size hold what its header promises?
void checkPromise(const ByteReader& reader, std::int64_t header, std::int64_t total) {
    const auto size = reader.fileSize();
    if (!reader.isGzip() && size != header + total)
        throw Error("{}: the header promises {} bytes of values, but {} follow it", reader.name(),
                    total, size - header);
    if (reader.isGzip() && total / ByteReader::kMaxDeflateRatio > size)
        throw Error("{}: the header promises {} bytes of values, more than {} bytes of gzip can "
                    "hold",
                    reader.name(), total, size);
}

IdxHeader readIdxHeader(ByteReader& reader, std::size_t rank) {
    std::array<std::uint8_t, 4> magic{};
    fillHeader(reader, magic);
    checkMagic(reader, magic, rank);
    IdxHeader header;
    header.dims.resize(rank);
    header.bytes = readDims(reader, header.dims);
    header.start = 4 + 4 * static_cast<std::int64_t>(rank);
    header.isPacked = reader.isGzip();
    checkPromise(reader, header.start, header.bytes);
    return header;
}

} // namespace

IdxHeader readIdxHeader(const fs::path& path, std::size_t rank) {
    ByteReader reader(path);
    return readIdxHeader(reader, rank);
}

IdxArray readIdx(const fs::path& path, std::size_t rank) {
    ByteReader reader(path);
    auto header = readIdxHeader(reader, rank);
    const auto total = header.bytes;
    IdxArray array{std::move(header.dims), {}};
    array.values.reserve(static_cast<std::size_t>(total));
    preferLargePages(array.values.data(), array.values.capacity()); // they are read in any order
    array.values.resize(static_cast<std::size_t>(total));
    const auto got = reader.read(array.values);
    if (got != array.values.size()) {
        reader.requireWholeStream();
        throw Error("{}: the header promises {} bytes of values, but only {} follow it",
                    reader.name(), total, got);
    }
    // One byte more: finds what is too long, and makes zlib check the sum at the end.
    std::array<std::uint8_t, 1> more{};
    if (reader.read(more) != 0)
        throw Error("{}: the header promises {} bytes of values, but more follow it", reader.name(),
                    total);
    reader.requireWholeStream();
    return array;
}

} // namespace gradwright
