// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "engine/data/survey/statistics.h"
#include "engine/data/tables/csv.h"
#include "engine/data/tables/table_profile.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace gradwright {

struct CommonValue {
    std::string text;
    std::size_t count = 0;

    bool operator==(const CommonValue&) const = default;
};

/// How strongly a column goes together with the target, by the measure that suits both.
struct Association {
    enum class Measure {
        None,             ///< not defined: one of them has a single value, or too many texts
        Pearson,          ///< two numbers: see pearson()
        CorrelationRatio, ///< a number and a category: see correlationRatio()
        CramersV          ///< two categories: see cramersV()
    };
    Measure measure = Measure::None;
    double value = 0;

    bool operator==(const Association&) const = default;
};

/// What one column of a table holds, over all rows of the file.
struct ColumnFacts {
    ColumnProfile profile;
    NumberStatistics numbers;        ///< of columns of numbers
    Histogram histogram;             ///< of columns of numbers
    std::vector<std::string> first;  ///< cells as they were read, empty where one has no value
    std::size_t pixels = 0;          ///< numbers that each cell lists; 0 where it lists none
    ColumnTypes types;               ///< none where the table was read like another one
    std::vector<CommonValue> common; ///< the most frequent values, up to kMostCommon
    /// Lines of the first cells without a value, up to kMostPlaces.
    std::vector<std::size_t> missingLines;
    /// Of columns of texts, those that differ in case alone and are categories of their own, group
    /// by group.
    std::vector<std::vector<std::string>> sameButCase;
    /// Why opening the table leaves the column out unless it is listed as categorical; empty where
    /// it does not.
    std::string whyLeftOut;
    /// With the first target; None for the target itself and for a column that is left out.
    Association association;

    static constexpr std::size_t kMostCommon = 12;
    static constexpr std::size_t kMostPlaces = 10;
    static constexpr std::size_t kFirst = 4;
};

struct TableSurvey {
    std::size_t rows = 0;
    std::vector<ColumnFacts> columns;
    std::vector<std::string> targets; ///< names of the columns that the choice predicts
    bool targetIsClass = false;

    /// Null when there is none of that name.
    [[nodiscard]] const ColumnFacts* find(const std::string& name) const;
};

/// Told how much has been done, of how much in all.
using SurveyProgress = std::function<void(std::size_t done, std::size_t all)>;

/// Reads the table of a choice and looks at each column. Nothing for other data sets, while no file
/// is chosen, and when stopped. Throws what readCsv() throws.
std::optional<TableSurvey> surveyTable(const DataChoice& choice, const std::stop_token& stop = {},
                                       const SurveyProgress& progress = {});
/// The same of a table that has been read.
std::optional<TableSurvey> surveyTable(const CsvTable& table, const DataChoice& choice,
                                       const std::stop_token& stop = {},
                                       const SurveyProgress& progress = {});

} // namespace gradwright
