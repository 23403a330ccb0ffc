// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/survey/column_roles.h"

#include "engine/data/catalog.h"
#include "engine/data/tables/row_corrections.h"
#include "engine/data/tables/table_params.h"
#include "engine/support/error.h"

#include <algorithm>

namespace gradwright {
namespace {

using ColumnNames = std::vector<std::string>;

ColumnNames namesOf(const TableSurvey& survey) {
    ColumnNames names;
    for (const auto& column : survey.columns)
        names.push_back(column.profile.name);
    return names;
}

bool isOneOf(const ColumnNames& names, const std::string& name) {
    return std::ranges::find(names, name) != names.end();
}

ColumnNames listedColumns(const DataChoice& choice, const TableSurvey& survey,
                          std::string_view key) {
    const Params params(dataset(choice.dataset).params, choice.params);
    return key == "ignore" ? ignoredColumnsIn(params.text(key), namesOf(survey))
                           : columnNamesIn(params.text(key), namesOf(survey));
}

/// The choice may be newer than the survey.
ColumnNames targetsIn(const DataChoice& choice, const TableSurvey& survey) {
    auto names = listedColumns(choice, survey, "target");
    if (names.empty() && !survey.columns.empty())
        names.push_back(survey.columns.back().profile.name);
    return names;
}

/// In the order of the table; nothing where the list is empty, as in a choice that says nothing.
void setList(DataChoice& choice, const TableSurvey& survey, const std::string& key,
             ColumnNames names) {
    const auto order = namesOf(survey);
    std::ranges::stable_sort(
        names, {}, [&](const std::string& name) { return std::ranges::find(order, name); });
    if (names.empty())
        choice.params.erase(key);
    else
        choice.params.insert_or_assign(key, columnList(names));
}

/// Rows that were put into another class were so for another target; those left out stay so.
void dropClasses(DataChoice& choice) {
    const std::string key(kRowCorrectionsParam);
    const auto found = choice.params.find(key);
    if (found == choice.params.end())
        return;
    auto corrections = rowCorrectionsFrom(std::get<std::string>(found->second));
    std::erase_if(corrections, [](const RowCorrection& each) { return !each.name.empty(); });
    if (corrections.empty())
        choice.params.erase(key);
    else
        choice.params.insert_or_assign(key, rowCorrectionsText(corrections));
}

bool holdsNumbersOnly(const TableSurvey& survey, const std::string& column) {
    const auto* const facts = survey.find(column);
    return facts != nullptr && facts->profile.kind == ColumnKind::Numbers;
}

} // namespace

ColumnRole roleOf(const DataChoice& choice, const TableSurvey& survey, const std::string& column) {
    if (isOneOf(targetsIn(choice, survey), column))
        return ColumnRole::Target;
    if (isOneOf(listedColumns(choice, survey, "ignore"), column))
        return ColumnRole::LeftOut;
    if (isOneOf(listedColumns(choice, survey, "categorical"), column))
        return ColumnRole::Category;
    if (isOneOf(listedColumns(choice, survey, "keep"), column))
        return ColumnRole::Input;
    const auto* const facts = survey.find(column);
    return facts != nullptr && !facts->whyLeftOut.empty() ? ColumnRole::LeftOut : ColumnRole::Input;
}

std::vector<ColumnRole> rolesFor(const DataChoice& choice, const TableSurvey& survey,
                                 const std::string& column) {
    const auto* const facts = survey.find(column);
    if (facts == nullptr)
        return {};
    const auto targets = targetsIn(choice, survey);
    const auto kind = facts->profile.kind;
    const auto now = roleOf(choice, survey, column);
    if (targets.size() == 1 && now == ColumnRole::Target)
        return {now};
    if (kind == ColumnKind::Empty)
        return {now == ColumnRole::LeftOut ? now : ColumnRole::Input, ColumnRole::LeftOut};
    std::vector<ColumnRole> roles;
    // Numbers that look like names of rows can be kept.
    const bool isUsable = facts->whyLeftOut.empty() || kind == ColumnKind::Numbers;
    const bool isListed = isOneOf(listedColumns(choice, survey, "categorical"), column);
    if (isUsable || isListed)
        roles.push_back(ColumnRole::Input);
    // Texts are categories anyway; those that are left out by themselves stay when they are listed.
    if (kind == ColumnKind::Numbers || kind == ColumnKind::Mixed || isListed ||
        !facts->whyLeftOut.empty())
        roles.push_back(ColumnRole::Category);
    if (kind != ColumnKind::Images && isUsable)
        roles.push_back(ColumnRole::Target);
    const bool isBeside = now != ColumnRole::Target && kind == ColumnKind::Numbers &&
                          !survey.targetIsClass &&
                          std::ranges::all_of(targets, [&](const std::string& target) {
                              return holdsNumbersOnly(survey, target);
                          });
    if (isBeside && isUsable)
        roles.push_back(ColumnRole::ExtraTarget);
    roles.push_back(ColumnRole::LeftOut);
    return roles;
}

DataChoice withRole(DataChoice choice, const TableSurvey& survey, const std::string& column,
                    ColumnRole role) {
    if (std::ranges::count(rolesFor(choice, survey, column), role) == 0)
        throw Error("column \"{}\" cannot be given this role", column);
    auto targets = targetsIn(choice, survey);
    auto ignored = listedColumns(choice, survey, "ignore");
    auto categorical = listedColumns(choice, survey, "categorical");
    auto kept = listedColumns(choice, survey, "keep");
    std::erase(kept, column);
    std::erase(ignored, column);
    std::erase(targets, column);
    if (role != ColumnRole::Target && role != ColumnRole::ExtraTarget)
        std::erase(categorical, column);
    if (role == ColumnRole::Target)
        targets.assign(1, column);
    else if (role == ColumnRole::ExtraTarget)
        targets.push_back(column);
    else if (role == ColumnRole::LeftOut)
        ignored.push_back(column);
    else if (role == ColumnRole::Category)
        categorical.push_back(column);
    const auto* const facts = survey.find(column);
    if (role == ColumnRole::Input && facts->profile.kind == ColumnKind::Numbers &&
        !facts->whyLeftOut.empty())
        kept.push_back(column);
    if (targets != targetsIn(choice, survey))
        dropClasses(choice);
    setList(choice, survey, "keep", std::move(kept));
    setList(choice, survey, "target", std::move(targets));
    setList(choice, survey, "ignore", std::move(ignored));
    setList(choice, survey, "categorical", std::move(categorical));
    return choice;
}

} // namespace gradwright
