// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/data_remedies.h"

#include "engine/data/catalog.h"
#include "engine/data/own_data.h"
#include "engine/data/survey/column_roles.h"
#include "engine/data/survey/pixel_hint.h"
#include "engine/data/tables/column_reading.h"
#include "engine/data/tables/table_params.h"
#include "engine/project/class_balance.h"
#include "engine/support/counted.h"
#include "engine/training/recipes/losses.h"

#include <fmt/format.h>

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

/// The column may be one that was left out because its dates were whole.
std::optional<DataRemedy> splittingDates(const DataProblem& problem, const DataChoice& data) {
    auto remedy = settingParam("Split the dates", data, "dates", "parts");
    if (!remedy)
        return {};
    auto ignored = ignoredBy(data);
    if (std::erase(ignored, problem.column) > 0)
        remedy->data->params.insert_or_assign("ignore", columnList(ignored));
    return remedy;
}

std::optional<DataRemedy> readingPixels(const DataChoice& data, const TableSurvey* survey) {
    const auto hint = survey == nullptr ? std::nullopt : pixelHint(*survey, data);
    if (!hint)
        return {};
    return DataRemedy{fmt::format("Read images of {}", shownShape(hint->shape)),
                      withPixels(data, *hint)};
}

std::optional<DataRemedy> joiningCase(const DataProblem& problem, const DataChoice& data,
                                      const TableSurvey* survey) {
    if (survey == nullptr)
        return {};
    const Params params(dataset(data.dataset).params, data.params);
    auto columns = columnNamesIn(params.text("same_case"));
    if (std::ranges::find(columns, problem.column) != columns.end())
        return {};
    columns.push_back(problem.column);
    const bool isTarget = roleOf(data, *survey, problem.column) == ColumnRole::Target;
    DataRemedy remedy{isTarget ? "Make them one class" : "Make them one category", data};
    remedy.data->params.insert_or_assign("same_case", columnList(columns));
    return remedy;
}

/// The texts among the numbers of a column stand for no value, mostly: "n/k", "unknown".
std::optional<DataRemedy> countingAsMissing(const DataProblem& problem, const DataChoice& data,
                                            const TableSurvey* survey) {
    const auto* const facts = survey == nullptr ? nullptr : survey->find(problem.column);
    if (facts == nullptr)
        return {};
    const Params params(dataset(data.dataset).params, data.params);
    auto marks = columnNamesIn(params.text("missing_marks"));
    const auto before = marks.size();
    for (const auto& [text, count] : facts->common)
        if (!isNumberInAnyNotation(text) && std::ranges::find(marks, text) == marks.end())
            marks.push_back(text);
    if (marks.size() == before)
        return {};
    DataRemedy remedy{marks.size() == before + 1
                          ? fmt::format("Count “{}” as missing", marks.back())
                          : "Count the texts as missing",
                      data};
    remedy.data->params.insert_or_assign("missing_marks", columnList(marks));
    return remedy;
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
        return settingParam(
            fmt::format("Leave out {}",
                        counted(static_cast<std::size_t>(problem.count), "unreadable image")),
            data, "unreadable", "leave_out");
    case DataProblemKind::Shared:
    case DataProblemKind::Duplicates:
        return settingParam("Leave out repetitions", data, "duplicates", "leave_out");
    case DataProblemKind::Pixels:
        return readingPixels(data, survey);
    case DataProblemKind::Imbalance:
        return weighingClasses(project.training, counts);
    case DataProblemKind::Missing:
        if (static_cast<double>(problem.count) > kMostlyMissing * static_cast<double>(problem.of))
            return leavingOut(problem, data, survey);
        return settingParam("Leave out these rows", data, "missing", "drop");
    case DataProblemKind::Constant:
    case DataProblemKind::Identifier:
        return leavingOut(problem, data, survey);
    case DataProblemKind::Mixed:
        if (auto remedy = countingAsMissing(problem, data, survey))
            return remedy;
        return leavingOut(problem, data, survey);
    case DataProblemKind::Case:
        return joiningCase(problem, data, survey);
    case DataProblemKind::Dates:
        return splittingDates(problem, data);
    case DataProblemKind::Contradiction:
    case DataProblemKind::MissingTarget:
        return {};
    }
    return {};
}

} // namespace gradwright
