// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/tables/csv.h"

namespace gradwright {

/// Finds out from all cells what each column is and how it writes its numbers, makes the cells what
/// CsvTable says they are, and notes what is not plain. The table's names and its reading's header
/// must be known.
void readColumns(CsvTable& table, const CsvOptions& options);

/// Whether a cell is a number in some notation, a date or a sign for no value: such cells tell a
/// right delimiter from a wrong one.
bool isTypedCell(std::string_view cell);

/// Whether the digits and unit of a cell are a number in any notation.
bool isNumberInAnyNotation(std::string_view cell);

} // namespace gradwright
