// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "engine/data/images/image.h"

#include <filesystem>

namespace gradwright {

struct PreparedPicture {
    Tensor shown; ///< F32 C×H×W in [0, 1]: what a person would see
    Tensor input; ///< what the network gets
};

/// Makes a sample of a drawing as the data set's own were made. Throws Error with the reason when
/// there is nothing to see, or when the samples are no images.
PreparedPicture prepareDrawing(const GrayImage& drawing, const DataInfo& info);

/// The same for a PNG or JPEG file. Throws Error naming the file and the cause.
PreparedPicture preparePicture(const std::filesystem::path& file, const DataInfo& info);

} // namespace gradwright
