// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/table.h"

#include "engine/data/feed/worker_crew.h"
#include "engine/data/images/picture_sample.h"
#include "engine/data/tables/cell.h"
#include "engine/data/tables/image_column.h"
#include "engine/data/tables/table_columns.h"
#include "engine/data/tables/table_sheet.h"
#include "engine/data/tables/table_source.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <numeric>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace gradwright {
namespace {

constexpr std::size_t kMostCategories = 1000;
constexpr std::size_t kMostClasses = 1000;
constexpr std::size_t kCellsForOne = 100'000; ///< so few are looked at by one thread
/// Makes the seed of the test part another than that of validation.
constexpr std::uint64_t kTestRowsSeed = 0x7E57;

TableColumn columnOf(const TableSheet& training, std::size_t column, const TableOptions& options) {
    const auto& table = *training.table;
    TableColumn result;
    result.name = table.names[column];
    if (training.isImage(column)) {
        result.image = imageColumnOf(result.name, options);
        if (options.standardizeImages) {
            auto& [shape, preparation] = *result.image;
            const ImageFiles files({&table, column, training.rows}, *result.image);
            standardizeOver(
                shape, files.size(),
                [&](std::size_t row, std::span<float> out) { files.read(row, out); }, preparation);
        }
        return result;
    }
    const bool isCategorical = isListed(options.categorical, result.name);
    if (!isCategorical && table.isRead() &&
        table.reading.columns[column].kind == ColumnReading::Kind::Pixels) {
        result.pixels = table.reading.columns[column].pixels;
        result.scaling = pixelScalingOf(table, std::span(&column, 1), training.rows);
        return result;
    }
    if (!isCategorical && holdsNumbers(table, column)) {
        if (options.pixels)
            return result; // all columns are scaled alike, see describePixels()
        const auto numbers = numbersOf(table, column, training.rows);
        result.scaling = scalingOf(numbers, options.scale);
        result.missing = scalingOf(numbers, TableOptions::Scale::Standardize).mean;
        return result;
    }
    result.categories = categoriesOf(table, column, training.rows, kMostCategories);
    if (result.categories.empty())
        throw Error("{}: column \"{}\" holds no value in the rows to train on; list it as ignored",
                    table.file, result.name);
    return result;
}

std::int32_t classOf(const TableSheet& sheet, std::size_t row,
                     const std::vector<std::string>& classes) {
    const auto cell = sheet.table->at(row, sheet.targets.front());
    const auto found = categoryOf(classes, cell, sheet.table->isRead());
    if (!found)
        throw Error("{}, line {}: the class \"{}\" does not occur in the table to train on",
                    sheet.table->file, sheet.table->lines[row], excerpt(cell));
    return static_cast<std::int32_t>(*found);
}

std::vector<std::int32_t> labelsOfRows(const TableSheet& sheet,
                                       const std::vector<std::string>& classes) {
    std::vector<std::int32_t> labels(sheet.rows.size(), 0);
    if (classes.empty())
        return labels;
    std::unordered_map<std::string_view, std::int32_t> known;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const auto cell = sheet.table->at(sheet.rows[i], sheet.targets.front());
        auto found = known.find(cell);
        if (found == known.end())
            found = known.emplace(cell, classOf(sheet, sheet.rows[i], classes)).first;
        labels[i] = found->second;
    }
    return labels;
}

/// Writes `width` inputs of each row; images are not among them.
void encodeRows(const TableSheet& sheet, const std::vector<TableColumn>& columns, std::size_t width,
                std::span<float> out) {
    std::vector<CategoryFinder> finders;
    for (const auto& column : columns)
        finders.emplace_back(column.categories);
    const auto encode = [&](std::size_t row, std::span<float> rest) {
        for (std::size_t i = 0; i < columns.size(); ++i) {
            const auto& column = columns[i];
            if (column.image)
                continue;
            const auto inputs = rest.first(column.inputs());
            rest = rest.subspan(inputs.size());
            if (column.categories.empty())
                encodeCell(*sheet.table, row, sheet.inputs[i], column, inputs);
            else if (const auto found = finders[i].find(sheet.table->at(row, sheet.inputs[i])))
                inputs[*found] = 1;
        }
    };
    constexpr std::size_t kRowsAtOnce = 10'000;
    const auto blocks = (sheet.rows.size() + kRowsAtOnce - 1) / kRowsAtOnce;
    WorkerCrew(blocks > 1 ? usefulHelpers() : 0).run(blocks, [&](std::size_t block) {
        const auto end = std::min((block + 1) * kRowsAtOnce, sheet.rows.size());
        for (auto i = block * kRowsAtOnce; i < end; ++i)
            encode(sheet.rows[i], out.subspan(i * width, width));
    });
}

