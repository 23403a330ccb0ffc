// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"
#include "engine/project/project.h"
#include "engine/support/json_fwd.h"

namespace gradwright::cli {

/// Compiles the project's training and reports what its program is made of. Throws Error when it
/// cannot be trained on its data.
ProgramReport compiledReport(const Project& project);

Json toJson(const ProgramReport& report);
void printReport(const Project& project, const ProgramReport& report);

} // namespace gradwright::cli
