// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/tables/decimal_cell.h"
#include "engine/data/tables/text_pool.h"
#include "engine/support/uninitialized.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// The cells of one column, 4 bytes each while their numbers have up to eight digits, else 8. What
/// is not written as decimal_cell.h says stands in a TextPool beside them.
class CsvColumn {
public:
    [[nodiscard]] std::size_t size() const {
        return (isWide_ ? wide_.size() : narrow_.size()) - first_;
    }
    [[nodiscard]] CellCode code(std::size_t row) const {
        return isWide_ ? wide_[first_ + row] : CellCode{narrow_[first_ + row]};
    }
    [[nodiscard]] bool isEmpty(std::size_t row) const { return code(row) == kEmptyCell; }
    /// A copy.
    [[nodiscard]] std::string text(std::size_t row) const { return textOf(code(row)); }
    [[nodiscard]] std::string textOf(CellCode code) const;
    [[nodiscard]] const TextPool& texts() const { return texts_; }
    /// Whether equal texts have equal codes, and different ones different codes.
    [[nodiscard]] bool isUnique() const { return texts_.isUnique(); }
    /// The number of bytes that the cells take.
    [[nodiscard]] std::size_t bytes() const;

    /// Calls visit(code) for each cell in order.
    template <typename Visit>
    void forEach(Visit visit) const {
        if (isWide_)
            for (std::size_t i = first_; i < wide_.size(); ++i)
                visit(wide_[i]);
        else
            for (std::size_t i = first_; i < narrow_.size(); ++i)
                visit(CellCode{narrow_[i]});
    }
    /// The same for the cells of these rows.
    template <typename Visit>
    void forRows(std::span<const std::uint32_t> rows, Visit visit) const {
        if (isWide_)
            visitRows(wide_.data() + first_, rows, visit);
        else
            visitRows(narrow_.data() + first_, rows, visit);
    }
    /// Puts change(code) in the place of each cell's code.
    template <typename Change>
    void change(Change change) {
        for (std::size_t row = 0; row < size(); ++row)
            if (const auto before = code(row), after = change(before); after != before)
                set(row, after);
    }

    void reserve(std::size_t cells);
    /// Makes it empty; the memory stays, and how many bytes a code takes.
    void clear();
    /// Cuts it off, or adds cells that have no code before set().
    void resize(std::size_t cells);
    /// The cells while their codes take 4 bytes, nullptr when they take 8.
    [[nodiscard]] std::int32_t* narrowCells() {
        return isWide_ ? nullptr : narrow_.data() + first_;
    }
    void push(CellCode code) {
        if (!isWide_ && code == static_cast<std::int32_t>(code))
            narrow_.push_back(static_cast<std::int32_t>(code));
        else
            pushWide(code);
    }
    void push(std::string_view text) { push(encode(text)); }
    /// The code of a text, which is kept where it has to be.
    CellCode encode(std::string_view text);
    /// The same for a text that is known to be no number as decimal_cell.h says.
    CellCode encodeText(std::string_view text) { return codeOfText(texts_.add(text)); }
    /// One that it has has come again.
    void countKnownText() { texts_.countKnown(); }
    /// Adds the cells of another column.
    void append(const CsvColumn& other);
    void set(std::size_t row, CellCode code);
    void removeFirst() { ++first_; }
    void insert(std::size_t row, CellCode code);
    /// Removes the cells of these rows, which are in order.
    void erase(const std::vector<std::size_t>& rows);

private:
    /// Rows may come in any order, so the next cells are fetched meanwhile.
    template <typename Code, typename Visit>
    static void visitRows(const Code* codes, std::span<const std::uint32_t> rows, Visit& visit) {
        constexpr std::size_t kCellsAhead = 32;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (i + kCellsAhead < rows.size())
                __builtin_prefetch(codes + rows[i + kCellsAhead]);
            visit(CellCode{codes[rows[i]]});
        }
    }
    void pushWide(CellCode code);
    void widen();

    RawVector<std::int32_t> narrow_;
    RawVector<std::int64_t> wide_;
    bool isWide_ = false;
    std::size_t first_ = 0; ///< of the cells; those before it have been removed
    TextPool texts_;
};

/// Columns of equal length.
class CsvCells {
public:
    CsvCells() = default;
    explicit CsvCells(std::vector<CsvColumn> columns)
        : columns_(std::move(columns)) {}
    /// One row of these texts.
    explicit CsvCells(std::span<const std::string> row);

    [[nodiscard]] std::size_t columns() const { return columns_.size(); }
    /// The number of cells.
    [[nodiscard]] std::size_t size() const {
        return columns_.empty() ? 0 : columns_.size() * columns_.front().size();
    }
    [[nodiscard]] const CsvColumn& operator[](std::size_t column) const { return columns_[column]; }
    [[nodiscard]] CsvColumn& operator[](std::size_t column) { return columns_[column]; }
    /// Copies of all texts, row by row.
    [[nodiscard]] std::vector<std::string> texts() const;
    [[nodiscard]] std::size_t bytes() const;

private:
    std::vector<CsvColumn> columns_;
};

} // namespace gradwright
