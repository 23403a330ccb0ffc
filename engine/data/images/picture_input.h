// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "engine/data/images/image.h"
#include "engine/data/images/picture.h"

#include <filesystem>
#include <span>

namespace gradwright {

struct PreparedPicture {
    Tensor shown; ///< F32 C×H×W in [0, 1]: what a person would see
    Tensor input; ///< what the network gets
};

/// Makes a sample of a drawing as the data set's own were made. Throws Error with the reason when
/// there is nothing to see, or when the samples are no images.
PreparedPicture prepareDrawing(const GrayImage& drawing, const DataInfo& info);

/// The same for a picture in gray or colour, whose channels become those of the samples.
PreparedPicture preparePicture(const Picture& picture, const DataInfo& info);

/// The same for a PNG or JPEG file. Throws Error naming the file and the cause.
PreparedPicture preparePicture(const std::filesystem::path& file, const DataInfo& info);

/// What a person would see of a sample that is an image C×H×W: its values before the preparation
/// normalised them, in [0, 1]. `values` holds the elements of `shape`. Where the preparation does
/// not say how images were made, or values lie far beyond that range, as those of generated waves
/// do, the least value becomes 0 and the greatest 1.
Tensor shownSample(std::span<const float> values, const Shape& shape,
                   const Preparation& preparation);

} // namespace gradwright
