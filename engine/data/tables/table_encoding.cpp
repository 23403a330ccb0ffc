// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/table_encoding.h"

#include "engine/data/feed/worker_crew.h"
#include "engine/data/tables/cell_index.h"
#include "engine/data/tables/table_columns.h"
#include "engine/support/system_memory.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace gradwright {
namespace {

constexpr std::size_t kCellsEncodedByOne = 100'000; ///< so few are looked at by one thread

/// Writes the category of a column in each row to every `width`-th place; TableSource::kNoCategory
/// for those that are none.
void encodeCategories(const TableSheet& sheet, std::size_t column,
                      const std::vector<std::string>& categories, std::size_t width,
                      std::uint16_t* out) {
    const auto& cells = sheet.table->cells[column];
    const CategoryFinder finder(categories, sameTextsOf(*sheet.table, column));
    CellIndex known;
    std::vector<std::uint16_t> ofCode;
    cells.forRows(sheet.rows, [&](CellCode code) {
        const auto index = known.add(code);
        if (index == ofCode.size())
            ofCode.push_back(static_cast<std::uint16_t>(
                finder.find(cells.textOf(code)).value_or(TableSource::kNoCategory)));
        *out = ofCode[index];
        out += width;
    });
}

constexpr std::size_t kRowsAtOnce = 4'000;

/// Calls work(first, end) for parts of kRowsAtOnce rows, several at once.
void shareRows(std::size_t rows, const std::function<void(std::size_t, std::size_t)>& work) {
    const auto blocks = (rows + kRowsAtOnce - 1) / kRowsAtOnce;
    WorkerCrew(blocks > 1 ? usefulHelpers() : 0).run(blocks, [&](std::size_t block) {
        work(block * kRowsAtOnce, std::min((block + 1) * kRowsAtOnce, rows));
    });
}

/// Writes the values of one column whose numbers are known, in rows first … end - 1, to every
/// `width`-th place.
void encodeNumbers(const TableSheet& sheet, std::size_t number, const TableColumn& column,
                   std::size_t first, std::size_t end, std::size_t width, float* out) {
    const auto mean = column.scaling.mean;
    const auto deviation = column.scaling.deviation;
    const std::span<const double> known = sheet.table->numbers[number];
    sheet.table->cells[number].forRows(
        std::span(sheet.rows).subspan(first, end - first), [&](CellCode code) {
            const auto value = isTextCode(code) ? known[textOfCode(code)] : decimalValue(code);
            *out = static_cast<float>(((std::isnan(value) ? column.missing : value) - mean) /
                                      deviation);
            out += width;
        });
}

/// Where the values of a column are written.
struct ValuePlace {
    std::size_t number = 0; ///< of the table's column
    const TableColumn* column = nullptr;
    std::size_t place = 0; ///< in a row
};

/// Writes `width` values of each row.
void encodeValues(const TableSheet& sheet, const std::vector<ValuePlace>& places, std::size_t width,
                  std::span<float> out) {
    const auto isKnown = [&](const ValuePlace& each) {
        return each.column->pixels == 0 && sheet.table->knowsNumbers(each.number);
    };
    shareRows(sheet.rows.size(), [&](std::size_t first, std::size_t end) {
        // What may be wrong row by row, so that the first line is named.
        for (auto i = first; i < end; ++i)
            for (const auto& each : places)
                if (!isKnown(each))
                    encodeCell(*sheet.table, sheet.rows[i], each.number, *each.column,
                               out.subspan(i * width + each.place, each.column->inputs()));
        for (const auto& each : places)
            if (isKnown(each))
                encodeNumbers(sheet, each.number, *each.column, first, end, width,
                              out.data() + first * width + each.place);
    });
}

/// Row × columns + column of the cells without a value in these inputs, in order.
std::vector<std::size_t> gapsOf(const TableSheet& sheet, const std::vector<std::size_t>& inputs) {
    if (inputs.empty())
        return {};
    std::vector<std::vector<std::size_t>> parts(sheet.rows.size() / kRowsAtOnce + 1);
    shareRows(sheet.rows.size(), [&](std::size_t first, std::size_t end) {
        auto& part = parts[first / kRowsAtOnce];
        for (const auto input : inputs) {
            auto place = first * sheet.inputs.size() + input;
            sheet.table->cells[sheet.inputs[input]].forRows(
                std::span(sheet.rows).subspan(first, end - first), [&](CellCode code) {
                    if (code == kEmptyCell)
                        part.push_back(place);
                    place += sheet.inputs.size();
                });
        }
        std::ranges::sort(part);
    });
    std::vector<std::size_t> gaps;
    for (const auto& part : parts)
        gaps.insert(gaps.end(), part.begin(), part.end());
    return gaps;
}

} // namespace

void encodeRows(const TableSheet& sheet, TableSource& source) {
    std::vector<ValuePlace> numbers;
    std::vector<std::size_t> categories; // columns
    std::vector<std::size_t> withGaps;   // that may lack values
    std::vector<char> hasGaps(source.columns.size());
    WorkerCrew(sheet.table->cells.size() < kCellsEncodedByOne ? 0 : usefulHelpers())
        .run(hasGaps.size(), [&](std::size_t i) {
            std::size_t gaps = 0;
            sheet.table->cells[sheet.inputs[i]].forEach(
                [&](CellCode code) { gaps += code == kEmptyCell ? 1 : 0; });
            hasGaps[i] = gaps > 0 ? 1 : 0;
        });
    std::size_t width = 0;
    for (std::size_t i = 0; i < source.columns.size(); ++i) {
        const auto& column = source.columns[i];
        if (hasGaps[i] != 0)
            withGaps.push_back(i);
        if (column.image)
            continue;
        if (!column.categories.empty()) {
            categories.push_back(i);
            continue;
        }
        numbers.push_back({sheet.inputs[i], &column, width});
        width += column.inputs();
    }
    const auto rows = sheet.rows.size();
    source.values.reserve(rows * width);
    preferLargePages(source.values.data(), rows * width * sizeof(float));
    source.values.resize(rows * width);
    encodeValues(sheet, numbers, width, source.values);
    source.categories.resize(rows * categories.size());
    WorkerCrew(source.categories.size() < kCellsEncodedByOne ? 0 : usefulHelpers())
        .run(categories.size(), [&](std::size_t place) {
            const auto column = categories[place];
            encodeCategories(sheet, sheet.inputs[column], source.columns[column].categories,
                             categories.size(), source.categories.data() + place);
        });
    source.missing = gapsOf(sheet, withGaps);
}

void encodeTargets(const TableSheet& sheet, const DataInfo& info, TableSource& source) {
    std::vector<TableColumn> targets;
    for (const auto& scaling : info.targetScaling)
        targets.push_back({.name = "", .scaling = scaling});
    std::vector<ValuePlace> places;
    for (std::size_t i = 0; i < targets.size(); ++i)
        places.push_back({sheet.targets[i], &targets[i], i});
    source.targets.resize(sheet.rows.size() * targets.size());
    encodeValues(sheet, places, targets.size(), source.targets);
}

} // namespace gradwright
