// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"

#include <string>
#include <string_view>

namespace gradwright {

/// A program of codeFormats(), which takes what a network gets, with what run `run` did to its data
/// written into it: `prepare()` makes inputs of rows of a table (dicts by column) or of images of
/// bytes, `answers()` names what the outputs stand for. `format`: its key. What has no program
/// (images that a table names, several inputs) is told in comments alone.
std::string withDataProgram(const std::string& program, std::string_view format,
                            const DataInfo& info, const std::string& run);

} // namespace gradwright
