// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/table_params.h"

#include "engine/data/images/picture_params.h"
#include "engine/data/tables/cell.h"
#include "engine/data/tables/image_column.h"
#include "engine/data/tables/row_corrections.h"
#include "engine/support/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gradwright {
namespace {

/// The longest known name that the text begins with, up to a comma or its end.
std::string_view knownNameAt(std::string_view text, std::span<const std::string> known) {
    std::string_view found;
    for (const std::string_view name : known)
        if (name.size() > found.size() && text.starts_with(name)) {
            const auto rest = trimmed(text.substr(name.size()));
            if (rest.empty() || rest.starts_with(','))
                found = name;
        }
    return found;
}

void readImageOptions(const Params& params, std::span<const std::string> columns,
                      TableOptions& options) {
    options.images = columnNamesIn(params.text("images"), columns);
    const auto& size = params.tuple("image_size");
    options.image.shape = {params.text("image_channels") == "gray" ? 1 : 3, size[0], size[1]};
    options.image.preparation.fit = pictureFitOf(params.text("image_fit"));
    options.standardizeImages = params.text("image_normalize") == "standardize";
    options.imageShapes = imageShapesFrom(params.text(kImageShapesParam), options.image.shape);
}

} // namespace

std::vector<std::string> columnNamesIn(std::string_view text, std::span<const std::string> known) {
    std::vector<std::string> names;
    for (text = trimmed(text); !text.empty(); text = trimmed(text)) {
        std::string name;
        if (const auto whole = knownNameAt(text, known); !whole.empty()) {
            name = whole;
            text.remove_prefix(whole.size());
            text.remove_prefix(std::min(text.find(','), text.size()));
        } else if (text.starts_with('"') && text.find('"', 1) != std::string_view::npos) {
            for (text.remove_prefix(1); !text.empty(); text.remove_prefix(1)) {
                if (text.starts_with("\"\""))
                    text.remove_prefix(1);
                else if (text.starts_with('"'))
                    break;
                name += text.front();
            }
            text.remove_prefix(std::min(text.find(','), text.size()));
        } else {
            const auto end = std::min(text.find(','), text.size());
            name = trimmed(text.substr(0, end));
            text.remove_prefix(end);
        }
        text.remove_prefix(std::min<std::size_t>(1, text.size()));
        if (!name.empty())
            names.push_back(std::move(name));
    }
    return names;
}

std::vector<std::string> datePartsOf(std::string_view column) {
    return {fmt::format("{} (year)", column), fmt::format("{} (month)", column),
            fmt::format("{} (weekday)", column)};
}

std::vector<std::string> ignoredColumnsIn(std::string_view text,
                                          std::span<const std::string> known) {
    std::vector<std::string> names;
    for (auto& name : columnNamesIn(text, known)) {
        const auto parts = datePartsOf(name);
        const auto isKnown = [&](const std::string& each) {
            return std::ranges::find(known, each) != known.end();
        };
        if (!isKnown(name) && std::ranges::all_of(parts, isKnown))
            names.insert(names.end(), parts.begin(), parts.end());
        else
            names.push_back(std::move(name));
    }
    return names;
}

std::string columnList(std::span<const std::string> names) {
    std::string list;
    for (const auto& name : names) {
        list += list.empty() ? "" : ", ";
        if (name.find(',') == std::string::npos && !name.starts_with('"')) {
            list += name;
            continue;
        }
        list += '"';
        for (const auto letter : name)
            list += letter == '"' ? std::string(2, letter) : std::string(1, letter);
        list += '"';
    }
    return list;
}