std::shared_ptr<TableSource> sourceOf(const TableSheet& sheet, const DataInfo& info) {
    auto source = std::make_shared<TableSource>(info.input, info.target, sheet.rows.size());
    std::size_t width = 0;
    std::size_t before = 0;
    for (std::size_t i = 0; i < info.columns.size(); ++i) {
        const auto& column = info.columns[i];
        if (column.image)
            source->images.push_back(
                {std::exchange(before, 0),
                 ImageFiles({sheet.table, sheet.inputs[i], sheet.rows}, *column.image)});
        else {
            width += column.inputs();
            before += column.inputs();
        }
    }
    source->columns = info.columns;
    for (const auto row : sheet.rows)
        source->lines.push_back(static_cast<std::uint32_t>(sheet.table->lines[row]));
    for (std::size_t i = 0; i < sheet.rows.size(); ++i)
        for (std::size_t c = 0; c < sheet.inputs.size(); ++c)
            if (sheet.table->at(sheet.rows[i], sheet.inputs[c]).empty())
                source->missing.push_back(i * sheet.inputs.size() + c);
    source->values.resize(sheet.rows.size() * width);
    encodeRows(sheet, info.columns, width, source->values);
    if (info.hasClasses())
        source->classes = labelsOfRows(sheet, info.classes);
    for (const auto row : sheet.rows)
        for (std::size_t i = 0; i < info.targetScaling.size(); ++i) {
            float value = 0;
            encodeCell(*sheet.table, row, sheet.targets[i],
                       {.name = "", .scaling = info.targetScaling[i]}, std::span(&value, 1));
            source->targets.push_back(value);
        }
    return source;
}

/// Numbers that are the pixels of an image, one column each or a list of them in one.
void describePixels(const TableSheet& training, const Shape& shape, DataInfo& info) {
    const auto& file = training.table->file;
    const auto scaling = pixelScalingOf(*training.table, training.inputs, training.rows);
    std::size_t pixels = 0;
    for (auto& column : info.columns) {
        column.scaling = scaling;
        if (!column.isNumeric() && column.pixels == 0)
            throw Error("{}: column \"{}\" holds no numbers, so the columns cannot be the pixels "
                        "of an image of {}; list it as ignored",
                        file, column.name, toString(shape));
        pixels += column.inputs();
    }
    if (static_cast<std::int64_t>(pixels) != shape.elements())
        throw Error("{}: an image of {} has {} pixels, but the columns hold {} numbers", file,
                    toString(shape), shape.elements(), pixels);
    info.input = shape;
}

/// Says what a sample is: images of one size on top of each other, else all columns in a row.
void describeSamples(DataInfo& info) {
    const auto& columns = info.columns;
    const auto hasSizeOfFirst = [&](const TableColumn& column) {
        return column.image && columns.front().image &&
               column.image->shape[1] == columns.front().image->shape[1] &&
               column.image->shape[2] == columns.front().image->shape[2];
    };
    if (!std::ranges::all_of(columns, hasSizeOfFirst)) {
        std::size_t width = 0;
        for (const auto& column : columns)
            width += column.inputs();
        info.input = Shape{static_cast<std::int64_t>(width)};
        return;
    }
    info.input = columns.front().image->shape;
    info.preparation = columns.front().image->preparation;
    if (columns.size() == 1)
        return;
    info.input[0] = 0;
    info.preparation.pictures = PictureKind::None; // there is not one picture to be had
    info.preparation.mean.clear();
    info.preparation.deviation.clear();
    for (const auto& column : columns) {
        const auto& [shape, preparation] = *column.image;
        info.input[0] += shape[0];
        for (std::size_t c = 0; c < static_cast<std::size_t>(shape[0]); ++c) {
            info.preparation.mean.push_back(preparation.mean[preparation.mean.size() == 1 ? 0 : c]);
            info.preparation.deviation.push_back(
                preparation.deviation[preparation.deviation.size() == 1 ? 0 : c]);
        }
    }
}

/// Splits off the part to test with, each class in proportion.
std::pair<TableSheet, TableSheet> withoutTest(const TableSheet& sheet,
                                              const std::vector<std::string>& classes,
                                              const TableOptions& options,
                                              const DataChoice& choice) {
    const auto split =
        stratifiedSplit(labelsOfRows(sheet, classes), std::max<std::size_t>(1, classes.size()),
                        options.testFraction, choice.splitSeed + kTestRowsSeed);
    if (split.validation.empty())
        throw Error("{}: a part of {} of {} rows leaves none to test with; take more, or name a "
                    "table to test with",
                    sheet.table->file, options.testFraction, sheet.rows.size());
    // In the order of the file; training has an order of its own.
    std::vector<bool> isTest(sheet.rows.size());
    for (const auto row : split.validation)
        isTest[row] = true;
    Split sorted;
    for (std::uint32_t row = 0; row < isTest.size(); ++row)
        (isTest[row] ? sorted.validation : sorted.training).push_back(row);
    return {sheet.only(sorted.training), sheet.only(sorted.validation)};
}

