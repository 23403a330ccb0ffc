// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/tables/csv.h"
#include "engine/data/tables/table.h"
#include "engine/data/tables/table_column.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// Whether the cells of a column name image files: where the options list it, or where all that are
/// not missing end as images do and one of the files is there. Throws Error when all end so and
/// none is there, unless the options list the column as categorical.
bool namesImages(const CsvTable& table, std::size_t column, const TableOptions& options);

/// How the options have the images of a column read; mean and deviation are 0 and 1.
ImageColumn imageColumnOf(const std::string& column, const TableOptions& options);

/// A column of image files, and the rows that are used of it.
struct ImageCells {
    const CsvTable* table;
    std::size_t column;
    std::vector<std::uint32_t> rows;
};

/// Throws Error that lists by table, line and column the cells that name no file, or one that is
/// missing or broken: the first 40, and how many more there are. Sets of up to 64 MB are decoded;
/// of more, the beginning and the end of each file is looked at.
void requireImages(std::span<const ImageCells> cells);

/// The files that a column names, row by row.
class ImageFiles {
public:
    ImageFiles(const ImageCells& cells, ImageColumn how);

    [[nodiscard]] const ImageColumn& how() const { return how_; }
    [[nodiscard]] std::size_t size() const { return names_.size(); }
    /// The path of a row's file; empty where the row names none.
    [[nodiscard]] std::string path(std::size_t row) const;
    /// Writes the sample made of a row's image, which has the elements of how().shape. Throws Error
    /// naming table, line, column, file and cause.
    void read(std::size_t row, std::span<float> out) const;

private:
    std::filesystem::path folder_;
    std::string table_;
    std::string column_;
    std::vector<std::string> names_;
    std::vector<std::size_t> lines_;
    ImageColumn how_;
};

/// Reads "left=1x28x28, right=64x64": C×H×W by column, or H×W with the channels of `other`. Throws
/// Error with the rule and the text.
std::map<std::string, Shape> imageShapesFrom(std::string_view text, const Shape& other);
/// Reads the shape C×H×W, or H×W of one channel, that the numbers of a row have: "3x32x32",
/// "3, 32, 32" or "3×32×32". Throws Error with the rule and the text.
Shape pixelShapeFrom(std::string_view text);
/// The same text with this shape C×H×W for a column, whatever it had for it.
std::string withImageShape(std::string_view text, const std::string& column, const Shape& shape);

} // namespace gradwright
