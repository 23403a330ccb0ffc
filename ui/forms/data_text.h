// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "ui/training/input_columns.h"

#include <QString>

#include <optional>
#include <vector>

namespace gradwright {

/// The columns of a table, with what each holds; none where the data set has not been read, or has
/// none.
std::vector<DataColumn> dataColumns(const std::optional<DataInfo>& info);

/// What samples are and what is to be predicted of them, in a sentence.
QString dataText(const DataInfo& info);

} // namespace gradwright
