// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/csv_cells.h"

#include "engine/support/error.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace gradwright {

CsvCells::CsvCells(std::string_view text, std::shared_ptr<const void> owner)
    : owner_(std::move(owner))
    , text_(text) {}

CsvCells::CsvCells(std::span<const std::string> texts) {
    for (const auto& text : texts)
        push(write(text));
}

std::vector<std::string> CsvCells::texts() const {
    std::vector<std::string> texts;
    texts.reserve(size());
    for (std::size_t i = 0; i < size(); ++i)
        texts.emplace_back((*this)[i]);
    return texts;
}

CsvCells::Place CsvCells::write(std::string_view text) {
    const auto begin = text_.size() + written_.size();
    if (begin + text.size() > std::numeric_limits<std::uint32_t>::max())
        throw Error("The table is too large to be changed");
    written_ += text;
    return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(text.size())};
}

void CsvCells::removeFirst(std::size_t count) {
    places_.erase(places_.begin(), places_.begin() + static_cast<std::ptrdiff_t>(count));
}

void CsvCells::keep(std::span<const std::uint32_t> firsts, std::size_t count) {
    auto to = places_.begin();
    for (const auto first : firsts)
        to = std::copy_n(places_.begin() + first, count, to);
    places_.erase(to, places_.end());
}

} // namespace gradwright
