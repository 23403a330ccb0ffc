// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"

#include <string>
#include <vector>

namespace gradwright {

/// How inputs were prepared, for people: a line per column of a table, or what was done to pixels.
std::vector<std::string> inputLines(const DataInfo& info);

/// What a run did to its data, and the order of the classes, as comments of a Python file. Empty
/// where there is nothing to say. `prepares`: whether the program does the same in prepare() and
/// answers().
std::string dataComments(const DataInfo& info, const std::string& run, bool prepares = false);

} // namespace gradwright
