// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "engine/data/tables/table_sheet.h"
#include "engine/data/tables/table_source.h"

namespace gradwright {

/// Fills in values, categories and missing, for the columns that the source has; several threads
/// share the rows. Throws Error naming the line of a cell that is no number where the column holds
/// numbers.
void encodeRows(const TableSheet& sheet, TableSource& source);
/// Fills in the targets that are values.
void encodeTargets(const TableSheet& sheet, const DataInfo& info, TableSource& source);

} // namespace gradwright
