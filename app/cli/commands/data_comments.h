// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"

#include <string>

namespace gradwright::cli {

/// Python comments, a line each, on what a run did to its data before its network saw them, and on
/// what to do to the network's answers: a program of the network alone knows nothing of it. Empty
/// where nothing was done.
std::string dataComments(const DataInfo& info, const std::string& run);

} // namespace gradwright::cli
