// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/error.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

enum class TextEncoding { Utf8, Utf16Little, Utf16Big, Windows1252 };

/// "Windows-1252".
std::string_view nameOf(TextEncoding encoding);
/// What to say of a text that was read in another encoding than UTF-8.
std::string encodingNote(TextEncoding encoding);

/// What the bytes of a text say about how they are to be read. All of them count: one byte that
/// fits no encoding rules it out, wherever it stands.
class EncodingEvidence {
public:
    void add(std::string_view bytes);
    /// The encoding that all bytes fit; nothing where none does, or where a text in UTF-8 is broken
    /// here and there. `isCut`: the text goes on behind the bytes.
    [[nodiscard]] std::optional<TextEncoding> encoding(bool isCut = false) const;

private:
    void addByte(std::uint8_t byte);
    void end(bool isCut);
    void endSequence();
    void judgeWestern(std::uint8_t before, std::uint8_t byte, std::uint8_t behind);
    [[nodiscard]] std::optional<TextEncoding> utf16() const;
    [[nodiscard]] std::optional<TextEncoding> decided() const;

    std::size_t size_ = 0;
    std::array<std::size_t, 2> zeros_{};  ///< at even and at odd places
    std::array<std::uint8_t, 4> first_{}; ///< the first bytes
    // What tells for and against UTF-8.
    std::string open_;          ///< a character that has not ended
    std::size_t sequences_ = 0; ///< characters of several bytes
    std::size_t broken_ = 0;    ///< bytes that belong to none
    // The same for UTF-16, little-endian and big-endian.
    std::uint8_t half_ = 0; ///< the first byte of a unit whose second one has not come
    std::array<bool, 2> isAfterHigh_{};
    std::array<bool, 2> isNo16_{};
    // The same for Windows-1252.
    std::array<std::uint8_t, 2> last_{}; ///< the two bytes before
    bool isNoWestern_ = false;
    std::size_t high_ = 0;    ///< bytes beyond ASCII
    std::size_t foreign_ = 0; ///< those of them that no western text has where they stand
    std::size_t run_ = 0;     ///< of such bytes up to here
    bool runHasWord_ = false; ///< an ASCII letter stands in front of the run
};

/// The encoding of a file, gzip or not, which is read to its end. Throws Error naming it.
std::optional<TextEncoding> encodingOf(const std::filesystem::path& path);

/// Turns a text into UTF-8 piece by piece; a byte order mark is left out of UTF-16.
class Utf8Maker {
public:
    explicit Utf8Maker(TextEncoding from)
        : from_(from) {}
    /// Adds a piece in UTF-8 to `out`; what of a character is cut off comes with the next one.
    void add(std::string_view bytes, std::string& out);

private:
    void addUnit(std::uint32_t unit, std::string& out);

    TextEncoding from_;
    std::optional<std::uint8_t> half_;
    std::uint32_t high_ = 0; ///< the first unit of a pair, 0 for none
    bool hasBegun_ = false;
};

/// A text that can be no UTF-8. The message says where and what.
class NotUtf8 : public Error {
public:
    using Error::Error;
};

/// The text in UTF-8; where it is in another encoding, the note of that is added. A text in none is
/// returned as it is, for requireText() to name the fault.
std::string inUtf8(std::string text, std::vector<std::string>* notes = nullptr);

} // namespace gradwright
