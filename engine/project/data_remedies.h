// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/survey/data_problems.h"
#include "engine/project/project.h"

#include <optional>
#include <string>

namespace gradwright {

/// What one click does about a problem of the data.
struct DataRemedy {
    std::string title; ///< as a button reads
    /// Another choice of data, which the network's ends may have to follow; or else `training`.
    std::optional<DataChoice> data{};
    std::optional<TrainingSettings> training{};
};

/// Nothing where the project has the remedy already, or where none is known. `survey` is that of
/// the table that the project's data are, null for other data; `counts` those of its parts.
std::optional<DataRemedy> remedyFor(const DataProblem& problem, const Project& project,
                                    const TableSurvey* survey, const PartCounts& counts);

} // namespace gradwright
