// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

namespace gradwright {

/// (x - mean) / deviation; the deviation is greater than 0.
struct Scaling {
    double mean = 0;
    double deviation = 1;

    /// Back in the column's own unit.
    [[nodiscard]] double restored(double scaled) const { return scaled * deviation + mean; }
    bool operator==(const Scaling&) const = default;
};

/// How one column of a table becomes inputs: a number is scaled, and the mean stands in
/// where it is missing; a category becomes a 1 among 0s, and nothing but 0s where it is missing or
/// unknown.
struct TableColumn {
    std::string name;
    Scaling scaling{};
    double missing = 0; ///< what stands for a missing number, before it is scaled
    std::vector<std::string> categories{}; ///< none for a column of numbers

    [[nodiscard]] bool isNumeric() const { return categories.empty(); }
    [[nodiscard]] std::size_t inputs() const { return isNumeric() ? 1 : categories.size(); }
    bool operator==(const TableColumn&) const = default;
};

} // namespace gradwright
