// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/catalog.h"
#include "engine/data/tables/csv_cache.h"
#include "engine/data/tables/row_corrections.h"
#include "engine/data/tables/table.h"
#include "engine/data/tables/table_params.h"
#include "engine/support/error.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace gradwright {
namespace {

using SharedTable = std::shared_ptr<const CsvTable>;

/// The table as it is where nothing is said of its rows.
SharedTable corrected(SharedTable table, const std::vector<RowCorrection>& corrections,
                      const Params& params, bool isTest) {
    if (std::ranges::count(corrections, isTest, &RowCorrection::isOfTestFile) == 0)
        return table;
    auto targets = columnNamesIn(params.text("target"), table->names);
    if (targets.empty())
        targets.push_back(table->names.back());
    auto made = std::make_shared<CsvTable>(*table);
    correctRows(*made, corrections, targets.front(), isTest);
    return made;
}

Dataset openTable(const Params& params, const DataChoice& choice, CsvOptions csv) {
    if (params.text("file").empty())
        throw Error("Choose the file of the table");
    const auto corrections = rowCorrectionsFrom(params.text(kRowCorrectionsParam));
    const auto shared = corrected(sharedCsv(params.text("file"), csv), corrections, params, false);
    const auto& table = *shared;
    const auto options = tableOptionsOf(params, table.names);
    if (params.text("test_file").empty())
        return tableDataset(table, nullptr, options, choice);
    if (table.isRead())
        csv.like = table.reading; // what one table shows holds for both
    const auto test =
        corrected(sharedCsv(params.text("test_file"), csv), corrections, params, true);
    return tableDataset(table, test.get(), options, choice);
}

Dataset openCsvTable(const Params& params, const DataChoice& choice) {
    return openTable(params, choice, csvOptionsOf(params, choice.asBefore));
}

} // namespace

Dataset openTableAlike(const DataChoice& choice, const TableReading& like) {
    const Params params(dataset(choice.dataset).params, choice.params);
    auto csv = csvOptionsOf(params);
    csv.like = like;
    return openTable(params, choice, std::move(csv));
}

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
    for (auto& spec : tableFileParams())
        params.push_back(std::move(spec));
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