CsvOptions csvOptionsOf(const Params& params, bool asBefore) {
    CsvOptions options;
    options.asBefore = asBefore;
    options.splitsDates = params.text("dates") == "parts";
    options.missing = columnNamesIn(params.text("missing_marks"));
    options.texts = columnNamesIn(params.text("categorical"));
    options.sameCase = columnNamesIn(params.text("same_case"));
    options.keepsPrints = !trimmed(params.text(kRowCorrectionsParam)).empty();
    options.types = columnTypesFrom(params.text(kTypesParam));
    if (asBefore && !options.types.empty())
        throw Error("types of columns cannot be chosen for data that are read as earlier versions "
                    "read them; open the table anew");
    const auto& delimiter = params.text("delimiter");
    if (delimiter == "comma")
        options.delimiter = ',';
    else if (delimiter == "semicolon")
        options.delimiter = ';';
    else if (delimiter == "tab")
        options.delimiter = '\t';
    else if (delimiter == "bar")
        options.delimiter = '|';
    else if (delimiter == "blank")
        options.delimiter = ' ';
    const auto& header = params.text("header");
    if (header != "detect")
        options.header = header == "yes" ? CsvHeader::Yes : CsvHeader::No;
    return options;
}

ParamSpec testFractionParam(double defaultValue) {
    auto spec =
        formerly("test-fraction",
                 realParam("test_fraction", "Test part", defaultValue, 0, 0.9,
                           "Share of the samples that is held back to test with, each class in "
                           "proportion; the split's seed decides which."));
    spec.minimumExclusive = true;
    return spec;
}

ParamSpecs tableParams() {
    auto scaleTarget = formerly("scale-target",
                                boolParam("scale_target", "Scale target", true,
                                          "Scales target values to mean 0 and deviation 1 for "
                                          "training; figures are reported in the original units."));
    auto categorical =
        textParam("categorical", "Categorical", "",
                  "Columns whose numbers stand for categories, separated by commas.");
    categorical.advanced = true;
    scaleTarget.visibleWhen = {"task", {std::string("detect"), std::string("regression")}};
    return {
        textParam(
            "target", "Target", "",
            "Name of the column to predict; by default the last one. For regression, several "
            "names may be given, separated by commas; one that holds a comma stands in quotes."),
        choiceParam("task", "Task", "detect",
                    {{"detect", "Detect",
                      "Classes for texts, and for up to 20 different whole numbers with several "
                      "rows each; else values."},
                     {"classification", "Classification", "The target is a class."},
                     {"regression", "Regression", "The target is a number."}},
                    "What the target is."),
        textParam("ignore", "Ignore", "", "Columns to leave out, separated by commas."),
        std::move(categorical),
        choiceParam(
            "missing", "Missing values", "mean",
            {{"mean", "Mean",
              "The mean over the training part; a missing category counts as none of them."},
             {"drop", "Leave out", "Rows with a missing value are left out."}},
            "What to do with empty cells and those that say so, such as \"?\", \"NaN\" and "
            "\"#N/A\"; \"NA\", \"none\" and \"null\", too, unless texts have them again and "
            "again. Rows without a target are always left out."),
        choiceParam("normalize", "Normalize", "standardize",
                    {{"standardize", "Mean 0, deviation 1", "Over the training part."},
                     {"range", "0 to 1", "From the minimum to the maximum of the training part."},
                     {"none", "As they are", ""}},
                    "The range of the numbers that the network sees."),
        std::move(scaleTarget),
        testFractionParam()};
}

