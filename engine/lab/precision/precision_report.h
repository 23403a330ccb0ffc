// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/lab/procedure.h"

#include <string>

namespace gradwright {

/// The trial that measures layouts.
inline constexpr const char* kLayoutsTrial = "layouts";

Report precisionReport(const std::string& project, const TrialResults& done);

} // namespace gradwright
