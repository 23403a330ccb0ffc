// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/download/archive.h"

#include "engine/data/byte_reader.h"
#include "engine/support/error.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <memory>
#include <span>
#include <string_view>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLargestMember = std::uint64_t{4} << 30;
constexpr std::size_t kAtOnce = std::size_t{1} << 16;

std::string fileNameOf(std::string_view path) {
    return std::string(path.substr(path.rfind('/') + 1)); // npos + 1 is 0
}

/// A file that has its name once it is whole.
class MemberFile {
public:
    explicit MemberFile(fs::path target)
        : target_(std::move(target))
        , part_(target_) {
        part_ += ".part";
        stream_.open(part_, std::ios::binary | std::ios::trunc);
    }
    ~MemberFile() {
        std::error_code none;
        fs::remove(part_, none);
    }
    MemberFile(const MemberFile&) = delete;
    MemberFile& operator=(const MemberFile&) = delete;

    void write(std::span<const std::uint8_t> bytes) {
        stream_.write(reinterpret_cast<const char*>(bytes.data()),
                      static_cast<std::streamsize>(bytes.size()));
    }
    void finish() {
        stream_.close();
        if (!stream_)
            throw Error("{}: cannot be written; is the disk full?", target_.string());
        fs::rename(part_, target_);
    }

private:
    fs::path target_;
    fs::path part_;
    std::ofstream stream_;
};

/// Files that are wanted and have not been found so far.
class WantedFiles {
public:
    WantedFiles(const std::vector<std::string>& names, const fs::path& folder)
        : left_(names)
        , folder_(folder) {}

    /// Null where the file is not wanted.
    std::unique_ptr<MemberFile> take(std::string_view path) {
        const auto found = std::ranges::find(left_, fileNameOf(path));
        if (found == left_.end())
            return nullptr;
        auto file = std::make_unique<MemberFile>(folder_ / *found);
        left_.erase(found);
        return file;
    }
    [[nodiscard]] bool areAllFound() const { return left_.empty(); }
    void requireAll(const fs::path& archive) const {
        if (!left_.empty())
            throw Error("{}: the archive lacks {}", archive.string(), left_.front());
    }

private:
    std::vector<std::string> left_;
    fs::path folder_;
};

// ---- tar (POSIX.1-1988, ustar)

constexpr std::size_t kTarBlock = 512;

std::uint64_t octal(std::string_view digits) {
    std::uint64_t value = 0;
    for (const char digit : digits) {
        if (digit < '0' || digit > '7')
            break;
        value = 8 * value + static_cast<std::uint64_t>(digit - '0');
    }
    return value;
}

void takeFromTar(const fs::path& archive, WantedFiles& wanted) {
    ByteReader reader(archive);
    std::array<std::uint8_t, kTarBlock> header{};
    std::vector<std::uint8_t> bytes(kAtOnce);
    while (!wanted.areAllFound() && reader.read(header) == kTarBlock) {
        const std::string_view text(reinterpret_cast<const char*>(header.data()), kTarBlock);
        if (text.front() == '\0')
            break;
        const auto name = text.substr(0, std::min<std::size_t>(100, text.find('\0')));
        auto left = octal(text.substr(124, 12));
        const char type = text[156];
        const bool isFile = type == '0' || type == '\0';
        if (left > kLargestMember)
            throw Error("{}: the archive is damaged", archive.string());
        const auto file = isFile ? wanted.take(name) : nullptr;
        auto padding = (kTarBlock - left % kTarBlock) % kTarBlock;
        while (left + padding > 0) {
            const auto count = std::min<std::uint64_t>(left > 0 ? left : padding, bytes.size());
            const auto piece = std::span(bytes).first(count);
            if (reader.read(piece) != count) {
                reader.requireWholeStream();
                throw Error("{}: the archive is cut short", archive.string());
            }
            if (left > 0 && file)
                file->write(piece);
            (left > 0 ? left : padding) -= count;
        }
        if (file)
            file->finish();
    }
    reader.requireWholeStream();
}

// ---- zip (PKWARE's APPNOTE.TXT)

class ZipReader {
public:
    explicit ZipReader(const fs::path& archive)
        : archive_(archive)
        , stream_(archive, std::ios::binary) {}

