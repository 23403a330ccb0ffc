// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/tables/csv.h"
#include "engine/data/tables/image_column.h"
#include "engine/data/tables/table.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace gradwright {

/// A table with what its columns are for.
struct TableSheet {
    const CsvTable* table = nullptr;
    std::vector<std::size_t> inputs{};
    std::vector<std::size_t> targets{};
    std::vector<std::size_t> images{}; ///< those of the inputs that name image files
    std::vector<std::uint32_t> rows{}; ///< that can be used
    std::vector<std::string> notes{};  ///< on columns and rows that are left out

    [[nodiscard]] bool isImage(std::size_t column) const;
    [[nodiscard]] std::vector<ImageCells> imageCells() const;
    [[nodiscard]] TableSheet only(std::span<const std::uint32_t> part) const;
};

/// Why a column of a table that was read (CsvTable::isRead()) teaches a network nothing, as a
/// phrase behind "it": "counts the rows". Empty where it may teach something.
std::string whyLeftOut(const CsvTable& table, std::size_t column);

bool isListed(const std::vector<std::string>& names, const std::string& name);

/// Columns that teach nothing (dates, a different text or a number for each row) are left out and
/// noted, unless the options list them as categorical. Throws Error when a column that is named is
/// not there or cannot be what it is named for, or nothing is left to learn from.
TableSheet sheetOf(const CsvTable& table, const TableOptions& options);
/// The columns of the same names in another table.
TableSheet alike(const TableSheet& sheet, const CsvTable& other);
/// Takes the rows whose targets are there and, where that is asked for, all inputs too, and notes
/// how many they are. Throws Error when there is none.
void chooseRows(TableSheet& sheet, TableOptions::Missing missing);

/// Leaves out rows whose inputs and targets are written as those of a row before them, and notes
/// how many they are.
void leaveOutDuplicates(TableSheet& sheet);
/// Leaves out rows of a test table that the table to train on has, too, and notes how many they
/// are. Throws Error when none is left.
void leaveOutRowsOf(const TableSheet& training, TableSheet& test);

/// Whether the target is a class; notes what was decided where that may surprise. Throws Error when
/// the target is neither a class nor numbers.
bool isClassification(TableSheet& sheet, const TableOptions& options);

} // namespace gradwright
