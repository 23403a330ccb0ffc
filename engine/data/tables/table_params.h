// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/tables/csv.h"
#include "engine/data/tables/table.h"
#include "engine/support/param.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// target, task, ignore, categorical, missing, normalize, scale_target, test_fraction.
ParamSpecs tableParams();
/// The key of the parameter that imageShapesFrom() reads.
inline constexpr std::string_view kImageShapesParam = "image_shapes";

/// images, image_size, image_channels, image_fit, image_normalize, image_shapes: of columns that
/// name image files.
ParamSpecs tableImageParams();
/// duplicates, dates, types, corrections, missing_marks, pixels, delimiter, header: how a table's
/// file is read.
ParamSpecs tableFileParams();
/// Of tableParams(), and of tableImageParams() where the data set has them. Throws Error when an
/// image shape is written wrongly.
/// `columns`: the names that the table has, as for columnNamesIn().
TableOptions tableOptionsOf(const Params& params, std::span<const std::string> columns = {});

/// Of tableFileParams(). `asBefore`: see DataChoice.
CsvOptions csvOptionsOf(const Params& params, bool asBefore = false);

/// The names in a list such as the parameters target and ignore hold: separated by commas, in
/// quotes where a name holds a comma itself, unless it is one of the `known` names.
std::vector<std::string> columnNamesIn(std::string_view text,
                                       std::span<const std::string> known = {});
/// The same of a list of columns to leave out, where a column of dates that the table has split
/// into its parts stands for all of them.
std::vector<std::string> ignoredColumnsIn(std::string_view text,
                                          std::span<const std::string> known);
/// The columns that a column of dates is split into: "day (year)", "day (month)", "day (weekday)".
std::vector<std::string> datePartsOf(std::string_view column);
/// Such a list of these names.
std::string columnList(std::span<const std::string> names);

/// The share of samples that is held back where a data set brings none to test with.
ParamSpec testFractionParam(double defaultValue = 0.2);

} // namespace gradwright
