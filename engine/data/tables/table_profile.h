// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/tables/csv.h"

#include <cstddef>
#include <string>
#include <vector>

namespace gradwright {

/// What the cells of a column are, missing ones aside.
enum class ColumnKind {
    Empty, ///< none holds a value
    Numbers,
    Texts,
    Mixed, ///< numbers, and so few other texts that these look like mistakes
    Images ///< names of image files
};

struct ColumnProfile {
    std::string name;
    ColumnKind kind = ColumnKind::Empty;
    std::size_t missing = 0;  ///< cells without a value
    std::size_t distinct = 0; ///< different values; counted up to kMostDistinct
    bool isWhole = false;     ///< Numbers: all are whole
    double minimum = 0;       ///< Numbers
    double maximum = 0;
    std::vector<std::string> examples; ///< the most frequent values, up to six
    /// Why the column teaches a network nothing, as a phrase: "a number for each row". Empty where
    /// it may.
    std::string whyUseless;
    bool countsRows = false; ///< Numbers: each from 0 or 1 on once, in any order

    static constexpr std::size_t kMostDistinct = 1001;
};

struct TableProfile {
    std::vector<ColumnProfile> columns;
    std::size_t rows = 0;
};

/// Whether a column's name says that it names or counts rows: "id", "index", "customer_id".
bool isCalledId(const std::string& name);

/// Looks at all cells.
TableProfile profileOf(const CsvTable& table);

/// Which column to predict and which to leave out, until the user says otherwise.
struct TableProposal {
    std::string target;
    std::vector<std::string> ignored; ///< those that are useless
};

/// The only column that is called target, label, class, y, output or outcome, else the last one
/// that is of use and holds no images. Throws Error when there is none, or when nothing is left to
/// learn from.
TableProposal proposalFor(const TableProfile& profile, const std::string& file);

} // namespace gradwright
