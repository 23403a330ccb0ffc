// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/csv_column.h"

#include "engine/support/system_memory.h"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace gradwright {

std::string CsvColumn::textOf(CellCode code) const {
    return isTextCode(code) ? std::string(texts_[textOfCode(code)]) : decimalText(code);
}

std::size_t CsvColumn::bytes() const {
    std::size_t texts = 0;
    for (std::size_t i = 1; i < texts_.size(); ++i)
        texts += texts_[i].size() + sizeof(std::uint32_t);
    return narrow_.capacity() * sizeof(narrow_[0]) + wide_.capacity() * sizeof(wide_[0]) + texts;
}

void CsvColumn::reserve(std::size_t cells) {
    if (isWide_) {
        wide_.reserve(cells);
        preferLargePages(wide_.data(), wide_.capacity() * sizeof(wide_[0]));
    } else {
        narrow_.reserve(cells);
        preferLargePages(narrow_.data(), narrow_.capacity() * sizeof(narrow_[0]));
    }
}

CellCode CsvColumn::encode(std::string_view text) {
    if (const auto decimal = decimalOf(text))
        return *decimal;
    return codeOfText(texts_.add(text));
}

void CsvColumn::clear() {
    narrow_.clear();
    wide_.clear();
    first_ = 0;
    texts_.clear();
}

void CsvColumn::resize(std::size_t cells) {
    if (isWide_)
        wide_.resize(first_ + cells);
    else
        narrow_.resize(first_ + cells);
}

void CsvColumn::append(const CsvColumn& other) {
    if (other.isWide_)
        widen();
    // Their texts have other numbers here.
    std::vector<CellCode> codes(other.texts_.size(), kEmptyCell); // one at least
    for (std::size_t i = 1; i < codes.size(); ++i)
        codes[i] = codeOfText(texts_.add(other.texts_[i]));
    if (const auto most = *std::ranges::max_element(codes); most != static_cast<std::int32_t>(most))
        widen();
    const auto before = size();
    resize(before + other.size());
    const auto add = [&](const auto* from, auto* to) {
        using Cell = std::remove_pointer_t<decltype(to)>;
        if (codes.size() == 1) {
            std::copy_n(from, other.size(), to);
            return;
        }
        for (std::size_t i = 0; i < other.size(); ++i)
            to[i] = static_cast<Cell>(isTextCode(from[i]) ? codes[textOfCode(from[i])] : from[i]);
    };
    if (other.isWide_)
        add(other.wide_.data() + other.first_, wide_.data() + first_ + before);
    else if (isWide_)
        add(other.narrow_.data() + other.first_, wide_.data() + first_ + before);
    else
        add(other.narrow_.data() + other.first_, narrow_.data() + first_ + before);
}

void CsvColumn::set(std::size_t row, CellCode code) {
    if (!isWide_ && code != static_cast<std::int32_t>(code))
        widen();
    if (isWide_)
        wide_[first_ + row] = code;
    else
        narrow_[first_ + row] = static_cast<std::int32_t>(code);
}

void CsvColumn::insert(std::size_t row, CellCode code) {
    if (!isWide_ && code != static_cast<std::int32_t>(code))
        widen();
    const auto at = static_cast<std::ptrdiff_t>(first_ + row);
    if (isWide_)
        wide_.insert(wide_.begin() + at, code);
    else
        narrow_.insert(narrow_.begin() + at, static_cast<std::int32_t>(code));
}

void CsvColumn::erase(const std::vector<std::size_t>& rows) {
    const auto eraseIn = [&](auto& codes) {
        auto next = rows.begin();
        std::size_t at = 0;
        std::erase_if(codes, [&](const auto&) {
            const bool isErased = next != rows.end() && first_ + *next == at;
            next += isErased ? 1 : 0;
            ++at;
            return isErased;
        });
    };
    if (isWide_)
        eraseIn(wide_);
    else
        eraseIn(narrow_);
}

void CsvColumn::pushWide(CellCode code) {
    widen();
    wide_.push_back(code);
}

void CsvColumn::widen() {
    if (isWide_)
        return;
    wide_.reserve(narrow_.capacity());
    wide_.assign(narrow_.begin(), narrow_.end());
    narrow_ = {};
    isWide_ = true;
}

CsvCells::CsvCells(std::span<const std::string> row)
    : columns_(row.size()) {
    for (std::size_t c = 0; c < row.size(); ++c)
        columns_[c].push(row[c]);
}

std::vector<std::string> CsvCells::texts() const {
    std::vector<std::string> texts;
    texts.reserve(size());
    const auto rows = columns_.empty() ? 0 : columns_.front().size();
    for (std::size_t row = 0; row < rows; ++row)
        for (const auto& column : columns_)
            texts.push_back(column.text(row));
    return texts;
}

std::size_t CsvCells::bytes() const {
    std::size_t bytes = 0;
    for (const auto& column : columns_)
        bytes += column.bytes();
    return bytes;
}

} // namespace gradwright
