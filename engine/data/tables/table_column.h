// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/images/preparation.h"
#include "engine/tensor/shape.h"

#include <cstddef>
#include <optional>
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

/// How the image files that a column names are read.
struct ImageColumn {
    Shape shape{3, 64, 64}; ///< C×H×W that each is scaled to; 1 or 3 channels
    Preparation preparation{.size = 0, .pictures = PictureKind::Whole, .fit = PictureFit::Crop};

    bool operator==(const ImageColumn&) const = default;
};

/// How one column of a table becomes inputs: a number is scaled, and the mean stands in
/// where it is missing; a category becomes a 1 among 0s, and nothing but 0s where it is missing or
/// unknown; the name of an image file becomes the image, and may not be missing; a list of pixels
/// is scaled number by number.
struct TableColumn {
    std::string name;
    Scaling scaling{};
    double missing = 0; ///< what stands for a missing number, before it is scaled
    std::vector<std::string> categories{}; ///< none for a column of numbers or images
    std::optional<ImageColumn> image{};    ///< nothing for a column of numbers or categories
    std::size_t pixels = 0;                ///< numbers that a cell lists; 0 for other columns

    [[nodiscard]] bool isNumeric() const { return categories.empty() && !image && pixels == 0; }
    [[nodiscard]] std::size_t inputs() const {
        if (image)
            return static_cast<std::size_t>(image->shape.elements());
        if (pixels > 0)
            return pixels;
        return isNumeric() ? 1 : categories.size();
    }
    bool operator==(const TableColumn&) const = default;
};

} // namespace gradwright
