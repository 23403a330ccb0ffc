// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "ui/theme/theme.h"

#include <QImage>

#include <span>

namespace gradwright {

/// Values from `least` (paper) to `most` (ink): white on black in the dark theme, as the network
/// has it, black on white in the light one.
QImage inkImage(std::span<const float> values, int width, int height, float least, float most,
                const Theme& theme);
/// An image C×H×W of values in [0, 1], in colour where it has three channels, else its first one:
/// as ink where it is a drawing, as it is where it is a picture.
QImage shownImage(std::span<const float> values, const Shape& shape, bool isDrawing,
                  const Theme& theme);

/// Whether samples are drawn with ink on paper, so that the theme may choose the colours.
bool areDrawings(const DataChoice& choice, const DataInfo& info);

} // namespace gradwright
