// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/table.h"

#include "engine/data/images/picture_sample.h"
#include "engine/data/tables/cell.h"
#include "engine/data/tables/image_column.h"
#include "engine/data/tables/table_columns.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <memory>
#include <numeric>
#include <tuple>
#include <utility>

namespace gradwright {
namespace {

constexpr std::size_t kMostCategories = 1000;
constexpr std::size_t kMostClasses = 1000;
/// Whole numbers with at most so many different values are taken for classes.
constexpr std::size_t kFewNumbers = 20;
/// Makes the seed of the test part another than that of validation.
constexpr std::uint64_t kTestRowsSeed = 0x7E57;

/// Prepared rows, and the image files of them.
class TableSource final : public DataSource {
public:
    TableSource(Shape shape, Shape targetShape, std::size_t rows)
        : shape_(std::move(shape))
        , targetShape_(std::move(targetShape))
        , rows_(rows) {}

    [[nodiscard]] std::int64_t size() const override { return static_cast<std::int64_t>(rows_); }
    [[nodiscard]] const Shape& shape() const override { return shape_; }
    [[nodiscard]] const Shape& targetShape() const override { return targetShape_; }
    void input(std::int64_t index, std::span<float> out) const override {
        const auto width = values.size() / rows_;
        auto row = rowOf(values, index, width);
        for (const auto& image : images) {
            const auto before = std::min(image.numbersBefore, row.size());
            std::ranges::copy(row.first(before), out.begin());
            row = row.subspan(before);
            const auto elements = static_cast<std::size_t>(image.files.how().shape.elements());
            image.files.read(static_cast<std::size_t>(index), out.subspan(before, elements));
            out = out.subspan(before + elements);
        }
        std::ranges::copy(row, out.begin());
    }
    [[nodiscard]] std::int32_t label(std::int64_t index) const override {
        return classes.empty() ? 0 : classes[static_cast<std::size_t>(index)];
    }
    [[nodiscard]] bool isCostly() const override { return !images.empty(); }
    void target(std::int64_t index, std::span<float> out) const override {
        std::ranges::copy(rowOf(targets, index, out.size()), out.begin());
    }
    [[nodiscard]] std::vector<std::string> cells(std::int64_t index) const override {
        std::vector<std::string> texts;
        auto row = rowOf(values, index, values.size() / rows_);
        auto image = images.begin();
        for (const auto& column : columns) {
            const auto place = static_cast<std::size_t>(index) * columns.size() + texts.size();
            if (column.image) {
                texts.push_back(image->files.path(static_cast<std::size_t>(index)));
                ++image;
                continue;
            }
            const bool isThere = !std::ranges::binary_search(missing, place);
            texts.push_back(isThere ? cellOf(column, row.first(column.inputs())) : std::string());
            row = row.subspan(column.inputs());
        }
        return texts;
    }

    struct Image {
        std::size_t numbersBefore; ///< values of a row between the image before and this one
        ImageFiles files;
    };
    std::vector<float> values;         ///< without images
    std::vector<Image> images;         ///< in the order of the columns
    std::vector<std::int32_t> classes; ///< none where targets are values
    std::vector<float> targets;
    std::vector<TableColumn> columns;
    std::vector<std::size_t> missing; ///< row × columns + column of the cells without a value

private:
    static std::span<const float> rowOf(const std::vector<float>& all, std::int64_t index,
                                        std::size_t width) {
        return std::span(all).subspan(static_cast<std::size_t>(index) * width, width);
    }

    Shape shape_;
    Shape targetShape_;
    std::size_t rows_;
};

/// A table with what its columns are for.
struct Sheet {
    const CsvTable* table;
    std::vector<std::size_t> inputs;
    std::vector<std::size_t> targets;
    std::vector<std::size_t> images; ///< those of the inputs that name image files
    std::vector<std::size_t> rows;   ///< that can be used