    void run(WantedFiles& wanted) {
        const auto end = endOfDirectory();
        const auto entries = number(end, 10, 2);
        auto at = number(end, 16, 4);
        for (std::uint64_t i = 0; i < entries && !wanted.areAllFound(); ++i) {
            const auto entry = bytesAt(at, 46);
            if (number(entry, 0, 4) != 0x02014B50)
                damaged();
            const auto name = bytesAt(at + 46, number(entry, 28, 2));
            if (const auto file =
                    wanted.take({reinterpret_cast<const char*>(name.data()), name.size()})) {
                unpack(entry, *file);
                file->finish();
            }
            at += 46 + name.size() + number(entry, 30, 2) + number(entry, 32, 2);
        }
    }

private:
    using Bytes = std::vector<std::uint8_t>;

    [[noreturn]] void damaged() const {
        throw Error("{}: the archive is damaged or cut short", archive_.string());
    }
    static std::uint64_t number(const Bytes& bytes, std::size_t at, std::size_t size) {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < size; ++i)
            value |= std::uint64_t{bytes[at + i]} << (8 * i);
        return value;
    }
    Bytes bytesAt(std::uint64_t at, std::uint64_t count) {
        Bytes bytes(static_cast<std::size_t>(count));
        stream_.clear();
        stream_.seekg(static_cast<std::streamoff>(at));
        stream_.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(count));
        if (!stream_)
            damaged();
        return bytes;
    }
    /// It stands at the end of the file, in front of a comment.
    Bytes endOfDirectory() {
        constexpr std::uint64_t size = 22;
        constexpr std::uint64_t mostComment = 65'535;
        const auto all = fs::file_size(archive_);
        if (all < size)
            damaged();
        const auto from = all - std::min<std::uint64_t>(all, size + mostComment);
        const auto tail = bytesAt(from, all - from);
        for (auto at = tail.size() - size + 1; at-- > 0;)
            if (number(tail, at, 4) == 0x06054B50)
                return {tail.begin() + static_cast<std::ptrdiff_t>(at), tail.end()};
        damaged();
    }

    void unpack(const Bytes& entry, MemberFile& file) {
        const auto method = number(entry, 10, 2);
        const auto sum = number(entry, 16, 4);
        auto left = number(entry, 20, 4);
        const auto size = number(entry, 24, 4);
        const auto start = number(entry, 42, 4);
        const auto local = bytesAt(start, 30);
        if (number(local, 0, 4) != 0x04034B50 || (method != 0 && method != 8))
            damaged();
        auto at = start + 30 + number(local, 26, 2) + number(local, 28, 2);
        z_stream inflater{};
        if (inflateInit2(&inflater, -MAX_WBITS) != Z_OK)
            throw Error("zlib cannot be used");
        const std::unique_ptr<z_stream, int (*)(z_stream*)> ender(&inflater, inflateEnd);
        std::uint64_t written = 0;
        auto crc = crc32(0, nullptr, 0);
        const auto write = [&](std::span<const std::uint8_t> bytes) {
            written += bytes.size();
            if (written > size)
                damaged();
            crc = crc32(crc, bytes.data(), static_cast<uInt>(bytes.size()));
            file.write(bytes);
        };
        Bytes out(kAtOnce);
        while (left > 0) {
            auto in = bytesAt(at, std::min<std::uint64_t>(left, kAtOnce));
            at += in.size();
            left -= in.size();
            if (method == 0) {
                write(in);
                continue;
            }
            inflater.next_in = in.data();
            inflater.avail_in = static_cast<uInt>(in.size());
            do {
                inflater.next_out = out.data();
                inflater.avail_out = static_cast<uInt>(out.size());
                const int code = inflate(&inflater, Z_NO_FLUSH);
                if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
                    damaged();
                write(std::span(out).first(out.size() - inflater.avail_out));
            } while (inflater.avail_out == 0);
        }
        if (written != size || crc != sum)
            damaged();
    }

    fs::path archive_;
    std::ifstream stream_;
};

} // namespace

void takeFromArchive(const fs::path& archive, const std::vector<std::string>& names,
                     const fs::path& folder) {
    WantedFiles wanted(names, folder);
    std::array<char, 2> beginning{};
    std::ifstream(archive, std::ios::binary).read(beginning.data(), beginning.size());
    if (beginning[0] == 'P' && beginning[1] == 'K')
        ZipReader(archive).run(wanted);
    else
        takeFromTar(archive, wanted);
    wanted.requireAll(archive);
}

} // namespace gradwright
