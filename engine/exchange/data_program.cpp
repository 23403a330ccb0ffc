// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/data_program.h"

#include "engine/exchange/data_lines.h"
#include "engine/io/python_writer.h"
#include "engine/support/json.h"
#include "engine/training/feeds.h"

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

/// JSON's texts are Python's, too.
std::string quoted(const std::string& text) {
    return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string literal(double number) {
    auto text = fmt::format("{}", number);
    return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
}

std::string literals(const std::vector<double>& numbers) {
    std::string list;
    for (const auto number : numbers)
        list += (list.empty() ? "" : ", ") + literal(number);
    return list;
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
    if (column.image) {
        const auto& [shape, preparation] = *column.image;
        return entry + fmt::format(", \"image\": ({}), \"mean\": [{}], \"deviation\": [{}], "
                                   "\"binarize\": {}}},\n",
                                   fmt::join(shape, ", "), literals(preparation.mean),
                                   literals(preparation.deviation),
                                   preparation.binarize ? "True" : "False");
    }
    if (column.isNumeric() || column.pixels > 0)
        entry += fmt::format(", \"mean\": {}, \"deviation\": {}", literal(column.scaling.mean),
                             literal(column.scaling.deviation));
    if (column.pixels > 0)
        return entry + fmt::format(", \"pixels\": {}}},\n", column.pixels);
    if (!column.isNumeric()) {
        entry += fmt::format(", \"categories\": {}", listOf(column.categories));
        if (reading && !reading->words.empty())
            entry += fmt::format(", \"values\": {}", listOf(reading->words));
        if (reading && reading->sameCase)
            entry += ", \"same_case\": True";
        return entry + "},\n";
    }
    entry += fmt::format(", \"missing\": {}", literal(column.missing));
    if (reading && !(reading->notation == NumberNotation{})) {
        const auto& [decimal, grouping, unit, isTime] = reading->notation;
        entry += fmt::format(", \"decimal\": {}, \"grouping\": {}, \"unit\": {}",
                             quoted(std::string(1, decimal)),
                             quoted(grouping == 0 ? "" : std::string(1, grouping)), quoted(unit));
        if (isTime)
            entry += ", \"time\": True";
    }
    if (reading && reading->isChosen)
        entry += ", \"chosen\": True";
    return entry + "},\n";
}

// What stands for no value is what isMissingSign() and isMissingWord() know; this since the
// rules 2.
constexpr const char* kMarksSince2 =
    ",\n           \"#ref!\", \"#div/0!\", \"#num!\", \"#name?\", \"\\u2013\", \"\\u2014\"";

constexpr std::string_view kRows = R"py(
MISSING = {{"", "?", "nan", "-nan", "<na>", "#n/a", "#na", "#n/a n/a", "\\n", ".", "..", "...",
           "--", "---", "nat", "<null>", "(null)", "#null!", "#value!", "1.#qnan", "1.#ind",
           "-1.#ind", "-1.#qnan", "-", "na", "n/a", "null", "none", "nil", "n.a."{}}}
MARKS = {}


def holds_value(cell, column):
    """Whether a cell holds a value; None and NaN are none."""
    text = str(cell).strip()
    return text in column.get("values", []) or not (
        cell is None or cell != cell or text.lower() in MISSING or text in MARKS)


def hours(text):
    """A time of day such as 12:15 or 12:15:30 PM in hours."""
    parts = text.lower().removesuffix("am").removesuffix("pm").strip().split(":")
    whole = int(parts[0])
    if text[-1:] in "mM":
        whole = whole % 12 + (12 if text[-2:].lower() == "pm" else 0)
    return whole + int(parts[1]) / 60 + (float(parts[2]) / 3600 if len(parts) > 2 else 0)


def number(cell, column):
    """The number that a cell is, written as the column's cells were."""
    if not isinstance(cell, str):
        return float(cell)
    if ":" in cell and column.get("time"):
        return hours(cell.strip())
    text, unit, grouping = cell.strip(), column.get("unit", ""), column.get("grouping", "")
    if unit:
        text = text.removeprefix(unit).removesuffix(unit).strip()
    if grouping:
        text = text.replace(grouping, "")
    try:
        return float(text.replace(column.get("decimal", "."), "."))
    except ValueError:
        if column.get("chosen"):
            return column["missing"]
        name = column["name"]
        raise ValueError(f'{{name}} holds numbers, but here "{{cell}}"') from None


def meaning(cell):
    """Equal for cells that mean the same: 1 and 1.0, true and TRUE."""
    from decimal import Decimal, InvalidOperation

    text = str(cell).strip()
    try:
        return text if "_" in text else Decimal(text)
    except InvalidOperation:
        return text.lower() if text.lower() in ("true", "false") else text


def pixels_of(cell, column):
    """The values of an image, channel by channel: an array of bytes, H x W or H x W x C, or the name
    of a file, which Pillow reads. It has to have the size that the network was trained on."""
    channels, height, width = column["image"]
    if isinstance(cell, str):
        from PIL import Image

        with Image.open(cell) as file:
            image = file.convert("L" if channels == 1 else "RGB")
        cell = [[image.getpixel((x, y)) for x in range(image.width)] for y in range(image.height)]
    rows = cell.tolist() if hasattr(cell, "tolist") else cell
    if len(rows) != height or any(len(row) != width for row in rows):
        name = column["name"]
        raise ValueError(f"{{name}} holds images of {{height}} x {{width}} pixels; scale them first")
    pixels = [each if isinstance(each, (list, tuple)) else [each] for row in rows for each in row]
    values = []
    for channel in range(channels):
        mean = column["mean"][channel % len(column["mean"])]
        deviation = column["deviation"][channel % len(column["deviation"])]
        for pixel in pixels:
            value = pixel[channel] / 255
            if column["binarize"]:
                value = float(value > 0.5)
            values.append((value - mean) / deviation)
    return values


def inputs_of(row, column):
    """What one cell of a row becomes."""
    cell = row.get(column["name"])
    if "image" in column:
        return pixels_of(cell, column)
    if "categories" in column:
        known = column["categories"]
        text = str(cell).strip() if holds_value(cell, column) else None
        if text is not None and text not in known:
            fold = str.lower if column.get("same_case") else str
            wanted = meaning(fold(text))
            text = next((each for each in known if meaning(fold(each)) == wanted), None)
        return [float(each == text) for each in known]
    if "pixels" in column:
        count = column["pixels"]
        if cell is None or cell == "":
            return [0.0] * count
        if isinstance(cell, str):  # a list with blanks, commas or semicolons between its numbers
            for mark in "[](),;":
                cell = cell.replace(mark, " ")
            cell = cell.split()
        numbers = [float(each) for each in cell]
        if len(numbers) != count:
            name = column["name"]
            raise ValueError(f"{{name}} holds {{count}} numbers, not {{len(numbers)}}")
    else:
        is_there = holds_value(cell, column)
        numbers = [number(cell, column) if is_there else column["missing"]]
    return [(each - column["mean"]) / column["deviation"] for each in numbers]


def prepare(rows):
    """What the network gets for rows of the table, each a dict of cells by column{}. A column that a
    row lacks is a missing value."""
    inputs = [[x for column in COLUMNS for x in inputs_of(row, column)] for row in {}]
    return {}
)py";

