// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/images/picture.h"

#include <cstdint>
#include <span>
#include <string>

namespace gradwright {

// Decoders of a whole file in memory. `name` is the file's, for messages.
Picture decodePng(std::span<const std::uint8_t> file, const std::string& name,
                  const PictureRequest& request);
Picture decodeJpeg(std::span<const std::uint8_t> file, const std::string& name,
                   const PictureRequest& request);

/// Throws Error when an image is too large to be held.
void checkImageSize(std::int64_t width, std::int64_t height, const std::string& name);

} // namespace gradwright
