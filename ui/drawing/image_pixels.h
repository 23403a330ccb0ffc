// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/images/image.h"
#include "engine/data/images/picture.h"

#include <QByteArray>
#include <QImage>

namespace gradwright {

/// Transparency shows white.
GrayImage grayImage(const QImage& image);
/// In three channels; transparency shows white.
Picture pictureOf(const QImage& image);

/// A file's bytes.
QByteArray pngOf(const GrayImage& image);
QByteArray pngOf(const QImage& image);

} // namespace gradwright
