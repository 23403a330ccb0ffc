// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/data_remedies.h"

#include "engine/data/catalog.h"
#include "engine/data/survey/column_roles.h"
#include "engine/project/class_balance.h"
#include "engine/training/recipes/losses.h"

#include <algorithm>
#include <utility>

namespace gradwright {
namespace {

/// Columns of which more is missing teach little; leaving out their rows would cost too many.
constexpr double kMostlyMissing = 0.5;

/// Nothing where it has that value already, or the data set has no such parameter.
std::optional<DataRemedy> settingParam(std::string title, const DataChoice& data, const char* key,
                                       const char* value) {
    const Params params(dataset(data.dataset).params, data.params);
    if (!params.has(key) || params.text(key) == value)
        return {};
    DataRemedy remedy{std::move(title), data};
    remedy.data->params.insert_or_assign(key, std::string(value));
    return remedy;
}

std::optional<DataRemedy> leavingOut(const DataProblem& problem, const DataChoice& data,
                                     const TableSurvey* survey) {
    if (survey == nullptr)
        return {};
    const auto roles = rolesFor(data, *survey, problem.column);
    if (std::ranges::count(roles, ColumnRole::LeftOut) == 0)
        return {};
    return DataRemedy{"Leave out the column",
                      withRole(data, *survey, problem.column, ColumnRole::LeftOut)};
}

std::optional<DataRemedy> weighingClasses(const TrainingSettings& training,
                                          const PartCounts& counts) {
    if (training.objectives.empty())
        return {};
    const auto& chosen = training.objectives.front().loss;
    const auto& specs = loss(chosen.key).params;
    if (std::ranges::find(specs, "class_weights", &ParamSpec::key) == specs.end() ||
        !Params(specs, chosen.params).text("class_weights").empty())
        return {};
    DataRemedy remedy{.title = "Weigh the classes", .training = training};
    remedy.training->objectives.front().loss.params.insert_or_assign("class_weights",
                                                                     classWeightsText(counts));
    return remedy;
}

} // namespace

std::optional<DataRemedy> remedyFor(const DataProblem& problem, const Project& project,
                                    const TableSurvey* survey, const PartCounts& counts) {
    const auto& data = project.data;
    switch (problem.kind) {
    case DataProblemKind::Unreadable:
        return settingParam("Leave them out", data, "unreadable", "leave_out");
    case DataProblemKind::Shared:
    case DataProblemKind::Duplicates:
        return settingParam("Leave out repetitions", data, "duplicates", "leave_out");
    case DataProblemKind::Imbalance:
        return weighingClasses(project.training, counts);
    case DataProblemKind::Missing:
        if (static_cast<double>(problem.count) > kMostlyMissing * static_cast<double>(problem.of))
            return leavingOut(problem, data, survey);
        return settingParam("Leave out these rows", data, "missing", "drop");
    case DataProblemKind::Constant:
    case DataProblemKind::Identifier:
    case DataProblemKind::Mixed:
        return leavingOut(problem, data, survey);
    case DataProblemKind::Dates:
        return settingParam("Split the dates", data, "dates", "parts");
    case DataProblemKind::Contradiction:
    case DataProblemKind::MissingTarget:
        return {};
    }
    return {};
}

} // namespace gradwright