/// What dateOf() reads, and dates of Python and pandas.
constexpr std::string_view kDates = R"py(

DATES = {{{}}}
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
GERMAN_MONTHS = {{"mär": 3, "mai": 5, "okt": 10, "dez": 12}}
WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def with_parts(row):
    """The row with year, month and day of the week of its dates. DATES says in which order theirs
    are written."""
    import datetime
    import re

    row = dict(row)
    for name, order in DATES.items():
        cell = row.get(name)
        if not holds_value(cell, {{}}):
            continue
        if not hasattr(cell, "weekday"):
            text = str(cell)
            if order == "yyyymmdd":
                text, order = f"{{text[:4]}}-{{text[4:6]}}-{{text[6:8]}}", "ymd"
            parts = dict(zip(order, re.findall(r"[0-9]+|[^\W\d_]+", text)))
            month = parts.get("m", "")[:3].lower()
            try:
                number = MONTHS.index(month) + 1 if month in MONTHS else GERMAN_MONTHS.get(month)
                cell = datetime.date(int(parts["y"]), number or int(month), int(parts["d"]))
            except (KeyError, ValueError):
                raise ValueError(f'{{name}} holds dates, but here "{{cell}}"') from None
        row[name + " (year)"] = cell.year
        row[name + " (month)"] = MONTHS[cell.month - 1].capitalize()
        row[name + " (weekday)"] = WEEKDAYS[cell.weekday()]
    return row
)py";

