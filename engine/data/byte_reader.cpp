// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/byte_reader.h"

#include "engine/support/error.h"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace gradwright {

namespace fs = std::filesystem;

void ByteReader::Close::operator()(gzFile_s* file) const {
    gzclose(file);
}

ByteReader::ByteReader(const fs::path& path)
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

ByteReader::~ByteReader() = default;

std::size_t ByteReader::read(std::span<std::uint8_t> out) {
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

void ByteReader::requireWholeStream() {
    int code = Z_OK;
    gzerror(file_.get(), &code);
    if (code == Z_BUF_ERROR)
        throw Error("{}: the gzip data is cut short; copy or download the file again", name_);
    if (code != Z_OK && code != Z_STREAM_END)
        fail();
}

bool ByteReader::isGzip() const {
    return gzdirect(file_.get()) == 0;
}

void ByteReader::fail() {
    int code = Z_OK;
    const std::string text = gzerror(file_.get(), &code);
    if (code == Z_ERRNO)
        throw Error("{}: cannot be read: {}", name_, std::strerror(errno));
    throw Error("{}: the gzip data is damaged ({}); copy or download the file again", name_, text);
}

std::string readWholeFile(const fs::path& path, std::size_t most) {
    ByteReader reader(path);
    constexpr std::size_t kPiece = std::size_t{1} << 20;
    std::string contents;
    std::error_code error;
    if (const auto size = fs::file_size(path, error); !error && size <= most)
        contents.reserve(static_cast<std::size_t>(size) + kPiece);
    for (;;) {
        const auto before = contents.size();
        contents.resize(before + kPiece);
        const auto got = reader.read(
            std::span(reinterpret_cast<std::uint8_t*>(contents.data()) + before, kPiece));
        contents.resize(before + got);
        if (contents.size() > most)
            throw Error("{}: holds more than {} MiB, the most that can be read", reader.name(),
                        most >> 20);
        if (got < kPiece)
            break;
    }
    reader.requireWholeStream();
    return contents;
}

} // namespace gradwright
