// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "engine/graph/network.h"

#include <string>
#include <string_view>

namespace gradwright {

/// A program of codeFormats(), which takes what a network gets, with what run `run` did to its data
/// written into it: `prepare()` makes inputs of rows of a table (dicts by column; a list of them
/// for several inputs), of images of bytes or of texts, `answers()` names what the outputs stand
/// for. `format`: its key. What has no program is told in comments alone.
std::string withDataProgram(const std::string& program, std::string_view format,
                            const DataInfo& info, const std::string& run, const Network& network);

/// The program with a comment that says that raw inputs are not prepared, and `why`.
std::string withoutDataProgram(const std::string& program, std::string_view why);

} // namespace gradwright