ParamSpecs tableFileParams() {
    ParamSpecs params{
        choiceParam("duplicates", "Duplicates", "keep",
                    {{"keep", "Keep", "A row that stands twice counts twice."},
                     {"leave_out", "Leave out",
                      "Of rows that are alike in all columns used, the first one stays; none of "
                      "them is in two parts then."}},
                    "What to do with rows that are alike in inputs and target."),
        choiceParam("dates", "Dates", "leave_out",
                    {{"leave_out", "Leave out", "A date occurs once and teaches nothing."},
                     {"parts", "Split", "Year, month and day of the week take the date's place."}},
                    "What to do with columns of dates."),
        textParam("keep", "Keep", "",
                  "Columns of numbers that are used although they look like a name for each row, "
                  "separated by commas: whole numbers, another one in each row, called id, no, "
                  "row and the like."),
        textParam("same_case", "Same in any case", "",
                  "Columns, the target among them, in which texts that differ in capital letters "
                  "alone are one category, separated by commas: yes and Yes."),
        textParam(std::string(kTypesParam), "Column types", "",
                  "Columns that are read otherwise than their cells look, separated by commas: "
                  "price=decimal_comma, zip=text. Types are numbers (in any notation; what is none "
                  "counts as missing), decimal_point (1,234 is 1234), decimal_comma (1,234 is "
                  "1.234), text, dates, day_first and month_first (1/2/2015)."),
        textParam(
            std::string(kRowCorrectionsParam), "Corrections", "",
            "What a person says about single rows: \"17/3fa85c01=rose\" is a rose, and "
            "\"18/9b2e77aa=\" is left out, separated by commas. The number behind the line is "
            "a print of the row: one that has changed since is not corrected."),
        textParam("missing_marks", "Missing marks", "",
                  "Further texts that stand for no value, in all columns, separated by commas: "
                  "unknown, -999."),
        textParam("pixels", "Pixels", "",
                  "The shape of the image that a row's numbers are, as 28x28 or 3x32x32 (channels, "
                  "height, width): one column for each pixel, or a column of numbers with blanks, "
                  "commas or semicolons between them. Bytes become 0 to 1."),
        choiceParam(
            "delimiter", "Delimiter", "detect",
            {{"detect", "Detect", "Whatever makes most cells numbers and all rows equally long."},
             {"comma", "Comma", ""},
             {"semicolon", "Semicolon", ""},
             {"tab", "Tab", ""},
             {"bar", "Bar", ""},
             {"blank", "Blanks", "Any number of them."}},
            "What separates the fields."),
        choiceParam("header", "Header", "detect",
                    {{"detect", "Detect", "Judges by what the rows below hold."},
                     {"yes", "Yes", ""},
                     {"no", "No", "Columns are called 1, 2, …"}},
                    "Whether the first row names the columns.")};
    for (auto& spec : params)
        spec.advanced = true;
    return params;
}

ParamSpecs tableImageParams() {
    auto images = textParam(
        "images", "Image files", "",
        "Columns that name image files, relative to the table's folder, separated by commas. "
        "By default those whose texts all end as images do (.png, .jpg …).");
    auto shapes = textParam(std::string(kImageShapesParam), "Image shapes", "",
                            "Columns whose images are read otherwise, separated by commas: "
                            "left=1x28x28 (channels, height, width) or right=64x64.");
    images.advanced = shapes.advanced = true;
    ParamSpecs params{std::move(images)};
    for (auto& spec : pictureParams()) {
        spec.key = "image_" + spec.key;
        spec.title = "Image " + std::string(1, static_cast<char>(spec.title[0] - 'A' + 'a')) +
                     spec.title.substr(1);
        params.push_back(std::move(spec));
    }
    params.push_back(std::move(shapes));
    return params;
}

TableOptions tableOptionsOf(const Params& params, std::span<const std::string> columns) {
    TableOptions options;
    options.targets = columnNamesIn(params.text("target"), columns);
    options.ignored = ignoredColumnsIn(params.text("ignore"), columns);
    options.categorical = columnNamesIn(params.text("categorical"), columns);
    if (params.has("keep"))
        options.kept = columnNamesIn(params.text("keep"), columns);
    if (params.has("same_case"))
        options.sameCase = columnNamesIn(params.text("same_case"), columns);
    const auto& task = params.text("task");
    if (task != "detect")
        options.task = task == "regression" ? TableOptions::Task::Regression
                                            : TableOptions::Task::Classification;
    options.missing = params.text("missing") == "drop" ? TableOptions::Missing::Drop
                                                       : TableOptions::Missing::Mean;
    const auto& normalize = params.text("normalize");
    if (normalize != "standardize")
        options.scale =
            normalize == "range" ? TableOptions::Scale::Range : TableOptions::Scale::None;
    options.scaleTargets = params.boolean("scale_target");
    options.testFraction = params.real("test_fraction");
    if (params.has("duplicates"))
        options.dropsDuplicates = params.text("duplicates") == "leave_out";
    if (params.has("images"))
        readImageOptions(params, columns, options);
    if (params.has("pixels") && !trimmed(params.text("pixels")).empty())
        options.pixels = pixelShapeFrom(trimmed(params.text("pixels")));
    return options;
}

} // namespace gradwright
