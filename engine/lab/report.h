// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/json.h"

#include <string>
#include <vector>

namespace gradwright {

struct ReportTable {
    std::string title;
    std::vector<std::string> columns;
    std::vector<std::vector<std::string>> rows; ///< a text for each column
};

/// A picture that lies beside the report.
struct ReportPicture {
    std::string file; ///< relative to the report
    std::string caption;
};

/// What an experiment found, in words, tables and numbers.
struct Report {
    std::string title;
    std::vector<std::string> paragraphs; ///< the answer first
    std::vector<ReportTable> tables;
    std::vector<ReportPicture> pictures;
    /// The same as numbers, under keys of the kind's own.
    Json data = Json::object();
};

/// Markdown with tables as GitHub and pandoc read them; what stands in a cell stays one cell.
std::string toMarkdown(const Report& report);
Json toJson(const Report& report);

} // namespace gradwright
