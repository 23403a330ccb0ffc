// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/tables/csv.h"
#include "engine/data/tables/csv_rows.h"

#include <string>
#include <vector>

namespace gradwright {

/// Moves rows into a table whose columns are called "1", "2", … Throws Error when there are none,
/// or when one has another number of fields than the first.
void fillTable(CsvTable& table, CsvRows rows);

/// The cells of the first row.
std::vector<std::string> firstRow(const CsvTable& table);

/// Leaves out the first row, and calls the columns by these names instead, those without one by
/// their number. Throws Error when two are the same, or no row is left.
void takeHeader(CsvTable& table, std::vector<std::string> names);

} // namespace gradwright
