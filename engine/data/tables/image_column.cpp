// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/image_column.h"

#include "engine/data/images/picture_check.h"
#include "engine/data/images/picture_sample.h"
#include "engine/data/tables/cell.h"
#include "engine/data/tables/table_columns.h"
#include "engine/support/counted.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostFaults = 40; ///< that are listed one by one
constexpr std::int64_t kMostSide = 4096;

bool isAmong(const std::vector<std::string>& names, const std::string& name) {
    return std::ranges::find(names, name) != names.end();
}

fs::path imageFileOf(const CsvTable& table, std::size_t row, std::size_t column) {
    return table.folder / table.at(row, column);
}

/// What is wrong with each file, by its path.
std::map<std::string, std::optional<std::string>> faultsOf(std::span<const ImageCells> all) {
    std::vector<std::string> files;
    for (const auto& cells : all)
        for (const auto row : cells.rows)
            if (!cells.table->isEmpty(row, cells.column))
                files.push_back(imageFileOf(*cells.table, row, cells.column).string());
    return pictureFaults(files);
}

/// What messages say of a text: how it is written, and the whole of it.
struct ShapeText {
    std::string_view rule;
    std::string_view whole;
};

std::int64_t sideFrom(std::string_view text, const ShapeText& of) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < 1 || value > kMostSide)
        throw Error("{}, with sides from 1 to {}, not \"{}\"", of.rule, kMostSide,
                    excerpt(of.whole));
    return value;
}

/// "1x28x28" or "28x28".
Shape imageShapeFrom(std::string_view text, const ShapeText& of, std::int64_t channels) {
    std::vector<std::int64_t> sides;
    while (sides.size() < 4) {
        const auto end = text.find('x');
        sides.push_back(sideFrom(trimmed(text.substr(0, end)), of));
        if (end == std::string_view::npos)
            break;
        text.remove_prefix(end + 1);
    }
    if (sides.size() == 2)
        sides.insert(sides.begin(), channels);
    if (sides.size() != 3 || (sides[0] != 1 && sides[0] != 3))
        throw Error("images have the shape channels×height×width, with 1 or 3 channels, or "
                    "height×width; not \"{}\"",
                    excerpt(of.whole));
    return Shape(std::move(sides));
}

} // namespace

bool namesImages(const CsvTable& table, std::size_t column, const TableOptions& options) {
    const auto& name = table.names[column];
    if (isAmong(options.images, name))
        return true;
    if (isAmong(options.categorical, name))
        return false;
    std::optional<std::size_t> first;
    for (std::size_t row = 0; row < table.rows(); ++row) {
        if (table.isEmpty(row, column))
            continue;
        if (!hasPictureEnding(table.at(row, column)))
            return false;
        first = first.value_or(row);
    }
    if (!first)
        return false;
    for (auto row = *first; row < table.rows(); ++row) {
        std::error_code error;
        if (!table.isEmpty(row, column) && fs::exists(imageFileOf(table, row, column), error))
            return true;
    }
    throw Error("{}: column \"{}\" names image files, but none of them is there, such as {}; names "
                "are relative to the table's folder. List the column as ignored, or as categorical "
                "where its texts are no files",
                table.file, name, imageFileOf(table, *first, column).string());
}

ImageColumn imageColumnOf(const std::string& column, const TableOptions& options) {
    auto image = options.image;
    if (const auto found = options.imageShapes.find(column); found != options.imageShapes.end())
        image.shape = found->second;
    return image;
}

void requireImages(std::span<const ImageCells> all) {
    const auto faults = faultsOf(all);
    std::map<const CsvTable*, std::vector<std::pair<std::size_t, std::string>>> found;
    for (const auto& cells : all)
        for (const auto row : cells.rows) {
            const auto& table = *cells.table;
            const auto cell = table.at(row, cells.column);
            const auto fault = cell.empty()
                                   ? std::optional<std::string>("names no file")
                                   : faults.at(imageFileOf(table, row, cells.column).string());
            if (fault)
                found[&table].emplace_back(table.lines[row],
                                           fmt::format("\n  line {}, column \"{}\": {}{}",
                                                       table.lines[row], table.names[cells.column],
                                                       cell.empty() ? "" : excerpt(cell) + ": ",
                                                       *fault));
        }
    std::string message;
    for (auto& [table, lines] : found) {
        std::ranges::stable_sort(lines, {}, &std::pair<std::size_t, std::string>::first);
        message += fmt::format("{}{}: {} cannot be used", message.empty() ? "" : "\n", table->file,
                               counted(lines.size(), "image"));
        for (std::size_t i = 0; i < std::min(kMostFaults, lines.size()); ++i)
            message += lines[i].second;
        if (lines.size() > kMostFaults)
            message += fmt::format("\n  and {} more", lines.size() - kMostFaults);
    }
    if (!message.empty())
        throw Error("{}", message);
}

ImageFiles::ImageFiles(const ImageCells& cells, ImageColumn how)
    : folder_(cells.table->folder)
    , table_(cells.table->file)
    , column_(cells.table->names[cells.column])
    , how_(std::move(how)) {
    for (const auto row : cells.rows) {
        names_.emplace_back(cells.table->at(row, cells.column));
        lines_.push_back(cells.table->lines[row]);
    }
}

std::string ImageFiles::path(std::size_t row) const {
    return isMissing(names_[row]) ? std::string() : (folder_ / names_[row]).string();
}

void ImageFiles::read(std::size_t row, std::span<float> out) const {
    try {
        if (isMissing(names_[row]))
            throw Error("names no image file");
        readPictureSample(folder_ / names_[row], how_.shape, how_.preparation, out);
    } catch (const Error& error) {
        throw Error("{}, line {}, column \"{}\": {}", table_, lines_[row], column_, error.what());
    }
}

std::map<std::string, Shape> imageShapesFrom(std::string_view text, const Shape& other) {
    std::map<std::string, Shape> shapes;
    while (!text.empty()) {
        const auto end = std::min(text.find(','), text.size());
        const auto entry = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (entry.empty())
            continue;
        const auto equals = entry.rfind('=');
        const auto column = trimmed(entry.substr(0, std::min(equals, entry.size())));
        if (equals == std::string_view::npos || column.empty())
            throw Error("image shapes are written as \"column=1x28x28\", not \"{}\"",
                        excerpt(entry));
        shapes.insert_or_assign(std::string(column),
                                imageShapeFrom(entry.substr(equals + 1),
                                               {"image shapes are written as \"column=1x28x28\" or "
                                                "\"column=64x64\"",
                                                entry},
                                               other[0]));
    }
    return shapes;
}

Shape pixelShapeFrom(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i)
        if (text.substr(i).starts_with("×")) {
            plain += 'x';
            i += std::string_view("×").size() - 1;
        } else if (text[i] == ',' || text[i] == 'X') {
            plain += 'x';
        } else if (text[i] != ' ') {
            plain += text[i];
        }
    return imageShapeFrom(plain, {"data.pixels is written as \"28x28\" or \"3x32x32\"", text}, 1);
}

std::string withImageShape(std::string_view text, const std::string& column, const Shape& shape) {
    std::vector<std::string> entries;
    while (!text.empty()) {
        const auto end = std::min(text.find(','), text.size());
        const auto entry = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (!entry.empty() && trimmed(entry.substr(0, entry.rfind('='))) != column)
            entries.emplace_back(entry);
    }
    entries.push_back(fmt::format("{}={}", column, fmt::join(shape.dims(), "x")));
    return fmt::format("{}", fmt::join(entries, ", "));
}

} // namespace gradwright
