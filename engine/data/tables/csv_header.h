// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/tables/csv_rows.h"

#include <cstddef>

namespace gradwright {

/// Whether row `first` names the columns, judged by what the rows below hold: a text above a column
/// of numbers does, and so do texts that occur nowhere below, and numbers in equal steps (years,
/// wavelengths, 0 to n) above values that are written otherwise.
bool hasHeader(const CsvRows& rows, std::size_t first = 0);

/// Whether there is a single row, and nothing in it looks like a value.
bool holdsOnlyNames(const CsvRows& rows);

} // namespace gradwright
