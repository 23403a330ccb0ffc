// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/tensor.h"

#include <array>
#include <cstdint>

namespace gradwright {

/// What happens to an image between its storage and the network's input. It belongs to the data, so
/// that training, drawing pad, command line and exported model agree. In this order: crop, scale to
/// [0, 1], binarize, normalise.
struct Preparation {
    std::int64_t size = 28; ///< centre crop to size × size; 0 keeps the whole image
    bool binarize = false;  ///< > 0.5 becomes 1, all else 0, before normalising
    double mean = 0;
    double deviation = 1; ///< (x - mean) / deviation; greater than 0

    bool operator==(const Preparation&) const = default;
};

/// The input that a stored byte becomes.
std::array<float, 256> byteTable(const Preparation& preparation);

/// The shape left of C×H×W after the crop. Throws Error when the image is smaller than the crop.
Shape preparedShape(const Shape& image, const Preparation& preparation);

/// Turns an F32 image C×H×W of values in [0, 1] into a network input. Throws Error when it is not
/// an image or smaller than the crop.
Tensor applyPreparation(const Tensor& image, const Preparation& preparation);

} // namespace gradwright
