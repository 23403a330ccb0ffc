// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

namespace gradwright {

/// What one column of a table held in the rows to train on. The numbers are in the column's own
/// unit and 0 where the column holds categories or images.
struct ColumnSummary {
    std::int64_t values = 0;  ///< cells with a value
    std::int64_t missing = 0; ///< cells without one
    double least = 0;
    double most = 0;
    double mean = 0;
    bool whole = false; ///< all of them are whole numbers

    bool operator==(const ColumnSummary&) const = default;
};

/// For people who fill in rows of their own: what the network has seen of each column.
struct TableSummary {
    std::vector<ColumnSummary> columns; ///< as in DataInfo::columns
    std::vector<ColumnSummary> targets; ///< as in DataInfo::targetNames; none for classes

    bool operator==(const TableSummary&) const = default;
};

} // namespace gradwright
