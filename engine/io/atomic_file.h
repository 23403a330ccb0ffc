// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// How the new contents lie in the target's folder until they are committed.
enum class TemporaryKind {
    Unnamed, ///< vanishes with its process; falls back to Named where the file system has none
    Named,   ///< a hidden file, removed by the next writer in the folder when its owner is dead
};

/// Replaces a file as a whole: until commit() has returned, and after any failure, readers see the
/// previous file. Follows symbolic links, keeps the previous file's permissions. Every failure
/// throws Error with the path, the reason and what became of the previous file.
class AtomicFile {
public:
    explicit AtomicFile(const std::filesystem::path& target,
                        TemporaryKind kind = TemporaryKind::Unnamed);
    AtomicFile(AtomicFile&&) noexcept;
    AtomicFile& operator=(AtomicFile&&) noexcept;
    /// Discards what was written unless it was committed.
    ~AtomicFile();

    void write(std::span<const std::byte> bytes);
    void write(std::string_view text);
    /// Replaces bytes that were written before.
    void overwrite(std::uint64_t offset, std::span<const std::byte> bytes);
    /// Makes the contents durable and puts them in the target's place. Nothing can be written
    /// afterwards.
    void commit();

private:
    struct State;
    std::unique_ptr<State> state_;
};

void writeFileAtomically(const std::filesystem::path& path, std::span<const std::byte> bytes);
void writeFileAtomically(const std::filesystem::path& path, std::string_view text);
/// Copies a file of any size a piece at a time; `to` is replaced as by AtomicFile. Throws Error.
void copyFileAtomically(const std::filesystem::path& from, const std::filesystem::path& to);

inline constexpr std::size_t kMaxTextBytes = std::size_t{64} << 20;
inline constexpr std::size_t kMaxFileBytes = std::size_t{1} << 30;

/// The whole file. Throws Error when it cannot be read, is no regular file or holds more than
/// `maxBytes`.
std::string readTextFile(const std::filesystem::path& path, std::size_t maxBytes = kMaxTextBytes);
std::vector<std::byte> readFile(const std::filesystem::path& path,
                                std::size_t maxBytes = kMaxFileBytes);

} // namespace gradwright
