// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/survey/table_survey.h"

#include "engine/data/catalog.h"
#include "engine/data/own_data.h"
#include "engine/data/survey/column_roles.h"
#include "engine/data/tables/cell.h"
#include "engine/data/tables/cell_index.h"
#include "engine/data/tables/csv_cache.h"
#include "engine/data/tables/table_columns.h"
#include "engine/data/tables/table_params.h"
#include "engine/data/tables/table_sheet.h"
#include "engine/support/error.h"

#include <algorithm>
#include <limits>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

namespace gradwright {
namespace {

constexpr auto kNoCategory = std::numeric_limits<std::uint32_t>::max();

/// The categories of a column by row, kNoCategory where a cell has no value.
struct ColumnCategories {
    std::vector<std::uint32_t> ofRow;
    std::vector<CommonValue> values; ///< by category
};

ColumnCategories categoriesIn(const CsvTable& table, std::size_t column) {
    const auto& cells = table.cells[column];
    ColumnCategories found;
    CellIndex known;
    std::vector<std::uint32_t> ofCode; // a text may have several codes
    std::unordered_map<std::string, std::uint32_t> ofText;
    found.ofRow.reserve(table.rows());
    cells.forEach([&](CellCode code) {
        if (code == kEmptyCell) {
            found.ofRow.push_back(kNoCategory);
            return;
        }
        const auto index = known.add(code);
        if (index == ofCode.size()) {
            auto next = static_cast<std::uint32_t>(found.values.size());
            if (!cells.isUnique() && isTextCode(code))
                next = ofText.try_emplace(cells.textOf(code), next).first->second;
            if (next == found.values.size())
                found.values.push_back({cells.textOf(code), 0});
            ofCode.push_back(next);
        }
        ++found.values[ofCode[index]].count;
        found.ofRow.push_back(ofCode[index]);
    });
    return found;
}

/// The numbers of a column by row; nothing where a cell has none.
std::vector<std::optional<double>> numberCells(const CsvTable& table, std::size_t column) {
    std::vector<std::optional<double>> numbers;
    numbers.reserve(table.rows());
    const auto& cells = table.cells[column];
    cells.forEach([&](CellCode code) {
        numbers.push_back(isTextCode(code) ? numberOf(cells.textOf(code), table.delimiter)
                                           : std::optional(decimalValue(code)));
    });
    return numbers;
}

std::vector<CommonValue> mostCommon(std::vector<CommonValue> values) {
    const auto shown = std::min(ColumnFacts::kMostCommon, values.size());
    std::ranges::partial_sort(values, values.begin() + static_cast<std::ptrdiff_t>(shown),
                              [](const CommonValue& a, const CommonValue& b) {
                                  return a.count != b.count ? a.count > b.count : a.text < b.text;
                              });
    values.resize(shown);
    return values;
}

/// A column as associations need it: numbers, or categories, of which there may be too many.
class SurveyVariable {
public:
    SurveyVariable(const CsvTable& table, std::size_t column, bool isNumber)
        : isNumber_(isNumber) {
        if (isNumber)
            numbers_ = numberCells(table, column);
        else
            categories_ = categoriesIn(table, column);
    }

    [[nodiscard]] Association with(const SurveyVariable& target) const {
        if (isNumber_ && target.isNumber_)
            return made(Association::Measure::Pearson, correlation(target));
        if (isNumber_ != target.isNumber_)
            return made(Association::Measure::CorrelationRatio,
                        isNumber_ ? target.ratioOf(*this) : ratioOf(target));
        return made(Association::Measure::CramersV, dependence(target));
    }

private:
    static Association made(Association::Measure measure, std::optional<double> value) {
        return value ? Association{measure, *value} : Association{};
    }
    [[nodiscard]] bool isUsable() const {
        return categories_.values.size() < ColumnProfile::kMostDistinct;
    }
    [[nodiscard]] std::optional<double> correlation(const SurveyVariable& other) const {
        std::vector<double> x;
        std::vector<double> y;
        for (std::size_t row = 0; row < numbers_.size(); ++row)
            if (numbers_[row] && other.numbers_[row]) {
                x.push_back(*numbers_[row]);
                y.push_back(*other.numbers_[row]);
            }
        return pearson(x, y);
    }
    [[nodiscard]] std::optional<double> ratioOf(const SurveyVariable& values) const {
        if (!isUsable())
            return {};
        std::vector<std::uint32_t> groups;
        std::vector<double> numbers;
        for (std::size_t row = 0; row < categories_.ofRow.size(); ++row)
            if (categories_.ofRow[row] != kNoCategory && values.numbers_[row]) {
                groups.push_back(categories_.ofRow[row]);
                numbers.push_back(*values.numbers_[row]);
            }
        return correlationRatio(groups, categories_.values.size(), numbers);
    }
    [[nodiscard]] std::optional<double> dependence(const SurveyVariable& other) const {
        if (!isUsable() || !other.isUsable())
            return {};
        std::vector<std::uint32_t> a;
        std::vector<std::uint32_t> b;
        for (std::size_t row = 0; row < categories_.ofRow.size(); ++row)
            if (categories_.ofRow[row] != kNoCategory &&
                other.categories_.ofRow[row] != kNoCategory) {
                a.push_back(categories_.ofRow[row]);
                b.push_back(other.categories_.ofRow[row]);
            }
        return cramersV(a, categories_.values.size(), b, other.categories_.values.size());
    }

