// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/idx.h"

#include "engine/support/error.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <system_error>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

constexpr std::uint8_t kUnsignedByte = 0x08;
constexpr std::int64_t kMaxBytes = std::int64_t{1} << 34;
/// Deflate cannot shrink data further than this (zlib's technical notes), so a header that promises
/// more than the file could unpack to is a lie found before allocating.
constexpr std::int64_t kMaxDeflateRatio = 1032;

struct CloseGz {
    void operator()(gzFile_s* file) const { gzclose(file); }
};

/// Reads gzip and plain files alike.
class ByteReader {
public:
    explicit ByteReader(const fs::path& path)
        : name_(path.string()) {
        std::error_code error;
        const auto status = fs::status(path, error);
        if (!fs::exists(status))
            throw Error("{}: there is no such file", name_);
        if (!fs::is_regular_file(status))
            throw Error("{}: this is not a file", name_);
        fileSize_ = static_cast<std::int64_t>(fs::file_size(path, error));
        errno = 0;
        file_.reset(gzopen(path.c_str(), "rb"));
        if (error || !file_)
            throw Error("{}: cannot be opened: {}", name_,
                        error ? error.message() : std::strerror(errno));
        gzbuffer(file_.get(), 1U << 17);
    }

    /// Fills as much of `out` as the file gives.
    std::size_t read(std::span<std::uint8_t> out) {
        std::size_t done = 0;
        while (done < out.size()) {
            constexpr std::size_t most = std::size_t{1} << 30;
            const auto wanted = static_cast<unsigned>(std::min(out.size() - done, most));
            const int got = gzread(file_.get(), out.data() + done, wanted);
            if (got < 0)
                fail();
            done += static_cast<std::size_t>(got);
            if (static_cast<unsigned>(got) < wanted)
                break;
        }
        return done;
    }

    /// Throws when the end that read() met is a cut gzip stream.
    void requireWholeStream() {
        int code = Z_OK;
        gzerror(file_.get(), &code);
        if (code == Z_BUF_ERROR)
            throw Error("{}: the gzip data is cut short; copy or download the file again", name_);
        if (code != Z_OK && code != Z_STREAM_END)
            fail();
    }

    [[nodiscard]] bool isGzip() const { return gzdirect(file_.get()) == 0; }
    [[nodiscard]] std::int64_t fileSize() const { return fileSize_; }
    [[nodiscard]] const std::string& name() const { return name_; }

private:
    [[noreturn]] void fail() {
        int code = Z_OK;
        const std::string text = gzerror(file_.get(), &code);
        if (code == Z_ERRNO)
            throw Error("{}: cannot be read: {}", name_, std::strerror(errno));
        throw Error("{}: the gzip data is damaged ({}); copy or download the file again", name_,
                    text);
    }

    std::string name_;
    std::int64_t fileSize_ = 0;
    std::unique_ptr<gzFile_s, CloseGz> file_;
};

void readHeader(ByteReader& reader, std::span<std::uint8_t> header) {
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
    readHeader(reader, bytes);
    std::int64_t total = 1;
    for (std::size_t i = 0; i < dims.size(); ++i) {
        std::uint32_t dim = 0;
        for (std::size_t k = 0; k < 4; ++k)
            dim = (dim << 8) | bytes[4 * i + k];
        if (dim == 0)
            throw Error("{}: dimension {} is 0; it must be at least 1", reader.name(), i + 1);
        if (dim > kMaxBytes / total)
            throw Error("{}: the header promises more than {} bytes of values", reader.name(),
                        kMaxBytes);
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
    if (reader.isGzip() && total / kMaxDeflateRatio > size)
        throw Error("{}: the header promises {} bytes of values, more than {} bytes of gzip can "
                    "hold",
                    reader.name(), total, size);
}

} // namespace

IdxArray readIdx(const fs::path& path, std::size_t rank) {
    ByteReader reader(path);
    std::array<std::uint8_t, 4> magic{};
    readHeader(reader, magic);
    checkMagic(reader, magic, rank);

    IdxArray array;
    array.dims.resize(rank);
    const auto total = readDims(reader, array.dims);
    checkPromise(reader, 4 + 4 * static_cast<std::int64_t>(rank), total);

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
