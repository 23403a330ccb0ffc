// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "engine/data/tables/table_sheet.h"
#include "engine/data/tables/table_summary.h"

#include <cstddef>
#include <string>
#include <vector>

namespace gradwright {

/// Says of numbers that may stand for no value what they are and how they are left out.
void noteMarks(const TableSheet& training, const DataInfo& info, const TableSummary& summary,
               std::vector<std::string>& notes);

/// Says of classes that differ in case alone how to join them, or which ones are joined.
void noteCase(TableSheet& sheet, const std::vector<std::string>& classes);

/// Says of columns with whole numbers of more digits than a double keeps that some may become
/// equal.
void noteLongNumbers(const TableSheet& training, const DataInfo& info, const TableSummary& summary,
                     std::vector<std::string>& notes);

/// Says of a target to predict that it is the same number everywhere.
void noteConstant(const std::string& target, const ColumnSummary& summary,
                  std::vector<std::string>& notes);

/// Throws Error: `only` is the one class that the target column holds.
[[noreturn]] void failOneClass(const CsvTable& table, std::size_t target, const std::string& only);

} // namespace gradwright
