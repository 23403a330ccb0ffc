// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/catalog.h"
#include "engine/data/tables/table.h"
#include "engine/data/tables/table_params.h"
#include "engine/support/error.h"

namespace gradwright {
namespace {

Dataset openCsvTable(const Params& params, const DataChoice& choice) {
    if (params.text("file").empty())
        throw Error("Choose the file of the table");
    const auto csv = csvOptionsOf(params);
    const auto table = readCsv(params.text("file"), csv);
    const auto options = tableOptionsOf(params);
    if (params.text("test_file").empty())
        return tableDataset(table, nullptr, options, choice);
    const auto test = readCsv(params.text("test_file"), csv);
    return tableDataset(table, &test, options, choice);
}

} // namespace

DatasetDef csvTableDataset() {
    ParamSpecs params{
        pathParam("file", "File", "The table, one sample per row; may be gzipped."),
        formerly(
            "test-file",
            pathParam(
                "test_file", "Test file",
                "A table with the same columns to test with; without one, rows are held back."))};
    for (auto& spec : tableParams())
        params.push_back(std::move(spec));
    for (auto& spec : tableImageParams())
        params.push_back(std::move(spec));
    params.push_back(
        choiceParam("delimiter", "Delimiter", "detect",
                    {{"detect", "Detect", "Whatever splits all rows into equally many fields."},
                     {"comma", "Comma", ""},
                     {"semicolon", "Semicolon", "1,5 is then a number, too."},
                     {"tab", "Tab", ""},
                     {"bar", "Bar", ""},
                     {"blank", "Blanks", "Any number of them."}},
                    "What separates the fields."));
    params.push_back(choiceParam("header", "Header", "detect",
                                 {{"detect", "Detect", "Judges by what the rows below hold."},
                                  {"yes", "Yes", ""},
                                  {"no", "No", "Columns are called 1, 2, …"}},
                                 "Whether the first row names the columns."));
    for (auto* key : {"images", "image_shapes", "delimiter", "header"})
        for (auto& spec : params)
            if (spec.key == key)
                spec.advanced = true;
    return {.key = "csv",
            .title = "Table (CSV)",
            .doc = "A table of numbers, texts and names of image files. Texts are one-hot encoded, "
                   "numbers are scaled and images are decoded during training; the target is a "
                   "class or one or more numbers.",
            .origin = "Your own files",
            .licence = "That of your files",
            .params = std::move(params),
            .open = openCsvTable};
}

} // namespace gradwright
