// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/images/image.h"
#include "engine/tensor/tensor.h"
#include "ui/theme/theme.h"

#include <QImage>

#include <span>

namespace gradwright {

/// Transparency shows white.
GrayImage grayImage(const QImage& image);
QImage toQImage(const GrayImage& image);
/// Values from `least` (paper) to `most` (ink): white on black in the dark theme, as the network
/// has it, black on white in the light one.
QImage inkImage(std::span<const float> values, int width, int height, float least, float most,
                const Theme& theme);

} // namespace gradwright
