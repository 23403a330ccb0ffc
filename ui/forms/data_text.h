// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"

#include <QString>

#include <optional>
#include <string>
#include <vector>

namespace gradwright {

/// A column of the data, as forms offer it.
struct DataColumn {
    std::string name;
    QString label; ///< of its check box
    QString note;  ///< what the column holds, as its tooltip says it
    bool operator==(const DataColumn&) const = default;
};

/// The columns of a table, with what each holds; none where the data set has not been read, or has
/// none.
std::vector<DataColumn> dataColumns(const std::optional<DataInfo>& info);

/// What samples are and what is to be predicted of them, in a sentence.
QString dataText(const DataInfo& info);

} // namespace gradwright
