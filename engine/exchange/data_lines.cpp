// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/data_lines.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

namespace gradwright {
namespace {

constexpr std::size_t kMostLines = 40; ///< of columns

/// "input 3" or "inputs 3 to 5", counted from 0.
std::string placesOf(std::size_t first, std::size_t count) {
    return count == 1 ? fmt::format("input {}", first)
                      : fmt::format("inputs {} to {}", first, first + count - 1);
}

std::string scaled(const std::string& value, const Scaling& scaling) {
    return fmt::format("({} - {:.9g}) / {:.9g}", value, scaling.mean, scaling.deviation);
}

std::string columnComment(const TableColumn& column, std::size_t first) {
    const auto places = placesOf(first, column.inputs());
    if (column.image)
        return fmt::format("{} = the pixels of the image that {} names, from 0 to 1", places,
                           column.name);
    if (column.pixels > 0)
        return fmt::format("{} = {}", places,
                           scaled("each number of " + column.name, column.scaling));
    if (column.isNumeric())
        return fmt::format("{} = {}; a missing one is {:.9g}", places,
                           scaled(column.name, column.scaling), column.missing);
    return fmt::format("{} = 1 where {} is {}, else 0", places, column.name,
                       fmt::join(column.categories, ", "));
}

bool isPlain(const Preparation& preparation) {
    return !preparation.binarize &&
           std::ranges::all_of(preparation.mean, [](double mean) { return mean == 0; }) &&
           std::ranges::all_of(preparation.deviation, [](double each) { return each == 1; });
}

} // namespace

std::vector<std::string> inputLines(const DataInfo& info) {
    std::vector<std::string> lines;
    std::size_t first = 0;
    for (const auto& column : info.columns) {
        if (lines.size() < kMostLines)
            lines.push_back(columnComment(column, first));
        first += column.inputs();
    }
    if (info.columns.size() > kMostLines)
        lines.push_back(
            fmt::format("and {} more columns, see run.json", info.columns.size() - kMostLines));
    const auto& preparation = info.preparation;
    if (info.columns.empty() && info.input.rank() == 3) {
        lines.push_back(preparation.binarize ? "pixels: byte / 255 > 0.5 as 1, else 0"
                                             : "pixels: byte / 255");
        if (!isPlain(preparation))
            lines.push_back(fmt::format("then (pixel - {:.9g}) / {:.9g} by channel",
                                        fmt::join(preparation.mean, ", "),
                                        fmt::join(preparation.deviation, ", ")));
    }
    return lines;
}

std::string dataComments(const DataInfo& info, const std::string& run, bool prepares) {
    auto lines = inputLines(info);
    for (std::size_t i = 0; i < std::min(info.targetScaling.size(), info.targetNames.size()); ++i)
        lines.push_back(fmt::format("{} = output {} * {:.9g} + {:.9g}", info.targetNames[i], i,
                                    info.targetScaling[i].deviation, info.targetScaling[i].mean));
    if (info.hasClasses() && info.labels() == 1)
        lines.push_back(fmt::format("outputs: {}", fmt::join(info.classes, ", ")));
    if (lines.empty())
        return {};
    std::string text =
        fmt::format("# What run {} did to its data, {}:\n", run,
                    prepares ? "and prepare() and answers() do here" : "and this program does not");
    for (auto& line : lines) {
        std::ranges::replace(line, '\n', ' ');
        std::ranges::replace(line, '\r', ' ');
        text += "#   " + line + "\n";
    }
    return text;
}

} // namespace gradwright