/// What was left out of the rows and columns, then how the file was read.
std::vector<std::string> notesOf(const CsvTable& table, const std::vector<std::string>& sheet,
                                 std::string_view prefix) {
    std::vector<std::string> notes;
    for (const auto* list : {&sheet, &table.notes})
        for (const auto& note : *list)
            notes.push_back(fmt::format("{}{}", prefix, note));
    return notes;
}

/// Of the rows to train on.
TableSummary trainedRows(const TableSheet& training, const DataInfo& info) {
    TableSummary summary;
    for (std::size_t i = 0; i < info.columns.size(); ++i)
        summary.columns.push_back(summaryOf(*training.table, training.inputs[i], training.rows,
                                            info.columns[i].isNumeric()));
    for (std::size_t i = 0; i < info.targetNames.size(); ++i)
        summary.targets.push_back(
            summaryOf(*training.table, training.targets[i], training.rows, true));
    return summary;
}

} // namespace

Dataset tableDataset(const CsvTable& table, const CsvTable* test, const TableOptions& options,
                     const DataChoice& choice) {
    auto sheet = sheetOf(table, options);
    chooseRows(sheet, options.missing);
    if (options.dropsDuplicates)
        leaveOutDuplicates(sheet);
    std::vector<std::string> notes;
    DataInfo info;
    info.preparation = {.size = 0, .pictures = PictureKind::None};
    const bool classification = isClassification(sheet, options);
    if (classification) {
        info.classes = categoriesOf(table, sheet.targets.front(), sheet.rows, kMostClasses);
        if (info.classes.size() < 2)
            throw Error("{}: all rows have the class \"{}\"; there must be two or more", table.file,
                        info.classes.front());
    }
    TableSheet testSheet;
    if (test) {
        testSheet = alike(sheet, *test);
        chooseRows(testSheet, options.missing);
        if (options.dropsDuplicates) {
            leaveOutDuplicates(testSheet);
            leaveOutRowsOf(sheet, testSheet);
        }
        notes = notesOf(*test, testSheet.notes, "test table: ");
    } else {
        std::tie(sheet, testSheet) = withoutTest(sheet, info.classes, options, choice);
    }
    const auto own = notesOf(table, sheet.notes, "");
    notes.insert(notes.begin(), own.begin(), own.end());
    auto images = sheet.imageCells();
    std::ranges::copy(testSheet.imageCells(), std::back_inserter(images));
    requireImages(images);
    const auto training = sheet.only(
        splitOf(labelsOfRows(sheet, info.classes), info.classes.size(), choice).training);
    info.columns.resize(sheet.inputs.size());
    WorkerCrew(training.rows.size() * sheet.inputs.size() < kCellsForOne ? 0 : usefulHelpers())
        .run(sheet.inputs.size(), [&](std::size_t i) {
            info.columns[i] = columnOf(training, sheet.inputs[i], options);
        });
    describeSamples(info);
    if (options.pixels)
        describePixels(training, *options.pixels, info);
    if (!classification) {
        const auto scale =
            options.scaleTargets ? TableOptions::Scale::Standardize : TableOptions::Scale::None;
        for (const auto target : sheet.targets) {
            info.targetNames.push_back(table.names[target]);
            info.targetScaling.push_back(scalingOf(table, target, training.rows, scale));
        }
        info.target = Shape{static_cast<std::int64_t>(sheet.targets.size())};
    }
    auto trainingSource = sourceOf(sheet, info);
    auto testSource = sourceOf(testSheet, info);
    auto summary = std::make_shared<const TableSummary>(trainedRows(training, info));
    if (table.isRead())
        info.reading = table.reading;
    return {std::move(info), std::move(trainingSource), std::move(testSource), std::move(summary),
            std::move(notes)};
}

std::vector<float> tableInputs(const CsvTable& table, std::size_t row,
                               std::span<const TableColumn> columns) {
    std::vector<float> values;
    for (const auto& column : columns) {
        const auto before = values.size();
        values.resize(before + column.inputs());
        encodeCell(table, row, columnNamed(table, column.name), column,
                   std::span(values).subspan(before));
    }
    return values;
}

void requireImages(const CsvTable& table, std::span<const TableColumn> columns) {
    std::vector<std::size_t> rows(table.rows());
    std::iota(rows.begin(), rows.end(), std::size_t{0});
    std::vector<ImageCells> images;
    for (const auto& column : columns)
        if (column.image)
            images.push_back({&table, columnNamed(table, column.name), rows});
    requireImages(images);
}

} // namespace gradwright
