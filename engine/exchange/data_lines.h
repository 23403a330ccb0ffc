// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"

#include <string>
#include <vector>

namespace gradwright {

/// How inputs were prepared, for people: a line per column of a table, or what was done to pixels.
std::vector<std::string> inputLines(const DataInfo& info);

/// What a run did to its data and an exported program does not, and the order of the classes, as
/// comments of a Python file. Empty where there is nothing to say.
std::string dataComments(const DataInfo& info, const std::string& run);

} // namespace gradwright
