// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/drawing/image_pixels.h"
#include "ui/theme/shown_image.h"

#include <QImage>

namespace gradwright {

struct TrainedModel;

/// Whether the samples are drawn with ink on paper, so that the theme may choose the colours.
bool readsDrawings(const TrainedModel& model);
/// Whether they are handwritten digits.
bool readsDigits(const TrainedModel& model);

} // namespace gradwright
