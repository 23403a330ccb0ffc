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
/// Of tableParams(), and of tableImageParams() where the data set has them. Throws Error when an
/// image shape is written wrongly.
TableOptions tableOptionsOf(const Params& params);

/// How a table's file is read: the parameters delimiter and header.
CsvOptions csvOptionsOf(const Params& params);

/// The names in a list such as the parameters target and ignore hold: separated by commas, in
/// quotes where a name holds a comma itself.
std::vector<std::string> columnNamesIn(std::string_view text);
/// Such a list of these names.
std::string columnList(std::span<const std::string> names);

/// The share of samples that is held back where a data set brings none to test with.
ParamSpec testFractionParam(double defaultValue = 0.2);

} // namespace gradwright
