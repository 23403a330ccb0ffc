// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/images/image.h"
#include "engine/data/images/picture.h"
#include "ui/theme/shown_image.h"

#include <QImage>

namespace gradwright {

struct TrainedModel;

/// Transparency shows white.
GrayImage grayImage(const QImage& image);
/// In three channels; transparency shows white.
Picture pictureOf(const QImage& image);
/// Whether the samples are drawn with ink on paper, so that the theme may choose the colours.
bool readsDrawings(const TrainedModel& model);
/// Whether they are handwritten digits.
bool readsDigits(const TrainedModel& model);

} // namespace gradwright
