// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/atomic_file.h"

#include "engine/support/error.h"
#include "engine/support/posix_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <random>
#include <system_error>

namespace gradwright {
namespace {

constexpr std::string_view kTemporaryPrefix = ".gradwright-";
constexpr std::string_view kTemporarySuffix = ".tmp";

std::string temporaryName() {
    std::random_device random;
    const auto bits = (std::uint64_t{random()} << 32) | random();
    return fmt::format("{}{:016x}{}", kTemporaryPrefix, bits, kTemporarySuffix);
}

/// The path with symbolic links at its end followed, also to a file that does not exist yet.
std::filesystem::path followLinks(const std::filesystem::path& path) {
    auto real = path;
    for (int links = 0; links < 40; ++links) {
        std::error_code failure;
        const auto next = std::filesystem::read_symlink(real, failure);
        if (failure)
            return real;
        real = real.parent_path() / next;
    }
    throw Error("{}: cannot be written ({})", path.string(), errorText(ELOOP));
}

bool isSameFile(int fd, int folder, const char* name) {
    struct stat open {};
    struct stat named {};
    return ::fstat(fd, &open) == 0 && ::fstatat(folder, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

/// A writer holds a lock on its temporary file as long as it lives, so one that can be locked was
/// left behind by a process that was killed.
void removeStaleTemporaries(int folder, const std::filesystem::path& folderPath) {
    std::error_code failure;
    for (std::filesystem::directory_iterator entry(folderPath, failure), end;
         !failure && entry != end; entry.increment(failure)) {
        const auto name = entry->path().filename().string();
        if (!name.starts_with(kTemporaryPrefix) || !name.ends_with(kTemporarySuffix))
            continue;
        const UniqueFd file(
            ::openat(folder, name.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
        if (file && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0 &&
            isSameFile(file.get(), folder, name.c_str()))
            ::unlinkat(folder, name.c_str(), 0);
    }
}

std::string descriptorPath(int fd) {
    return fmt::format("/proc/self/fd/{}", fd);
}

UniqueFd openUnnamed(int folder) {
#ifdef O_TMPFILE
    UniqueFd file(::openat(folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0666));
    // Without /proc it could not be given a name later.
    if (file && ::access(descriptorPath(file.get()).c_str(), F_OK) == 0) {
        ::flock(file.get(), LOCK_EX | LOCK_NB);
        return file;
    }
#else
    static_cast<void>(folder);
#endif
    return {};
}

/// Returns no file, with errno set, when the folder takes none.
UniqueFd openNamed(int folder, std::string& name) {
    for (int attempt = 0; attempt < 100; ++attempt) {
        name = temporaryName();
        UniqueFd file(::openat(folder, name.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0666));
        if (!file && errno == EEXIST)
            continue;
        if (!file)
            break;
        // A cleaner may have seen the file before it was locked; it is lost to it then.
        if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
            continue;
        if (isSameFile(file.get(), folder, name.c_str()))
            return file;
    }
    name.clear();
    return {};
}

} // namespace

struct AtomicFile::State {
    std::filesystem::path target; ///< as given, for messages
    std::filesystem::path folderPath;
    std::string fileName;
    UniqueFd folder;
    UniqueFd file;
    std::string temporary; ///< name in the folder, empty while there is none
    bool replaces = false;
    bool usable = true; ///< neither failed nor committed

    State() = default;
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() {
        if (!temporary.empty())
            ::unlinkat(folder.get(), temporary.c_str(), 0);
    }

    [[noreturn]] void fail(const std::string& reason) {
        usable = false;
        throw Error("{}: cannot be written ({}); {}", target.string(), reason,
                    replaces ? "the previous file is kept" : "no file was made");
    }

    void openFolder();
    struct stat checkPrevious();
    void nameTemporary();
};

void AtomicFile::State::openFolder() {
    const auto real = followLinks(target);
    fileName = real.filename().string();
    folderPath = real.has_parent_path() ? real.parent_path() : std::filesystem::path(".");
    if (fileName.empty() || fileName == "." || fileName == "..")
        fail("the path names no file");
    folder = UniqueFd(::open(folderPath.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder)
        fail(fmt::format("folder {}: {}", folderPath.string(), errorText(errno)));
}

/// The file to be replaced; st_nlink is 0 when there is none.
struct stat AtomicFile::State::checkPrevious() {
    struct stat previous {};
    if (::fstatat(folder.get(), fileName.c_str(), &previous, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno != ENOENT)
            fail(errorText(errno));
        return {};
    }
    replaces = true;
    if (S_ISDIR(previous.st_mode))
        fail("it is a folder");
    if (!S_ISREG(previous.st_mode))
        fail("it is not a regular file");
    // A rename would get past a file's write protection; who set it did not mean that.
    if (::faccessat(folder.get(), fileName.c_str(), W_OK, AT_EACCESS) != 0)
        fail(errorText(errno));
    return previous;
}

void AtomicFile::State::nameTemporary() {
    const auto source = descriptorPath(file.get());
    for (int attempt = 0; attempt < 100; ++attempt) {
        const auto name = temporaryName();
        if (::linkat(AT_FDCWD, source.c_str(), folder.get(), name.c_str(), AT_SYMLINK_FOLLOW) ==
            0) {
            temporary = name;
            return;
        }
        if (errno != EEXIST)
            break;
    }
    fail(errorText(errno));
}

AtomicFile::AtomicFile(const std::filesystem::path& target, TemporaryKind kind)
    : state_(std::make_unique<State>()) {
    auto& state = *state_;
    state.target = target;
    state.openFolder();
    const auto previous = state.checkPrevious();
    removeStaleTemporaries(state.folder.get(), state.folderPath);
    if (kind == TemporaryKind::Unnamed)
        state.file = openUnnamed(state.folder.get());
    if (!state.file)
        state.file = openNamed(state.folder.get(), state.temporary);
    if (!state.file)
        state.fail(errorText(errno));
    if (!state.replaces)
        return;
    // Only root may give a file to another owner; a failure leaves it with the writer.
    if (previous.st_uid != ::geteuid() || previous.st_gid != ::getegid())
        static_cast<void>(!::fchown(state.file.get(), previous.st_uid, previous.st_gid));
    if (::fchmod(state.file.get(), previous.st_mode & 07777U) != 0)
        state.fail(errorText(errno));
}

AtomicFile::AtomicFile(AtomicFile&&) noexcept = default;
AtomicFile& AtomicFile::operator=(AtomicFile&&) noexcept = default;
AtomicFile::~AtomicFile() = default;

void AtomicFile::write(std::span<const std::byte> bytes) {
    if (!state_->usable)
        state_->fail("it was committed, or an earlier write failed");
    if (const int failure = writeAll(state_->file.get(), bytes); failure != 0)
        state_->fail(errorText(failure));
}

void AtomicFile::write(std::string_view text) {
    write(std::as_bytes(std::span(text)));
}

void AtomicFile::overwrite(std::uint64_t offset, std::span<const std::byte> bytes) {
    if (::lseek(state_->file.get(), static_cast<off_t>(offset), SEEK_SET) < 0)
        state_->fail(errorText(errno));
    write(bytes);
    if (::lseek(state_->file.get(), 0, SEEK_END) < 0)
        state_->fail(errorText(errno));
}

void AtomicFile::commit() {
    auto& state = *state_;
    if (!state.usable)
        state.fail("it was committed, or an earlier write failed");
    if (::fsync(state.file.get()) != 0)
        state.fail(errorText(errno));
    if (state.temporary.empty())
        state.nameTemporary();
    if (::renameat(state.folder.get(), state.temporary.c_str(), state.folder.get(),
                   state.fileName.c_str()) != 0)
        state.fail(errorText(errno));
    state.temporary.clear();
    state.usable = false;
    // Some file systems cannot sync a folder and say so with EINVAL.
    if (::fsync(state.folder.get()) != 0 && errno != EINVAL)
        throw Error("{}: was written, but may be lost in a crash of the machine ({})",
                    state.target.string(), errorText(errno));
}

void writeFileAtomically(const std::filesystem::path& path, std::span<const std::byte> bytes) {
    AtomicFile file(path);
    file.write(bytes);
    file.commit();
}

void writeFileAtomically(const std::filesystem::path& path, std::string_view text) {
    writeFileAtomically(path, std::as_bytes(std::span(text)));
}

namespace {

template <class Contents>
Contents readWhole(const std::filesystem::path& path, std::size_t maxBytes) {
    const auto file = openForReading(path);
    const auto size = sizeOfFile(file.get(), path);
    if (size > maxBytes)
        throw Error("{}: holds {} bytes, at most {} are read", path.string(), size, maxBytes);
    Contents contents;
    contents.resize(static_cast<std::size_t>(size));
    const auto bytes = std::as_writable_bytes(std::span(contents));
    contents.resize(readUpTo(file.get(), bytes, path));
    return contents;
}

} // namespace

void copyFileAtomically(const std::filesystem::path& from, const std::filesystem::path& to) {
    constexpr std::size_t kPiece = std::size_t{1} << 20;
    const auto source = openForReading(from);
    AtomicFile target(to);
    std::vector<std::byte> piece(kPiece);
    for (;;) {
        const auto count = readUpTo(source.get(), piece, from);
        target.write(std::span(std::as_const(piece)).first(count));
        if (count < piece.size())
            break;
    }
    target.commit();
}

std::string readTextFile(const std::filesystem::path& path, std::size_t maxBytes) {
    return readWhole<std::string>(path, maxBytes);
}

std::vector<std::byte> readFile(const std::filesystem::path& path, std::size_t maxBytes) {
    return readWhole<std::vector<std::byte>>(path, maxBytes);
}

} // namespace gradwright
