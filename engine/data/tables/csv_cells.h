// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// The texts of cells, one after the other. Each stands where it was read, in one text that copies
/// share, or where it was written since; a cell takes 8 bytes.
class CsvCells {
public:
    /// Where a text stands, in the cells that gave the place and their copies.
    struct Place {
        std::uint32_t begin = 0;
        std::uint32_t size = 0;
    };
    /// The longest text that cells can be in, in bytes.
    static constexpr std::size_t kLongestText = std::size_t{1} << 30;

    CsvCells() = default;
    /// `owner` keeps the text, of up to kLongestText bytes, alive; it is null where the text
    /// outlives the cells.
    CsvCells(std::string_view text, std::shared_ptr<const void> owner);

    /// Cells that hold copies of these.
    explicit CsvCells(std::span<const std::string> texts);

    [[nodiscard]] std::size_t size() const { return places_.size(); }
    /// Copies of all texts.
    [[nodiscard]] std::vector<std::string> texts() const;
    /// Valid until the next write().
    [[nodiscard]] std::string_view operator[](std::size_t index) const {
        const auto [begin, size] = places_[index];
        return begin < text_.size() ? text_.substr(begin, size)
                                    : std::string_view(written_).substr(begin - text_.size(), size);
    }
    [[nodiscard]] Place place(std::size_t index) const { return places_[index]; }

    void reserve(std::size_t cells) { places_.reserve(cells); }
    /// Adds a cell that is a part of the text.
    void push(std::string_view part) {
        places_.push_back({static_cast<std::uint32_t>(part.data() - text_.data()),
                           static_cast<std::uint32_t>(part.size())});
    }
    void push(Place place) { places_.push_back(place); }
    /// Keeps a text that is no part of the one that was read.
    Place write(std::string_view text);
    void set(std::size_t index, Place place) { places_[index] = place; }
    void clear(std::size_t index) { places_[index] = {}; }
    void removeAll() { places_.clear(); }
    void removeFirst(std::size_t count);
    /// Keeps `count` cells from each of these on, which are in order, and no others.
    void keep(std::span<const std::uint32_t> firsts, std::size_t count);

private:
    std::shared_ptr<const void> owner_;
    std::string_view text_;
    std::string written_; ///< behind the text
    std::vector<Place> places_;
};

} // namespace gradwright
