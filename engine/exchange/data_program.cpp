// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/data_program.h"

#include "engine/exchange/data_lines.h"
#include "engine/support/json.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <tuple>

namespace gradwright {
namespace {

/// What a program says with its framework's own words.
struct Framework {
    std::string_view array;   ///< of nested lists, as FP32
    std::string_view outputs; ///< as nested lists
    bool isChannelsLast = false;
};

constexpr Framework kTorch{"torch.tensor({}, dtype=torch.float32)", "outputs.tolist()", false};
constexpr Framework kKeras{"numpy.asarray({}, numpy.float32)",
                           "keras.ops.convert_to_numpy(outputs).tolist()", true};

/// JSON's texts in ASCII are Python's, too.
std::string quoted(const std::string& text) {
    return Json(text).dump(-1, ' ', true, Json::error_handler_t::replace);
}

std::string literal(double number) {
    auto text = fmt::format("{}", number);
    return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
}

std::string listOf(const std::vector<std::string>& texts) {
    std::string list;
    for (const auto& text : texts)
        list += (list.empty() ? "" : ", ") + quoted(text);
    return "[" + list + "]";
}

const ColumnReading* readingOf(const DataInfo& info, const std::string& name) {
    if (!info.reading)
        return nullptr;
    const auto found = std::ranges::find(info.reading->columns, name, &ColumnReading::name);
    return found == info.reading->columns.end() ? nullptr : &*found;
}

std::string columnEntry(const DataInfo& info, const TableColumn& column) {
    std::string entry = fmt::format("    {{\"name\": {}", quoted(column.name));
    const auto* const reading = readingOf(info, column.name);
    if (column.isNumeric() || column.pixels > 0)
        entry += fmt::format(", \"mean\": {}, \"deviation\": {}", literal(column.scaling.mean),
                             literal(column.scaling.deviation));
    if (column.pixels > 0)
        return entry + fmt::format(", \"pixels\": {}}},\n", column.pixels);
    if (!column.isNumeric()) {
        entry += fmt::format(", \"categories\": {}", listOf(column.categories));
        if (reading && !reading->words.empty())
            entry += fmt::format(", \"values\": {}", listOf(reading->words));
        return entry + "},\n";
    }
    entry += fmt::format(", \"missing\": {}", literal(column.missing));
    if (reading && !(reading->notation == NumberNotation{})) {
        const auto& [decimal, grouping, unit] = reading->notation;
        entry += fmt::format(", \"decimal\": {}, \"grouping\": {}, \"unit\": {}",
                             quoted(std::string(1, decimal)),
                             quoted(grouping == 0 ? "" : std::string(1, grouping)), quoted(unit));
    }
    return entry + "},\n";
}

// What stands for no value is what isMissingSign() and isMissingWord() know.
constexpr std::string_view kRows = R"py(
MISSING = {{"", "?", "nan", "-nan", "<na>", "#n/a", "#na", "#n/a n/a", "\\n", ".", "..", "...",
           "--", "---", "nat", "<null>", "(null)", "#null!", "#value!", "1.#qnan", "1.#ind",
           "-1.#ind", "-1.#qnan", "-", "na", "n/a", "null", "none", "nil", "n.a."}}
MARKS = {}


def holds_value(cell, column):
    """Whether a cell holds a value; None and NaN are none."""
    text = str(cell).strip()
    return text in column.get("values", []) or not (
        cell is None or cell != cell or text.lower() in MISSING or text in MARKS)


def number(cell, column):
    """The number that a cell is, written as the column's cells were."""
    if not isinstance(cell, str):
        return float(cell)
    text, unit, grouping = cell.strip(), column.get("unit", ""), column.get("grouping", "")
    if unit:
        text = text.removeprefix(unit).removesuffix(unit).strip()
    if grouping:
        text = text.replace(grouping, "")
    try:
        return float(text.replace(column.get("decimal", "."), "."))
    except ValueError:
        name = column["name"]
        raise ValueError(f'{{name}} holds numbers, but here "{{cell}}"') from None


def meaning(cell):
    """Equal for cells that mean the same: 1 and 1.0, true and TRUE."""
    text = str(cell).strip()
    try:
        return text if "_" in text else float(text)
    except ValueError:
        return text.lower() if text.lower() in ("true", "false") else text


def inputs_of(row, column):
    """What one cell of a row becomes."""
    cell = row.get(column["name"])
    if "categories" in column:
        known = column["categories"]
        text = str(cell).strip() if holds_value(cell, column) else None
        if text is not None and text not in known:
            text = next((each for each in known if meaning(each) == meaning(text)), None)
        return [float(each == text) for each in known]
    if "pixels" in column:
        count = column["pixels"]
        if cell is None or cell == "":
            return [0.0] * count
        if isinstance(cell, str):  # a list with blanks, commas or semicolons between its numbers
            cell = cell.strip("[]() ").replace(",", " ").replace(";", " ").split()
        numbers = [float(each) for each in cell]
        if len(numbers) != count:
            name = column["name"]
            raise ValueError(f"{{name}} holds {{count}} numbers, not {{len(numbers)}}")
    else:
        is_there = holds_value(cell, column)
        numbers = [number(cell, column) if is_there else column["missing"]]
    return [(each - column["mean"]) / column["deviation"] for each in numbers]


def prepare(rows):
    """What the network gets for rows of the table, each a dict of cells by column. A column that a
    row lacks is a missing value."""
    inputs = [[x for column in COLUMNS for x in inputs_of(row, column)] for row in rows]
    return {}
)py";

constexpr std::string_view kImages = R"(

def prepare(images):
    """What the network gets for images of bytes, {}."""
    {}
    images = {} / 255
{}    return (images - mean) / deviation
)";