    [[nodiscard]] bool isImage(std::size_t column) const {
        return std::ranges::find(images, column) != images.end();
    }
    [[nodiscard]] std::vector<ImageCells> imageCells() const {
        std::vector<ImageCells> cells;
        for (const auto column : images)
            cells.push_back({table, column, rows});
        return cells;
    }
    [[nodiscard]] Sheet only(std::span<const std::uint32_t> part) const {
        Sheet result = *this;
        result.rows.clear();
        for (const auto index : part)
            result.rows.push_back(rows[index]);
        return result;
    }
};

bool isListed(const std::vector<std::string>& names, const std::string& name) {
    return std::ranges::find(names, name) != names.end();
}

Sheet sheetOf(const CsvTable& table, const TableOptions& options) {
    Sheet sheet{&table, {}, {}, {}, {}};
    auto names = options.targets;
    if (names.empty())
        names.push_back(table.names.back());
    for (const auto& name : names)
        sheet.targets.push_back(columnNamed(table, name));
    for (const auto* list : {&options.ignored, &options.categorical, &options.images})
        for (const auto& name : *list)
            static_cast<void>(columnNamed(table, name));
    for (std::size_t c = 0; c < table.columns(); ++c)
        if (!isListed(names, table.names[c]) && !isListed(options.ignored, table.names[c]))
            sheet.inputs.push_back(c);
    if (sheet.inputs.empty())
        throw Error("{}: besides the target there must be a column to learn from", table.file);
    for (const auto c : sheet.targets)
        if (namesImages(table, c, options))
            throw Error("{}: the target \"{}\" names image files; name a column of classes or "
                        "numbers as the target",
                        table.file, table.names[c]);
    std::ranges::copy_if(sheet.inputs, std::back_inserter(sheet.images),
                         [&](std::size_t c) { return namesImages(table, c, options); });
    for (const auto& [name, shape] : options.imageShapes)
        if (!sheet.isImage(columnNamed(table, name)))
            throw Error(
                "{}: column \"{}\" is given the image shape {}, but it holds no image files",
                table.file, name, toString(shape));
    return sheet;
}

/// The columns of the same names in another table.
Sheet alike(const Sheet& sheet, const CsvTable& other) {
    Sheet result{&other, {}, {}, {}, {}};
    for (const auto c : sheet.inputs)
        result.inputs.push_back(columnNamed(other, sheet.table->names[c]));
    for (const auto c : sheet.targets)
        result.targets.push_back(columnNamed(other, sheet.table->names[c]));
    for (const auto c : sheet.images)
        result.images.push_back(columnNamed(other, sheet.table->names[c]));
    return result;
}

/// Rows whose targets are there and, where that is asked for, all inputs too.
void chooseRows(Sheet& sheet, TableOptions::Missing missing) {
    const auto& table = *sheet.table;
    const auto isThere = [&](std::size_t row) {
        return [&table, row](std::size_t column) { return !isMissing(table.at(row, column)); };
    };
    for (std::size_t row = 0; row < table.rows(); ++row)
        if (std::ranges::all_of(sheet.targets, isThere(row)) &&
            (missing == TableOptions::Missing::Mean ||
             std::ranges::all_of(sheet.inputs, isThere(row))))
            sheet.rows.push_back(row);
    if (sheet.rows.empty())
        throw Error("{}: no row has all the values that are needed", table.file);
}

bool isWhole(const std::string& cell, char delimiter) {
    const auto number = numberOf(cell, delimiter);
    return number && *number == std::floor(*number);
}

bool isClassification(const Sheet& sheet, const TableOptions& options) {
    const auto& table = *sheet.table;
    const auto column = sheet.targets.front();
    const auto& name = table.names[column];
    if (options.task == TableOptions::Task::Classification || isListed(options.categorical, name)) {
        if (sheet.targets.size() > 1)
            throw Error("{}: classification has one target, not {}", table.file,
                        sheet.targets.size());
        return true;
    }
    for (const auto target : sheet.targets)
        if (!holdsNumbers(table, target)) {
            if (options.task == TableOptions::Task::Regression || sheet.targets.size() > 1)
                throw Error("{}: the target \"{}\" holds texts; regression needs numbers",
                            table.file, table.names[target]);
            return true;
        }
    if (options.task == TableOptions::Task::Regression || sheet.targets.size() > 1)
        return false;
    const bool whole = std::ranges::all_of(sheet.rows, [&](std::size_t row) {
        return isWhole(table.at(row, column), table.delimiter);
    });
    if (!whole)
        return false;
    try {
        return !categoriesOf(table, column, sheet.rows, kFewNumbers).empty();
    } catch (const Error&) {
        return false; // too many
    }
}

TableColumn columnOf(const Sheet& training, std::size_t column, const TableOptions& options) {
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
    if (!isListed(options.categorical, result.name) && holdsNumbers(table, column)) {
        result.scaling = scalingOf(table, column, training.rows, options.scale);
        result.missing =
            scalingOf(table, column, training.rows, TableOptions::Scale::Standardize).mean;
        return result;
    }
    result.categories = categoriesOf(table, column, training.rows, kMostCategories);
    if (result.categories.empty())
        throw Error("{}: column \"{}\" holds no value in the rows to train on; list it as ignored",
                    table.file, result.name);
    return result;
}

std::int32_t classOf(const Sheet& sheet, std::size_t row, const std::vector<std::string>& classes) {
    const auto& cell = sheet.table->at(row, sheet.targets.front());
    const auto found = std::ranges::find(classes, cell);
    if (found == classes.end())
        throw Error("{}, line {}: the class \"{}\" does not occur in the table to train on",
                    sheet.table->file, sheet.table->lines[row], excerpt(cell));
    return static_cast<std::int32_t>(found - classes.begin());
}

std::vector<std::int32_t> labelsOfRows(const Sheet& sheet,
                                       const std::vector<std::string>& classes) {
    std::vector<std::int32_t> labels;
    for (const auto row : sheet.rows)
        labels.push_back(classes.empty() ? 0 : classOf(sheet, row, classes));
    return labels;
}

std::shared_ptr<TableSource> sourceOf(const Sheet& sheet, const DataInfo& info) {
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
    for (std::size_t i = 0; i < sheet.rows.size(); ++i)
        for (std::size_t c = 0; c < sheet.inputs.size(); ++c)
            if (isMissing(sheet.table->at(sheet.rows[i], sheet.inputs[c])))
                source->missing.push_back(i * sheet.inputs.size() + c);
    source->values.resize(sheet.rows.size() * width);
    auto rest = std::span(source->values);
    for (const auto row : sheet.rows)
        for (std::size_t i = 0; i < info.columns.size(); ++i) {
            if (info.columns[i].image)
                continue;
            const auto count = info.columns[i].inputs();
            encodeCell(*sheet.table, row, sheet.inputs[i], info.columns[i], rest.first(count));
            rest = rest.subspan(count);
        }
    if (info.hasClasses())
        source->classes = labelsOfRows(sheet, info.classes);
    for (const auto row : sheet.rows)
        for (std::size_t i = 0; i < info.targetScaling.size(); ++i) {
            float value = 0;
            encodeCell(*sheet.table, row, sheet.targets[i], {"", info.targetScaling[i]},
                       std::span(&value, 1));
            source->targets.push_back(value);
        }
    return source;
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
std::pair<Sheet, Sheet> withoutTest(const Sheet& sheet, const std::vector<std::string>& classes,
                                    const TableOptions& options, const DataChoice& choice) {
    const auto split =
        stratifiedSplit(labelsOfRows(sheet, classes), std::max<std::size_t>(1, classes.size()),
                        options.testFraction, choice.splitSeed + kTestRowsSeed);
    if (split.validation.empty())
        throw Error("{}: a part of {} of {} rows leaves none to test with; take more, or name a "
                    "table to test with",
                    sheet.table->file, options.testFraction, sheet.rows.size());
    auto sorted = split; // in the order of the file; training has an order of its own
    std::ranges::sort(sorted.training);
    std::ranges::sort(sorted.validation);
    return {sheet.only(sorted.training), sheet.only(sorted.validation)};
}

/// Of the rows to train on.
TableSummary trainedRows(const Sheet& training, const DataInfo& info) {
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
    DataInfo info;
    info.preparation = {.size = 0, .pictures = PictureKind::None};
    const bool classification = isClassification(sheet, options);
    if (classification) {
        info.classes = categoriesOf(table, sheet.targets.front(), sheet.rows, kMostClasses);
        if (info.classes.size() < 2)
            throw Error("{}: all rows have the class \"{}\"; there must be two or more", table.file,
                        info.classes.front());
    }
    Sheet testSheet{};
    if (test) {
        testSheet = alike(sheet, *test);
        chooseRows(testSheet, options.missing);
    } else {
        std::tie(sheet, testSheet) = withoutTest(sheet, info.classes, options, choice);
    }
    auto images = sheet.imageCells();
    std::ranges::copy(testSheet.imageCells(), std::back_inserter(images));
    requireImages(images);
    const auto training = sheet.only(
        splitOf(labelsOfRows(sheet, info.classes), info.classes.size(), choice).training);
    for (const auto column : sheet.inputs)
        info.columns.push_back(columnOf(training, column, options));
    describeSamples(info);
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
    return {std::move(info), std::move(trainingSource), std::move(testSource), std::move(summary)};
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
