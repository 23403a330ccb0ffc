// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/survey/column_types.h"

#include "engine/data/catalog.h"
#include "engine/data/tables/table_params.h"
#include "engine/support/error.h"

#include <algorithm>

namespace gradwright {
namespace {

/// Takes a column out of a list of columns.
void takeOut(DataChoice& choice, const std::string& key, const std::string& column) {
    const Params params(dataset(choice.dataset).params, choice.params);
    auto names = columnNamesIn(params.text(key), std::vector{column});
    if (std::erase(names, column) == 0)
        return;
    if (names.empty())
        choice.params.erase(key);
    else
        choice.params.insert_or_assign(key, columnList(names));
}

std::vector<ChosenType> typesIn(const DataChoice& choice) {
    return columnTypesFrom(Params(dataset(choice.dataset).params, choice.params).text(kTypesParam));
}

} // namespace

ColumnType typeOf(const DataChoice& choice, const TableSurvey& survey, const std::string& column) {
    const auto* const facts = survey.find(column);
    return facts == nullptr ? ColumnType::Detect : typeIn(typesIn(choice), facts->types.column);
}

std::vector<ColumnType> typesFor(const DataChoice& choice, const TableSurvey& survey,
                                 const std::string& column) {
    std::vector<ColumnType> types{ColumnType::Detect};
    const auto* const facts = survey.find(column);
    if (facts == nullptr)
        return types;
    for (const auto type : facts->types.others)
        types.push_back(type);
    if (const auto now = typeOf(choice, survey, column); std::ranges::count(types, now) == 0)
        types.push_back(now);
    return types;
}

DataChoice withType(DataChoice choice, const TableSurvey& survey, const std::string& column,
                    ColumnType type) {
    if (std::ranges::count(typesFor(choice, survey, column), type) == 0)
        throw Error("column \"{}\" cannot be read so", column);
    const auto& name = survey.find(column)->types.column;
    auto types = typesIn(choice);
    std::erase_if(types, [&](const ChosenType& each) { return each.column == name; });
    if (type != ColumnType::Detect) {
        types.push_back({name, type});
        takeOut(choice, "categorical", name);
        if (!isDateType(type))
            takeOut(choice, "ignore", name);
    }
    const std::string key(kTypesParam);
    if (types.empty())
        choice.params.erase(key);
    else
        choice.params.insert_or_assign(key, columnTypesText(types));
    return choice;
}

} // namespace gradwright
