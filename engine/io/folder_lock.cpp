// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/folder_lock.h"

#include "engine/support/error.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

/// Digits of the process id in an open lock file; empty when there are none.
std::string ownerOf(int fd, const fs::path& path) {
    std::array<char, 20> text{};
    const auto count = readUpTo(fd, std::as_writable_bytes(std::span(text)), path);
    const auto isDigit = [](char c) { return c >= '0' && c <= '9'; };
    const auto end = std::find_if_not(text.begin(), text.begin() + count, isDigit);
    return {text.begin(), end};
}

/// A lock on the whole file that belongs to the open descriptor, like flock's, so that it goes with
/// the process; but whether it is taken can be asked without taking it.
struct flock wholeFileLock() {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return lock;
}

} // namespace

FolderLock lockFolder(const fs::path& folder, std::string_view advice) {
    const auto path = folder / kLockName;
    UniqueFd file(
        ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666));
    if (!file)
        throw Error("{}: cannot be locked ({})", folder.string(), errorText(errno));
    auto wanted = wholeFileLock();
    if (::fcntl(file.get(), F_OFD_SETLK, &wanted) != 0) {
        if (errno != EAGAIN && errno != EACCES)
            throw Error("{}: cannot be locked ({})", folder.string(), errorText(errno));
        const auto owner = ownerOf(file.get(), path);
        throw Error("{}: is being written by {}; {}", folder.string(),
                    owner.empty() ? "another process" : fmt::format("process {}", owner), advice);
    }
    const auto owner = fmt::format("{}\n", ::getpid());
    int problem = ::ftruncate(file.get(), 0) == 0 ? 0 : errno;
    if (problem == 0)
        problem = writeAll(file.get(), std::as_bytes(std::span(owner)));
    if (problem != 0)
        throw Error("{}: cannot be locked ({})", folder.string(), errorText(problem));
    return FolderLock(std::move(file));
}

std::string folderLockOwner(const fs::path& folder) {
    const auto path = folder / kLockName;
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    return file ? ownerOf(file.get(), path) : std::string();
}

bool isFolderLocked(const fs::path& folder) {
    const auto path = folder / kLockName;
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    auto asked = wholeFileLock();
    return file && ::fcntl(file.get(), F_OFD_GETLK, &asked) == 0 && asked.l_type != F_UNLCK;
}

} // namespace gradwright
