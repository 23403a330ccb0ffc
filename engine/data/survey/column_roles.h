// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/survey/table_survey.h"

#include <string>
#include <vector>

namespace gradwright {

/// What a column of a table is for.
enum class ColumnRole {
    Input,       ///< a number, an image, or a text with an input for each of its values
    Category,    ///< listed as categorical: an input for each value, whatever the values are
    Target,      ///< what is predicted, or one of several values
    ExtraTarget, ///< predicted beside the targets that there are; a column that is so is a Target
    LeftOut
};

/// Columns that opening the table leaves out by itself are LeftOut, too.
ColumnRole roleOf(const DataChoice& choice, const TableSurvey& survey, const std::string& column);

/// The roles that a column may be given, its own among them, in the order in which a list shows
/// them. The only target has no other: another column has to become it.
std::vector<ColumnRole> rolesFor(const DataChoice& choice, const TableSurvey& survey,
                                 const std::string& column);

/// The choice with that role for a column: its parameters target, ignore and categorical. A column
/// that was the target until then becomes an input. Throws Error when rolesFor() does not have it.
DataChoice withRole(DataChoice choice, const TableSurvey& survey, const std::string& column,
                    ColumnRole role);

} // namespace gradwright
