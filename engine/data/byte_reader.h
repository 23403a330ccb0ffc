// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

struct gzFile_s;

namespace gradwright {

/// Reads gzip and plain files alike, told apart by content. Every failure is an Error that names
/// the file.
class ByteReader {
public:
    /// Deflate cannot shrink data further than this (zlib's technical notes), so a header that
    /// promises more than the file could unpack to is a lie found before allocating.
    static constexpr std::int64_t kMaxDeflateRatio = 1032;

    explicit ByteReader(const std::filesystem::path& path);
    ~ByteReader();
    ByteReader(const ByteReader&) = delete;
    ByteReader& operator=(const ByteReader&) = delete;

    /// Fills as much of `out` as the file gives.
    std::size_t read(std::span<std::uint8_t> out);
    /// Throws when the end that read() met is a cut gzip stream.
    void requireWholeStream();

    [[nodiscard]] bool isGzip() const;
    [[nodiscard]] std::int64_t fileSize() const { return fileSize_; }
    [[nodiscard]] const std::string& name() const { return name_; }

private:
    [[noreturn]] void fail();

    struct Close {
        void operator()(gzFile_s* file) const;
    };
    std::string name_;
    std::int64_t fileSize_ = 0;
    std::unique_ptr<gzFile_s, Close> file_;
};

/// All bytes of a file, unpacked. Throws Error naming the file when it holds more than `most`.
std::string readWholeFile(const std::filesystem::path& path, std::size_t most);

} // namespace gradwright
