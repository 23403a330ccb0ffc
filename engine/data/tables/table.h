// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "engine/data/tables/csv.h"
#include "engine/data/tables/table_column.h"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace gradwright {

/// How a table becomes samples.
struct TableOptions {
    enum class Task { Detect, Classification, Regression };
    enum class Missing { Mean, Drop };
    enum class Scale { Standardize, Range, None };

    std::vector<std::string> targets; ///< names of columns; none: the last column
    std::vector<std::string> ignored;
    std::vector<std::string> categorical; ///< numbers that stand for categories
    std::vector<std::string> kept{};      ///< numbers that are inputs although they name rows
    std::vector<std::string> sameCase{};  ///< of which CsvOptions has the same; looked up
    Task task = Task::Detect;
    Missing missing = Missing::Mean;
    Scale scale = Scale::Standardize;
    bool scaleTargets = true;
    double testFraction = 0.2;         ///< held back unless there is a table to test with
    std::vector<std::string> images{}; ///< columns that name image files, beside those detected
    ImageColumn image{};               ///< how they are read
    std::map<std::string, Shape> imageShapes{}; ///< C×H×W of single columns, in place of image's
    bool standardizeImages = false;
    bool dropsDuplicates = false;  ///< of rows that are alike in all used columns, the first stays
    std::optional<Shape> pixels{}; ///< C×H×W: the numbers of a row are an image
};

/// Makes a data set of a table, and of a second one to test with where `test` is not null. Means,
/// deviations and categories come from the choice's training part alone. A sample holds the columns
/// one after the other: it is a vector, or C×H×W where all columns are images of one size, whose
/// channels then follow each other. Images are decoded whenever a sample is read. Throws Error
/// naming file, line, column and rule, and listing all images that cannot be used.
Dataset tableDataset(const CsvTable& table, const CsvTable* test, const TableOptions& options,
                     const DataChoice& choice);

/// The inputs that one row of another table gives; its columns are found by name. Throws Error
/// naming file, line and column when one is not there or holds text among numbers, or when an image
/// cannot be read.
std::vector<float> tableInputs(const CsvTable& table, std::size_t row,
                               std::span<const TableColumn> columns);
/// Throws Error that lists all images of another table, whose columns are found by name, that are
/// missing or broken.
void requireImages(const CsvTable& table, std::span<const TableColumn> columns);

} // namespace gradwright