constexpr std::string_view kImages = R"(

def prepare(images):
    """What the network gets for images of bytes, {}."""
    {}
    images = {} / 255
{}    return (images - mean) / deviation
)";

/// Networks mostly end in front of the softmax, which belongs to the loss.
constexpr std::string_view kProbabilities = R"py(

def probabilities(scores):
    """What scores stand for; numbers that add up to 1 are probabilities already. One score is that
    of the second class."""
    if len(scores) == 1:
        second = {}
        return [1 - second, second]
    if min(scores) >= 0 and abs(sum(scores) - 1) < 1e-3:
        return scores
    powers = [2.718281828459045 ** (score - max(scores)) for score in scores]
    return [power / sum(powers) for power in powers]
)py";

constexpr std::string_view kTexts = R"py(

VOCABULARY = {0}
STEPS = {1}
NUMBERS = {{character: number for number, character in enumerate(VOCABULARY)}}


def prepare(texts):
    """What the network gets for texts: the numbers of their last STEPS characters. Characters that
    were not trained on are number 0, and a shorter text is filled up behind its end."""
    inputs = []
    for text in texts:
        seen = [NUMBERS.get(character, 0) for character in text[-STEPS:]]
        inputs.append(seen + [0] * (STEPS - len(seen)))
    return {2}


def answers(outputs, texts):
    """The likeliest character behind each text, and how likely it is."""
    found = []
    for steps, text in zip({3}, texts):
        likely = probabilities(steps[min(len(text), STEPS) - 1])
        best = max(range(1, len(likely)), key=likely.__getitem__)
        found.append((VOCABULARY[best], likely[best]))
    return found
)py";

constexpr std::string_view kClasses = R"(

CLASSES = {}


def answers(outputs):
    """The class that each row of outputs is for, and how likely it is."""
    likely = [probabilities(row) for row in {}]
    return [(CLASSES[row.index(max(row))], max(row)) for row in likely]
)";

constexpr std::string_view kTargets = R"(

TARGETS = [{}]


def answers(outputs):
    """The values that each row of outputs stands for, by name."""
    return [{{name: x * deviation + mean for (name, mean, deviation), x in zip(TARGETS, row)}}
            for row in {}]
)";

/// What each of several inputs gets of the prepared rows, in the order in which the network takes
/// them.
std::string sharesProgram(const DataInfo& info, const Framework& framework,
                          const Network& network) {
    const PythonNetwork python(network);
    std::vector<InputNode> nodes;
    for (const auto& input : python.inputs())
        nodes.push_back({input.node->path, {}, input.output});
    const auto feeds = feedsOf(info, nodes).feeds;
    std::int64_t step = 1; // values of a row to one place of the sample's first axis
    for (std::size_t axis = 1; axis < info.input.rank(); ++axis)
        step *= info.input[axis];
    std::string values;
    for (const auto& node : nodes) {
        const auto feed = std::ranges::find(feeds, node.name, &Feed::input);
        if (feed == feeds.end())
            return {};
        std::string parts;
        for (const auto& part : feed->parts)
            parts += fmt::format("{}row[{}:{}]", parts.empty() ? "" : " + ", part.first * step,
                                 (part.first + part.size) * step);
        auto value = fmt::format(fmt::runtime(framework.array),
                                 fmt::format("[{} for row in inputs]", parts));
        value += fmt::format(".reshape(-1, {})",
                             fmt::join(feed->isImage ? feed->shape : *node.shape, ", "));
        if (framework.isChannelsLast && (feed->isImage ? feed->shape : *node.shape).rank() > 2)
            value = "numpy.moveaxis(" + value + ", 1, -1)";
        values += fmt::format("        {},\n", value);
    }
    return "[\n" + values + "    ]";
}