    bool isNumber_;
    std::vector<std::optional<double>> numbers_;
    ColumnCategories categories_;
};

ColumnFacts factsOf(const CsvTable& table, std::size_t column, ColumnProfile profile) {
    ColumnFacts facts;
    facts.profile = std::move(profile);
    for (std::size_t row = 0; row < std::min(table.rows(), ColumnFacts::kFirst); ++row)
        facts.first.push_back(table.at(row, column));
    if (table.isRead())
        facts.pixels = table.reading.columns[column].pixels;
    facts.types =
        column < table.types.size() ? table.types[column] : ColumnTypes{facts.profile.name};
    auto categories = categoriesIn(table, column).values;
    if (facts.profile.kind == ColumnKind::Texts && facts.profile.whyUseless.empty() &&
        categories.size() < ColumnProfile::kMostDistinct && !hasSameCase(table, column)) {
        std::set<std::string> texts;
        for (const auto& value : categories)
            texts.insert(labelKey(value.text));
        facts.sameButCase = sameButCase({texts.begin(), texts.end()});
    }
    facts.common = mostCommon(std::move(categories));
    for (std::size_t row = 0;
         row < table.rows() && facts.missingLines.size() < ColumnFacts::kMostPlaces; ++row)
        if (table.isEmpty(row, column))
            facts.missingLines.push_back(table.lines[row]);
    if (table.isRead() && facts.profile.kind != ColumnKind::Images)
        facts.whyLeftOut = whyLeftOut(table, column);
    if (facts.profile.kind != ColumnKind::Numbers)
        return facts;
    std::vector<double> values;
    for (const auto& number : numberCells(table, column))
        if (number)
            values.push_back(*number);
    facts.numbers = statisticsOf(values);
    facts.histogram = histogramOf(values);
    return facts;
}

/// What opening the table would make of the target.
bool isClassTarget(const CsvTable& table, const TableOptions& options, const ColumnKind kind) {
    try {
        auto sheet = sheetOf(table, options);
        chooseRows(sheet, options.missing);
        return isClassification(sheet, options);
    } catch (const Error&) {
        return kind != ColumnKind::Numbers; // the data set's own message says what is wrong
    }
}

} // namespace

const ColumnFacts* TableSurvey::find(const std::string& name) const {
    const auto found = std::ranges::find_if(
        columns, [&](const ColumnFacts& column) { return column.profile.name == name; });
    return found == columns.end() ? nullptr : &*found;
}

std::optional<TableSurvey> surveyTable(const CsvTable& table, const DataChoice& choice,
                                       const std::stop_token& stop,
                                       const SurveyProgress& progress) {
    const auto steps = 2 * table.columns();
    const auto tell = [&](std::size_t done) {
        if (progress)
            progress(done, steps);
        return !stop.stop_requested();
    };
    TableSurvey survey;
    survey.rows = table.rows();
    auto profile = profileOf(table);
    survey.targets = targetsOf(choice, profile);
    for (std::size_t column = 0; column < table.columns(); ++column) {
        survey.columns.push_back(factsOf(table, column, std::move(profile.columns[column])));
        if (!tell(column + 1))
            return {};
    }
    const Params params(dataset(choice.dataset).params, choice.params);
    const auto options = tableOptionsOf(params, table.names);
    const auto* const target = survey.find(survey.targets.front());
    if (target == nullptr)
        return survey;
    survey.targetIsClass = isClassTarget(table, options, target->profile.kind);
    const auto isNumber = [&](std::size_t column) {
        return survey.columns[column].profile.kind == ColumnKind::Numbers;
    };
    const auto place = static_cast<std::size_t>(target - survey.columns.data());
    const SurveyVariable predicted(table, place, isNumber(place) && !survey.targetIsClass);
    for (std::size_t column = 0; column < table.columns(); ++column) {
        auto& facts = survey.columns[column];
        const bool isUsed = roleOf(choice, survey, facts.profile.name) != ColumnRole::LeftOut;
        if (column != place && isUsed && facts.profile.kind != ColumnKind::Images)
            facts.association = SurveyVariable(table, column, isNumber(column)).with(predicted);
        if (!tell(table.columns() + column + 1))
            return {};
    }
    return survey;
}

std::optional<TableSurvey> surveyTable(const DataChoice& choice, const std::stop_token& stop,
                                       const SurveyProgress& progress) {
    if (choice.dataset != "csv")
        return {};
    const Params params(dataset(choice.dataset).params, choice.params);
    if (params.text("file").empty())
        return {};
    return surveyTable(*sharedCsv(params.text("file"), csvOptionsOf(params, choice.asBefore)),
                       choice, stop, progress);
}

} // namespace gradwright
