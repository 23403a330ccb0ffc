// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/json_lines.h"

#include "engine/io/atomic_file.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>

namespace gradwright {
namespace {

/// The byte after the last line break among the first `size` bytes; 0 when there is none.
std::uint64_t endOfLastLine(int fd, std::uint64_t size, const std::filesystem::path& path) {
    std::string chunk;
    for (auto end = size; end > 0;) {
        const auto begin = end - std::min<std::uint64_t>(end, 4096);
        chunk.resize(static_cast<std::size_t>(end - begin));
        if (::lseek(fd, static_cast<off_t>(begin), SEEK_SET) < 0)
            throw Error("{}: cannot be read ({})", path.string(), errorText(errno));
        readExactly(fd, std::as_writable_bytes(std::span(chunk)), path);
        if (const auto place = chunk.rfind('\n'); place != std::string::npos)
            return begin + place + 1;
        end = begin;
    }
    return 0;
}

} // namespace

JsonLinesWriter::JsonLinesWriter(std::filesystem::path path, JsonLinesMode mode)
    : path_(std::move(path)) {
    const int start = mode == JsonLinesMode::Create ? O_TRUNC : 0;
    constexpr int flags = O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC;
    file_ = UniqueFd(::open(path_.c_str(), flags | start, 0666));
    if (!file_)
        throw Error("{}: cannot be written ({})", path_.string(), errorText(errno));
    struct stat info {};
    if (::fstat(file_.get(), &info) != 0)
        throw Error("{}: cannot be written ({})", path_.string(), errorText(errno));
    if (!S_ISREG(info.st_mode))
        throw Error("{}: cannot be written (it is not a regular file)", path_.string());
    const auto found = static_cast<std::uint64_t>(info.st_size);
    size_ = endOfLastLine(file_.get(), found, path_);
    droppedBytes_ = found - size_;
    if (droppedBytes_ > 0 && ::ftruncate(file_.get(), static_cast<off_t>(size_)) != 0)
        throw Error("{}: cannot be written ({})", path_.string(), errorText(errno));
}

void JsonLinesWriter::write(const Json& value) {
    auto line = value.dump(-1, ' ', false, Json::error_handler_t::replace);
    line += '\n';
    const int failure = appendWhole(file_.get(), size_, std::as_bytes(std::span(line)));
    if (failure != 0)
        throw Error("{}: cannot be written ({}); the earlier lines are kept", path_.string(),
                    errorText(failure));
    size_ += line.size();
}

void JsonLinesWriter::sync() {
    if (::fsync(file_.get()) != 0)
        throw Error("{}: cannot be written ({})", path_.string(), errorText(errno));
}

JsonLines readJsonLines(const std::filesystem::path& path, std::uint64_t fromOffset) {
    const auto file = openForReading(path);
    const auto size = sizeOfFile(file.get(), path);
    if (fromOffset > size)
        throw Error("{}: holds {} bytes, fewer than the {} read earlier", path.string(), size,
                    fromOffset);
    if (size - fromOffset > kMaxFileBytes)
        throw Error("{}: holds {} bytes, at most {} are read", path.string(), size - fromOffset,
                    kMaxFileBytes);
    std::string text(static_cast<std::size_t>(size - fromOffset), '\0');
    if (::lseek(file.get(), static_cast<off_t>(fromOffset), SEEK_SET) < 0)
        throw Error("{}: cannot be read ({})", path.string(), errorText(errno));
    text.resize(readUpTo(file.get(), std::as_writable_bytes(std::span(text)), path));

    JsonLines result;
    std::size_t begin = 0;
    for (std::size_t line = 1; begin < text.size(); ++line) {
        const auto end = text.find('\n', begin);
        if (end == std::string::npos) {
            result.tornAt = fromOffset + begin;
            break;
        }
        const auto name = fromOffset == 0 ? fmt::format("{}, line {}", path.string(), line)
                                          : fmt::format("{}, line {} after byte {}", path.string(),
                                                        line, fromOffset);
        result.records.push_back(
            parseJson(std::string_view(text).substr(begin, end - begin), name));
        begin = end + 1;
    }
    result.endOffset = fromOffset + begin;
    return result;
}

} // namespace gradwright
