// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/byte_reader.h"
#include "engine/data/text/text_encoding.h"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace gradwright {

/// The text of a table, from its beginning to its end: in memory, or read from a file piece by
/// piece, so that only what is being looked at takes memory.
class CsvText {
public:
    /// So many bytes at least are in head(), unless the text is shorter.
    static constexpr std::size_t kHead = (std::size_t{2} << 20) + 64;

    /// The text must outlive it.
    explicit CsvText(std::string_view text);
    /// A file, gzip or not, which is given in UTF-8. Throws Error naming it.
    explicit CsvText(const std::filesystem::path& path, TextEncoding from = TextEncoding::Utf8);

    /// The beginning of what next() has not given: its first line as a whole at least.
    [[nodiscard]] std::string_view head() const { return head_; }
    /// Whether head() is all there is.
    [[nodiscard]] bool isWhole() const { return !file_; }
    /// Leaves out so many bytes at the beginning of head().
    void removePrefix(std::size_t bytes);
    /// The bytes in front of what next() gives next.
    [[nodiscard]] std::size_t offset() const { return offset_; }
    /// About how many bytes the text has that next() has not given; of a packed file, a guess.
    [[nodiscard]] std::size_t left() const;

    /// Takes about `size` bytes that end with a line, or all that is left; empty at the end. They
    /// stay where they are as long as `buffer` is left alone.
    std::string_view next(std::size_t size, std::string& buffer);

private:
    [[nodiscard]] std::string_view takeHead(std::size_t size);
    [[nodiscard]] bool readInto(std::string& buffer, std::size_t& used, std::size_t size);

    std::unique_ptr<ByteReader> file_; ///< null once its end has been read
    Utf8Maker maker_;
    bool isUtf8_ = true; ///< the file as it is
    std::string read_;   ///< of a file: what has been read and not given
    std::string_view head_;
    std::size_t offset_ = 0;
};

} // namespace gradwright