std::string rowsProgram(const DataInfo& info, const Framework& framework, const Network& network) {
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
    std::string several;
    if (!info.assignment.empty()) {
        value = sharesProgram(info, framework, network);
        several = ": a list\n    of what each of its inputs gets";
        if (value.empty())
            return {};
    }
    const auto marks = info.reading ? info.reading->missing : std::vector<std::string>();
    std::string dates;
    if (info.reading && info.reading->splitsDates)
        for (const auto& date : info.reading->dates)
            dates += fmt::format("{}{}: {}", dates.empty() ? "" : ", ", quoted(date.name),
                                 quoted(date.dateOrder));
    return fmt::format("\n\nCOLUMNS = [\n{}]\n", columns) +
           fmt::format(fmt::runtime(kRows.substr(1)),
                       !info.reading || info.reading->rules >= 2 ? kMarksSince2 : "", listOf(marks),
                       several, dates.empty() ? "rows" : "map(with_parts, rows)", value) +
           (dates.empty() ? std::string() : fmt::format(fmt::runtime(kDates), dates));
}

std::string imagesProgram(const DataInfo& info, const Framework& framework) {
    const auto numbers = [](const std::vector<double>& values) {
        return "[" + literals(values) + "]";
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

std::string probabilitiesProgram(const Network& network) {
    const PythonNetwork python(network);
    const auto& last = *python.layers().back().node;
    const Params params(last.layer->params, last.params);
    const bool endsInSigmoid = last.layer->key == "sigmoid" ||
                               (params.has("activation") && params.text("activation") == "sigmoid");
    return fmt::format(fmt::runtime(kProbabilities),
                       endsInSigmoid ? "scores[0]" : "1 / (1 + 2.718281828459045 ** -scores[0])");
}

std::string answersProgram(const DataInfo& info, const Framework& framework,
                           const Network& network) {
    if (info.hasClasses() && info.labels() == 1)
        return probabilitiesProgram(network) +
               fmt::format(fmt::runtime(kClasses), listOf(info.classes), framework.outputs);
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

/// Whether the samples are texts, of which the network tells the next character at each step.
bool isText(const DataInfo& info) {
    return info.columns.empty() && info.hasClasses() && info.input.rank() == 1 &&
           info.labels() == info.input[0] && info.labels() > 1;
}

/// With its own answers().
std::string textProgram(const DataInfo& info, const Framework& framework, const Network& network) {
    return probabilitiesProgram(network) +
           fmt::format(fmt::runtime(kTexts), listOf(info.classes), info.input[0],
                       fmt::format(fmt::runtime(framework.array), "inputs"), framework.outputs);
}

/// Nothing where the inputs cannot be prepared by a few lines.
std::optional<std::string> prepareProgram(const DataInfo& info, const Framework& framework,
                                          const Network& network) {
    if (info.reconstructs)
        return {};
    if (!info.columns.empty()) {
        auto program = rowsProgram(info, framework, network);
        return program.empty() ? std::nullopt : std::optional(std::move(program));
    }
    if (!info.assignment.empty())
        return {};
    if (isText(info))
        return textProgram(info, framework, network);
    if (info.input.rank() == 3 && info.preparation.pictures != PictureKind::None)
        return imagesProgram(info, framework);
    return {};
}

} // namespace

std::string withDataProgram(const std::string& program, std::string_view format,
                            const DataInfo& info, const std::string& run, const Network& network) {
    const auto& framework = format == "keras" ? kKeras : kTorch;
    const auto prepare = prepareProgram(info, framework, network);
    const auto comments = dataComments(info, run, prepare.has_value());
    const auto main = program.rfind("\n\n\nif __name__ ==");
    if (main == std::string::npos)
        return comments + program;
    auto whole = program;
    whole.insert(main, prepare.value_or("") + answersProgram(info, framework, network));
    return comments + whole;
}

std::string withoutDataProgram(const std::string& program, std::string_view why) {
    return fmt::format("# Note: {}.\n\n{}", why, program);
}

} // namespace gradwright
