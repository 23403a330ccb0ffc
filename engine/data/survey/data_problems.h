// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/survey/duplicates.h"
#include "engine/data/survey/part_counts.h"
#include "engine/data/survey/table_survey.h"

#include <cstdint>
#include <string>
#include <vector>

namespace gradwright {

/// What may be wrong with data that can be opened, and with those that cannot because of images.
enum class DataProblemKind {
    Unreadable,    ///< images that are broken or missing
    Shared,        ///< the same sample in two parts
    Contradiction, ///< the same input with different classes or values
    Duplicates,    ///< the same sample again in its part
    Case,          ///< texts that differ in case alone
    Imbalance,     ///< the classes of the training part differ much in size
    Pixels,        ///< numbers that may be images, which they are not read as
    MissingTarget, ///< rows that are left out for their lack of a target
    Missing,       ///< cells without a value in a column that is an input
    Constant,      ///< an input whose values are all equal, or that has none
    Identifier,    ///< an input with another value in each row
    Mixed,         ///< an input of numbers, of which some are not
    Dates          ///< a column of dates, which is left out
};

struct DataProblem {
    DataProblemKind kind = DataProblemKind::Missing;
    std::string column{};              ///< of a table; empty where it is about samples
    std::int64_t count = 0;            ///< cells, rows, samples or files; see `of`
    std::int64_t of = 0;               ///< of how many
    std::string message{};             ///< what is wrong and what it does, in a sentence or two
    std::vector<std::string> places{}; ///< the first ones, as people find them: "line 17"
    std::vector<SampleId> samples{};   ///< the same where they are samples

    static constexpr std::size_t kMostPlaces = 10;
};

/// Classes are uneven from this ratio of the largest to the smallest on: a network that always says
/// the largest of two classes is then right three times of four.
inline constexpr double kUneven = 3;

// Each list has the worst first.

/// "28 × 28" of "28x28".
std::string shownShape(const std::string& shape);

/// What is known of data by now; null where nothing is.
struct KnownData {
    const TableSurvey* table = nullptr;
    const Dataset* data = nullptr;
    const PartCounts* counts = nullptr;
    const Duplicates* duplicates = nullptr;
};
/// All of the lists below, the worst first; without imageProblems().
std::vector<DataProblem> problemsOf(const DataChoice& choice, const KnownData& known);

/// Of the columns that a choice uses.
std::vector<DataProblem> tableProblems(const TableSurvey& survey, const DataChoice& choice);
/// Of folders of images whose names differ in case alone, which are classes of their own.
std::vector<DataProblem> folderProblems(const DataChoice& choice,
                                        const std::vector<std::string>& classes);
/// Of the classes of the training part. `classes` are their names.
std::vector<DataProblem> classProblems(const PartCounts& counts,
                                       const std::vector<std::string>& classes);
std::vector<DataProblem> sampleProblems(const Duplicates& found, const Dataset& data,
                                        const PartCounts& counts);
/// Images of a folder that cannot be read, which is why it cannot be opened; of other data sets
/// nothing. Looks at the files, as opening them does. Throws Error where the folder cannot be read.
std::vector<DataProblem> imageProblems(const DataChoice& choice);

} // namespace gradwright
