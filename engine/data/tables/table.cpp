// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/table.h"

#include "engine/data/feed/split_order.h"
#include "engine/data/feed/worker_crew.h"
#include "engine/data/images/picture_sample.h"
#include "engine/data/tables/cell_index.h"
#include "engine/data/tables/image_column.h"
#include "engine/data/tables/table_columns.h"
#include "engine/data/tables/table_encoding.h"
#include "engine/data/tables/table_notes.h"
#include "engine/data/tables/table_params.h"
#include "engine/data/tables/table_sheet.h"
#include "engine/data/tables/table_source.h"
#include "engine/support/counted.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <algorithm>
#include <future>
#include <iterator>
#include <memory>
#include <numeric>
#include <optional>
#include <string_view>
#include <utility>

namespace gradwright {
namespace {

constexpr std::size_t kMostCategories = 1000;
constexpr std::size_t kMostClasses = 1000;
constexpr std::size_t kCellsForOne = 100'000; ///< so few are looked at by one thread
/// Makes the seed of the test part another than that of validation.
constexpr std::uint64_t kTestRowsSeed = 0x7E57;

/// A column, and what it holds in the rows to train on where that is known.
struct SeenColumn {
    TableColumn column;
    std::optional<ColumnSummary> summary{};
};

SeenColumn columnOf(const TableSheet& training, std::size_t column, const TableOptions& options) {
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
        return {std::move(result)};
    }
    const bool isCategorical = isListed(options.categorical, result.name);
    if (!isCategorical && table.isRead() &&
        table.reading.columns[column].kind == ColumnReading::Kind::Pixels) {
        result.pixels = table.reading.columns[column].pixels;
        result.scaling = pixelScalingOf(table, std::span(&column, 1), training.rows);
        return {std::move(result)};
    }
    if (!isCategorical && holdsNumbers(table, column)) {
        if (options.pixels)
            return {std::move(result)}; // all columns are scaled alike, see describePixels()
        const auto numbers = numbersOf(table, column, training.rows);
        const auto summary = summaryOf(numbers, training.rows.size());
        result.scaling = scalingOf(numbers, summary, options.scale);
        result.missing = summary.mean;
        return {std::move(result), summary};
    }
    result.categories = categoriesOf(table, column, training.rows, kMostCategories);
    if (result.categories.empty())
        throw Error("{}: column \"{}\" holds no value in the rows to train on; list it as ignored",
                    table.file, result.name);
    return {std::move(result)};
}

std::int32_t classOf(const TableSheet& sheet, std::size_t row,
                     const std::vector<std::string>& classes) {
    const auto cell = sheet.table->at(row, sheet.targets.front());
    const auto found = categoryOf(classes, cell, sameTextsOf(*sheet.table, sheet.targets.front()));
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
    const auto& cells = sheet.table->cells[sheet.targets.front()];
    CellIndex known;
    std::vector<std::int32_t> ofCode;
    std::size_t i = 0;
    cells.forRows(sheet.rows, [&](CellCode code) {
        const auto index = known.add(code);
        if (index == ofCode.size())
            ofCode.push_back(classOf(sheet, sheet.rows[i], classes));
        labels[i++] = ofCode[index];
    });
    return labels;
}

std::shared_ptr<TableSource> sourceOf(const TableSheet& sheet, const DataInfo& info,
                                      std::vector<std::int32_t> labels) {
    auto source = std::make_shared<TableSource>(info.input, info.target, sheet.rows.size());
    source->columns = info.columns;
    for (std::size_t i = 0; i < info.columns.size(); ++i)
        if (const auto& image = info.columns[i].image)
            source->images.emplace_back(ImageCells{sheet.table, sheet.inputs[i], sheet.rows},
                                        *image);
    source->lines.reserve(sheet.rows.size());
    for (const auto row : sheet.rows)
        source->lines.push_back(sheet.table->lines[row]);
    encodeRows(sheet, *source);
    if (info.hasClasses())
        source->classes = std::move(labels);
    encodeTargets(sheet, info, *source);
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
        throw Error("{}: an image of {} has {}, but the columns hold {}", file, toString(shape),
                    counted(shape.elements(), "pixel"), counted(pixels, "number"));
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

/// Rows and the class of each; 0 where there are no classes.
struct LabelledSheet {
    TableSheet sheet;
    std::vector<std::int32_t> labels;

    [[nodiscard]] LabelledSheet only(std::span<const std::uint32_t> part) const {
        LabelledSheet result{sheet.only(part), std::vector<std::int32_t>(part.size())};
        std::ranges::transform(part, result.labels.begin(),
                               [&](std::uint32_t index) { return labels[index]; });
        return result;
    }
};

/// Splits off the part to test with, each class in proportion.
std::pair<LabelledSheet, LabelledSheet> withoutTest(const LabelledSheet& all, std::size_t classes,
                                                    const TableOptions& options,
                                                    std::vector<std::uint32_t> order) {
    const auto& sheet = all.sheet;
    const auto split = stratifiedSplit(all.labels, classes, options.testFraction, std::move(order));
    if (split.validation.empty())
        throw Error("{}: a part of {} of {} leaves none to test with; take more, or name a "
                    "table to test with",
                    sheet.table->file, options.testFraction, counted(sheet.rows.size(), "row"));
    // In the order of the file; training has an order of its own.
    std::vector<char> isTest(sheet.rows.size());
    for (const auto row : split.validation)
        isTest[row] = 1;
    // One place more each, so that every row can be written to both and counted in one.
    Split sorted;
    sorted.training.resize(split.training.size() + 1);
    sorted.validation.resize(split.validation.size() + 1);
    std::size_t training = 0;
    std::size_t test = 0;
    for (std::uint32_t row = 0; row < isTest.size(); ++row) {
        sorted.training[training] = sorted.validation[test] = row;
        const auto step = static_cast<std::size_t>(isTest[row]);
        test += step;
        training += 1 - step;
    }
    sorted.training.pop_back();
    sorted.validation.pop_back();
    std::pair<LabelledSheet, LabelledSheet> parts;
    WorkerCrew(sheet.rows.size() < kCellsForOne ? 0 : 1).run(2, [&](std::size_t part) {
        (part == 0 ? parts.first : parts.second) =
            all.only(part == 0 ? sorted.training : sorted.validation);
    });
    return parts;
}

/// The orders of splits, which other threads make meanwhile where there are many rows.
class EarlyOrders {
public:
    /// Those that split off the part to test with, unless there is a table to test with, and the
    /// one to validate with.
    EarlyOrders(std::size_t rows, bool hasTest, const TableOptions& options,
                const DataChoice& choice) {
        const auto held = hasTest ? 0 : splitOff(rows, options.testFraction);
        if (!hasTest)
            test_ = ordered(rows, choice.splitSeed + kTestRowsSeed);
        validation_ = ordered(rows - std::min(rows, held), choice.splitSeed);
    }
    std::vector<std::uint32_t> takeTest() { return test_.get(); }
    std::vector<std::uint32_t> takeValidation() { return validation_.get(); }

private:
    static std::future<std::vector<std::uint32_t>> ordered(std::size_t rows, std::uint64_t seed) {
        return std::async(rows < kCellsForOne ? std::launch::deferred : std::launch::async,
                          [rows, seed] { return splitOrder(rows, seed); });
    }
    std::future<std::vector<std::uint32_t>> test_;
    std::future<std::vector<std::uint32_t>> validation_;
};

/// What was left out of the rows and columns, then how the file was read.
std::vector<std::string> notesOf(const CsvTable& table, const std::vector<std::string>& sheet,
                                 std::string_view prefix) {
    std::vector<std::string> notes;
    for (const auto* list : {&sheet, &table.notes})
        for (const auto& note : *list)
            notes.push_back(fmt::format("{}{}", prefix, note));
    return notes;
}

} // namespace

Dataset tableDataset(const CsvTable& table, const CsvTable* test, const TableOptions& options,
                     const DataChoice& choice) {
    auto sheet = sheetOf(table, options);
    chooseRows(sheet, options.missing);
    if (options.dropsDuplicates)
        leaveOutDuplicates(sheet);
    EarlyOrders orders(sheet.rows.size(), test != nullptr, options, choice);
    std::vector<std::string> notes;
    DataInfo info;
    info.preparation = {.size = 0, .pictures = PictureKind::None};
    const bool classification = isClassification(sheet, options);
    if (classification) {
        info.classes = categoriesOf(table, sheet.targets.front(), sheet.rows, kMostClasses);
        if (info.classes.size() < 2)
            failOneClass(table, sheet.targets.front(), info.classes.front());
        noteCase(sheet, info.classes);
    }
    const auto classes = std::max<std::size_t>(1, info.classes.size());
    TableSheet testSheet;
    std::vector<std::int32_t> labels = labelsOfRows(sheet, info.classes);
    std::vector<std::int32_t> testLabels;
    if (test) {
        testSheet = alike(sheet, *test);
        chooseRows(testSheet, options.missing);
        if (options.dropsDuplicates) {
            leaveOutDuplicates(testSheet);
            leaveOutRowsOf(sheet, testSheet);
        }
        notes = notesOf(*test, testSheet.notes, "test table: ");
    } else {
        auto [kept, held] =
            withoutTest({std::move(sheet), std::move(labels)}, classes, options, orders.takeTest());
        sheet = std::move(kept.sheet);
        labels = std::move(kept.labels);
        testSheet = std::move(held.sheet);
        testLabels = std::move(held.labels);
    }
    const auto own = notesOf(table, sheet.notes, "");
    notes.insert(notes.begin(), own.begin(), own.end());
    auto images = sheet.imageCells();
    std::ranges::copy(testSheet.imageCells(), std::back_inserter(images));
    requireImages(images);
    auto made = std::make_shared<MadeSplit>();
    made->validationFraction = choice.validationFraction;
    made->seed = choice.splitSeed;
    made->folds = choice.folds;
    made->fold = choice.fold;
    made->split =
        choice.folds > 0
            ? foldSplit(labels, classes, choice.folds, choice.fold, orders.takeValidation())
            : stratifiedSplit(labels, classes, choice.validationFraction, orders.takeValidation());
    std::span<const std::uint32_t> part(made->split.training);
    if (choice.limit > 0)
        part = part.first(std::min(part.size(), static_cast<std::size_t>(choice.limit)));
    const auto training = sheet.only(part);
    info.columns.resize(sheet.inputs.size());
    TableSummary summary;
    summary.columns.resize(sheet.inputs.size());
    WorkerCrew(training.rows.size() * sheet.inputs.size() < kCellsForOne ? 0 : usefulHelpers())
        .run(sheet.inputs.size(), [&](std::size_t i) {
            auto seen = columnOf(training, sheet.inputs[i], options);
            summary.columns[i] = seen.summary ? *seen.summary
                                              : summaryOf(table, sheet.inputs[i], training.rows,
                                                          seen.column.isNumeric());
            info.columns[i] = std::move(seen.column);
        });
    noteMarks(training, info, summary, notes);
    noteLongNumbers(training, info, summary, notes);
    describeSamples(info);
    if (options.pixels)
        describePixels(training, *options.pixels, info);
    if (!classification) {
        const auto scale =
            options.scaleTargets ? TableOptions::Scale::Standardize : TableOptions::Scale::None;
        for (const auto target : sheet.targets) {
            info.targetNames.push_back(table.names[target]);
            const auto numbers = numbersOf(table, target, training.rows);
            summary.targets.push_back(summaryOf(numbers, training.rows.size()));
            noteConstant(table.names[target], summary.targets.back(), notes);
            info.targetScaling.push_back(scalingOf(numbers, summary.targets.back(), scale));
        }
        info.target = Shape{static_cast<std::int64_t>(sheet.targets.size())};
    }
    if (test && info.hasClasses())
        testLabels = labelsOfRows(testSheet, info.classes);
    auto trainingSource = sourceOf(sheet, info, std::move(labels));
    auto testSource = sourceOf(testSheet, info, std::move(testLabels));
    made->of = trainingSource.get();
    if (table.isRead())
        info.reading = table.reading;
    return {std::move(info),       std::move(trainingSource),
            std::move(testSource), std::make_shared<const TableSummary>(std::move(summary)),
            std::move(notes),      std::move(made)};
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
    std::vector<std::uint32_t> rows(table.rows());
    std::iota(rows.begin(), rows.end(), std::uint32_t{0});
    std::vector<ImageCells> images;
    for (const auto& column : columns)
        if (column.image)
            images.push_back({&table, columnNamed(table, column.name), rows});
    requireImages(images);
}

} // namespace gradwright
