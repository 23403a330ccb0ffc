// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/survey/table_survey.h"
#include "engine/data/tables/column_type.h"

#include <string>
#include <vector>

namespace gradwright {

/// What a column of a table is read as; Detect where nobody has said so. The parts of a date have
/// the type of the date.
ColumnType typeOf(const DataChoice& choice, const TableSurvey& survey, const std::string& column);

/// What a column may be read as, its own type among them, in the order in which a list shows them;
/// Detect alone where there is no choice.
std::vector<ColumnType> typesFor(const DataChoice& choice, const TableSurvey& survey,
                                 const std::string& column);

/// The choice with a column read as that: its parameter types. A column that is left out or listed
/// as categorical because of what it looked like becomes an input of its new type. Throws Error
/// when typesFor() does not have it.
DataChoice withType(DataChoice choice, const TableSurvey& survey, const std::string& column,
                    ColumnType type);

} // namespace gradwright
