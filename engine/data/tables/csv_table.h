// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/tables/csv.h"
#include "engine/data/tables/csv_rows.h"

#include <vector>

namespace gradwright {

/// Moves rows into a table whose columns are called "1", "2", … Throws Error when there are none,
/// or when one has another number of fields than the first.
void fillTable(CsvTable& table, std::vector<CsvRow> rows);

/// Makes the first row the names of the columns. Throws Error when two are the same, or no row
/// follows.
void takeHeader(CsvTable& table);

} // namespace gradwright
