// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/csv_rows.h"

#include <algorithm>
#include <map>
#include <utility>

namespace gradwright {

const OddRow* CsvRows::findOdd(std::size_t row) const {
    const auto found = std::ranges::lower_bound(odd_, row, {}, &OddRow::row);
    return found != odd_.end() && found->row == row ? &*found : nullptr;
}

std::size_t CsvRows::placeOf(std::size_t row) const {
    if (odd_.empty())
        return row;
    const auto before = std::ranges::lower_bound(odd_, row, {}, &OddRow::row) - odd_.begin();
    return row - static_cast<std::size_t>(before);
}

std::size_t CsvRows::usualFields() const {
    std::map<std::size_t, std::size_t> counts;
    for (const auto& odd : odd_)
        ++counts[odd.fields.size()];
    if (size() > odd_.size())
        counts[columns_.size()] += size() - odd_.size();
    std::size_t usual = 0;
    for (const auto& [fields, count] : counts)
        if (usual == 0 || count >= counts[usual])
            usual = fields;
    return usual;
}

void CsvRows::append(const CsvPiece& piece, std::size_t firstLine) {
    for (const auto& odd : piece.odd)
        odd_.push_back({size() + odd.row, odd.fields});
    for (std::size_t c = 0; c < columns_.size(); ++c)
        columns_[c].append(piece.columns[c]);
    for (const auto line : piece.lines)
        lines_.push_back(static_cast<std::uint32_t>(firstLine + line));
}

void CsvRows::reserve(std::size_t rows) {
    for (auto& column : columns_)
        column.reserve(rows);
    lines_.reserve(rows);
}

void CsvRows::leaveOutRow(std::size_t row) {
    leaveOutRows({row});
}

void CsvRows::leaveOutRows(const std::vector<std::size_t>& rows) {
    if (rows.empty())
        return;
    std::vector<std::size_t> places;
    for (const auto row : rows)
        if (!oddRow(row))
            places.push_back(placeOf(row));
    if (places.size() == 1 && places.front() == 0) {
        for (auto& column : columns_)
            column.removeFirst();
    } else if (!places.empty()) {
        for (auto& column : columns_)
            column.erase(places);
    }
    std::vector<OddRow> odd;
    for (auto& each : odd_) {
        const auto next = std::ranges::lower_bound(rows, each.row);
        if (next != rows.end() && *next == each.row)
            continue;
        each.row -= static_cast<std::size_t>(next - rows.begin());
        odd.push_back(std::move(each));
    }
    odd_ = std::move(odd);
    auto next = rows.begin();
    std::size_t row = 0;
    std::erase_if(lines_, [&](std::uint32_t) {
        const bool isLeftOut = next != rows.end() && *next == row;
        next += isLeftOut ? 1 : 0;
        ++row;
        return isLeftOut;
    });
}

OddRow& CsvRows::asOdd(std::size_t row) {
    const auto found = std::ranges::lower_bound(odd_, row, {}, &OddRow::row);
    if (found != odd_.end() && found->row == row)
        return *found;
    OddRow odd{row, {}};
    const auto place = placeOf(row);
    for (auto& column : columns_) {
        odd.fields.push_back(column.text(place));
        if (place == 0)
            column.removeFirst();
        else
            column.erase({place});
    }
    return *odd_.insert(found, std::move(odd));
}

void CsvRows::makeAlikeBelowFirst() {
    const auto below = std::ranges::lower_bound(odd_, std::size_t{1}, {}, &OddRow::row);
    const auto odd = static_cast<std::size_t>(odd_.end() - below);
    if (odd == 0) {
        asOdd(0);
        return;
    }
    for (std::size_t row = 0; row < size(); ++row) // few have been read, all of them odd but one
        asOdd(row);
}

void CsvRows::leaveOutFirstField(std::size_t row) {
    auto& fields = asOdd(row).fields;
    fields.erase(fields.begin());
}

void CsvRows::leaveOutLastField(std::size_t row) {
    asOdd(row).fields.pop_back();
}

void CsvRows::leaveOutFirstFieldBelowFirst() {
    makeAlikeBelowFirst();
    if (odd_.size() == 1)
        columns_.erase(columns_.begin());
    else
        for (std::size_t i = 1; i < odd_.size(); ++i)
            odd_[i].fields.erase(odd_[i].fields.begin());
}

void CsvRows::leaveOutLastFieldBelowFirst() {
    makeAlikeBelowFirst();
    if (odd_.size() == 1)
        columns_.pop_back();
    else
        for (std::size_t i = 1; i < odd_.size(); ++i)
            odd_[i].fields.pop_back();
}

CsvCells CsvRows::takeCells() {
    const auto fields = empty() ? 0 : this->fields(0);
    if (odd_.size() == size()) // among them those that have been changed
        columns_.assign(fields, {});
    for (const auto& odd : odd_)
        for (std::size_t c = 0; c < fields; ++c)
            columns_[c].insert(odd.row, columns_[c].encode(odd.fields[c]));
    odd_.clear();
    return CsvCells(std::move(columns_));
}

} // namespace gradwright
