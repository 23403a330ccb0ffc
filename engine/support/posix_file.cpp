// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/posix_file.h"

#include "engine/support/error.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace gradwright {

UniqueFd::~UniqueFd() {
    if (fd_ >= 0)
        ::close(fd_);
}

std::string errorText(int number) {
    return std::generic_category().message(number);
}

UniqueFd openForReading(const std::filesystem::path& path) {
    UniqueFd file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (!file)
        throw Error("{}: cannot be read ({})", path.string(), errorText(errno));
    struct stat info {};
    if (::fstat(file.get(), &info) != 0)
        throw Error("{}: cannot be read ({})", path.string(), errorText(errno));
    if (S_ISDIR(info.st_mode))
        throw Error("{}: is a folder where a file is needed", path.string());
    if (!S_ISREG(info.st_mode))
        throw Error("{}: is not a regular file", path.string());
    return file;
}

std::uint64_t sizeOfFile(int fd, const std::filesystem::path& path) {
    struct stat info {};
    if (::fstat(fd, &info) != 0)
        throw Error("{}: cannot be read ({})", path.string(), errorText(errno));
    return static_cast<std::uint64_t>(info.st_size);
}

int writeAll(int fd, std::span<const std::byte> bytes) {
    constexpr std::size_t chunk = std::size_t{1} << 24;
    while (!bytes.empty()) {
        const auto count = ::write(fd, bytes.data(), std::min(bytes.size(), chunk));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return errno;
        if (count == 0)
            return EIO;
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return 0;
}

int appendWhole(int fd, std::uint64_t size, std::span<const std::byte> bytes) {
    const int failure = writeAll(fd, bytes);
    if (failure != 0 && ::ftruncate(fd, static_cast<off_t>(size)) != 0)
        return errno;
    return failure;
}

std::size_t readUpTo(int fd, std::span<std::byte> bytes, const std::filesystem::path& path) {
    constexpr std::size_t chunk = std::size_t{1} << 24;
    std::size_t done = 0;
    while (done < bytes.size()) {
        const auto count = ::read(fd, bytes.data() + done, std::min(bytes.size() - done, chunk));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            throw Error("{}: cannot be read ({})", path.string(), errorText(errno));
        if (count == 0)
            break;
        done += static_cast<std::size_t>(count);
    }
    return done;
}

void readExactly(int fd, std::span<std::byte> bytes, const std::filesystem::path& path) {
    const auto count = readUpTo(fd, bytes, path);
    if (count != bytes.size())
        throw Error("{}: ends after {} of {} bytes to be read", path.string(), count, bytes.size());
}

void readAt(int fd, std::uint64_t offset, std::span<std::byte> bytes,
            const std::filesystem::path& path) {
    while (!bytes.empty()) {
        const auto count = ::pread(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            throw Error("{}: cannot be read ({})", path.string(), errorText(errno));
        if (count == 0)
            throw Error("{}: ends at byte {}, but {} more are to be read", path.string(), offset,
                        bytes.size());
        bytes = bytes.subspan(static_cast<std::size_t>(count));
        offset += static_cast<std::uint64_t>(count);
    }
}

void seekTo(int fd, std::uint64_t offset, const std::filesystem::path& path) {
    if (::lseek(fd, static_cast<off_t>(offset), SEEK_SET) < 0)
        throw Error("{}: cannot be read ({})", path.string(), errorText(errno));
}

} // namespace gradwright
