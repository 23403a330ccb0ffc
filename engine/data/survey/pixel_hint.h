// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/survey/table_survey.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gradwright {

/// Numbers of a table's rows that may be the pixels of images.
struct PixelHint {
    std::int64_t numbers = 0;           ///< of a row
    std::string shape;                  ///< as the parameter pixels takes it: "28x28", "3x32x32"
    std::vector<std::string> columns{}; ///< that hold them
    std::vector<std::string> others{};  ///< inputs that hold something else
};

/// Nothing where the choice reads pixels already. Pixels are taken to be a single column of lists
/// of numbers, or 64 or more columns that are called by numbers and hold whole numbers from 0 to
/// 255, or numbers from 0 to 1; and they are as many as a square image of one channel or of three
/// has.
std::optional<PixelHint> pixelHint(const TableSurvey& survey, const DataChoice& choice);

/// The choice with these numbers read as images, and the other inputs left out.
DataChoice withPixels(DataChoice choice, const PixelHint& hint);

} // namespace gradwright
