// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/tensor.h"

#include <array>
#include <cstdint>
#include <vector>

namespace gradwright {

/// How a drawing or an image file becomes a sample.
enum class PictureKind {
    None,  ///< not at all: the samples are no images
    Digit, ///< the ink is cut out, scaled into a box and placed as MNIST's digits were
    Whole  ///< the picture is scaled to the size of the samples
};

/// How a picture of another aspect is scaled.
enum class PictureFit {
    Crop,   ///< fills; what is too long is cut off at both ends
    Pad,    ///< is seen whole, with black beside it
    Stretch ///< each side for itself
};

/// What happens to an image between its storage and the network's input. It belongs to the data, so
/// that training, drawing pad, command line and exported model agree. In this order: crop, scale to
/// [0, 1], binarize, normalise.
struct Preparation {
    std::int64_t size = 28; ///< centre crop to size × size; 0 keeps the whole image
    bool binarize = false;  ///< > 0.5 becomes 1, all else 0, before normalising
    /// (x - mean) / deviation, the deviation greater than 0: one for all channels, or one each.
    std::vector<double> mean{0.0};
    std::vector<double> deviation{1.0};
    PictureKind pictures = PictureKind::Digit;
    PictureFit fit = PictureFit::Pad; ///< of whole pictures
    std::int64_t box = 20;            ///< of digits: the ink's longer side

    bool operator==(const Preparation&) const = default;
};

/// The input that a value in [0, 1] of a channel becomes.
float preparedValue(double value, const Preparation& preparation, std::size_t channel = 0);

/// The input that a stored byte of a channel becomes.
std::array<float, 256> byteTable(const Preparation& preparation, std::size_t channel = 0);

/// The shape left of C×H×W after the crop. Throws Error when the image is smaller than the crop.
Shape preparedShape(const Shape& image, const Preparation& preparation);

/// Turns an F32 image C×H×W of values in [0, 1] into a network input. Throws Error when it is not
/// an image or smaller than the crop, or has other channels than the means are for.
Tensor applyPreparation(const Tensor& image, const Preparation& preparation);

} // namespace gradwright