constexpr std::string_view kClasses = R"(

CLASSES = {}


def answers(outputs):
    """The class that each row of outputs is for, and how likely it is."""
    return [(CLASSES[row.index(max(row))], max(row)) for row in {}]
)";

constexpr std::string_view kTargets = R"(

TARGETS = [{}]


def answers(outputs):
    """The values that each row of outputs stands for, by name."""
    return [{{name: x * deviation + mean for (name, mean, deviation), x in zip(TARGETS, row)}}
            for row in {}]
)";

std::string rowsProgram(const DataInfo& info, const Framework& framework) {
    std::string columns;
    for (const auto& column : info.columns)
        columns += columnEntry(info, column);
    std::string shape = fmt::format("(-1, {})", fmt::join(info.input, ", "));
    std::string value = fmt::format(fmt::runtime(framework.array), "inputs");
    if (info.input.rank() > 1) {
        value += ".reshape(" + shape + ")";
        if (framework.isChannelsLast && info.input.rank() > 2)
            value = "numpy.moveaxis(" + value + ", 1, -1)";
    }
    const auto marks = info.reading ? info.reading->missing : std::vector<std::string>();
    return fmt::format("\n\nCOLUMNS = [\n{}]\n", columns) +
           std::string(fmt::format(fmt::runtime(kRows.substr(1)), listOf(marks), value));
}

std::string imagesProgram(const DataInfo& info, const Framework& framework) {
    const auto numbers = [](const std::vector<double>& values) {
        std::string list;
        for (const auto value : values)
            list += (list.empty() ? "" : ", ") + literal(value);
        return "[" + list + "]";
    };
    const auto array = [&](const std::string& of) {
        return fmt::format(fmt::runtime(framework.array), of);
    };
    const auto& [mean, deviation] = std::tie(info.preparation.mean, info.preparation.deviation);
    const std::string form = framework.isChannelsLast ? "" : ".reshape(-1, 1, 1)";
    const auto scales = fmt::format("mean = {}{}\n    deviation = {}{}", array(numbers(mean)), form,
                                    array(numbers(deviation)), form);
    const std::string binarized =
        info.preparation.binarize
            ? "    images = " +
                  std::string(framework.isChannelsLast ? "(images > 0.5).astype(numpy.float32)"
                                                       : "(images > 0.5).to(torch.float32)") +
                  "\n"
            : std::string();
    const auto& shape = info.input;
    const auto form4 = framework.isChannelsLast
                           ? fmt::format("N x {} x {} x {}", shape[1], shape[2], shape[0])
                           : fmt::format("N x {} x {} x {}", shape[0], shape[1], shape[2]);
    return fmt::format(fmt::runtime(kImages), form4, scales,
                       framework.isChannelsLast ? "numpy.asarray(images, numpy.float32)"
                                                : "torch.as_tensor(images).to(torch.float32)",
                       binarized);
}

std::string answersProgram(const DataInfo& info, const Framework& framework) {
    if (info.hasClasses() && info.labels() == 1)
        return fmt::format(fmt::runtime(kClasses), listOf(info.classes), framework.outputs);
    if (info.targetNames.empty())
        return {};
    std::string targets;
    for (std::size_t i = 0; i < info.targetNames.size(); ++i) {
        const auto scaling = i < info.targetScaling.size() ? info.targetScaling[i] : Scaling{};
        targets += fmt::format("{}({}, {}, {})", i == 0 ? "" : ", ", quoted(info.targetNames[i]),
                               literal(scaling.mean), literal(scaling.deviation));
    }
    return fmt::format(fmt::runtime(kTargets), targets, framework.outputs);
}

/// Nothing where the inputs cannot be prepared by a few lines.
std::optional<std::string> prepareProgram(const DataInfo& info, const Framework& framework) {
    if (!info.assignment.empty() || info.reconstructs)
        return {};
    if (!info.columns.empty()) {
        const bool namesImages = std::ranges::any_of(
            info.columns, [](const TableColumn& column) { return column.image.has_value(); });
        return namesImages ? std::nullopt : std::optional(rowsProgram(info, framework));
    }
    if (info.input.rank() == 3 && info.preparation.pictures != PictureKind::None)
        return imagesProgram(info, framework);
    return {};
}

} // namespace

std::string withDataProgram(const std::string& program, std::string_view format,
                            const DataInfo& info, const std::string& run) {
    const auto& framework = format == "keras" ? kKeras : kTorch;
    const auto prepare = prepareProgram(info, framework);
    const auto comments = dataComments(info, run, prepare.has_value());
    const auto main = program.rfind("\n\n\nif __name__ ==");
    if (main == std::string::npos)
        return comments + program;
    auto whole = program;
    whole.insert(main, prepare.value_or("") + answersProgram(info, framework));
    return comments + whole;
}

} // namespace gradwright
