// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// Texts by number, one behind the other in memory. Equal texts have one number, until nearly all
/// that come are new: then looking for them stops, and isUnique() says so. The text 0 is empty.
class TextPool {
public:
    TextPool() = default;

    [[nodiscard]] std::size_t size() const { return ends_.size() + 1; }
    [[nodiscard]] std::string_view operator[](std::size_t index) const {
        if (index == 0)
            return {};
        const std::size_t begin = index == 1 ? 0 : ends_[index - 2];
        return std::string_view(text_).substr(begin, ends_[index - 1] - begin);
    }
    /// Whether no two numbers are of the same text.
    [[nodiscard]] bool isUnique() const { return isUnique_; }
    /// The number of a text, which is added where it is not there or is no longer looked for.
    /// Throws Error when the texts take more than 4 GiB.
    std::size_t add(std::string_view text);
    /// As add() of a text that is there.
    void countKnown() { asked_ += isUnique_ ? 1 : 0; }
    void reserve(std::size_t texts, std::size_t bytes);
    /// Leaves out all texts; the memory stays.
    void clear();

private:
    struct Slot {
        std::uint32_t hash = 0;
        std::uint32_t index = 0; ///< 0 for none
    };
    [[nodiscard]] std::size_t append(std::string_view text);
    void grow();

    std::string text_;
    std::vector<std::uint32_t> ends_; ///< of the texts from 1 on
    std::vector<Slot> slots_;         ///< by hash, while texts are looked for; a power of two
    std::size_t asked_ = 0;
    bool isUnique_ = true;
};

/// Which texts of a pool have come, each once however many numbers it has.
class TextSet {
public:
    [[nodiscard]] std::size_t size() const { return texts_.size(); }
    /// All numbers are of the same pool.
    void add(const TextPool& pool, std::size_t index);

private:
    struct Text {
        std::uint32_t hash = 0;
        std::uint32_t index = 0;
    };
    void grow();

    std::vector<Text> texts_;
    std::vector<std::uint32_t> slots_; ///< 1 + their places in texts_; a power of two
};

} // namespace gradwright
