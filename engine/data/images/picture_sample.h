// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/images/preparation.h"
#include "engine/tensor/shape.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>

namespace gradwright {

/// Whether a name ends as those of images that can be read do, in any case: .png, .jpg, .jpeg,
/// .jpe, .jfif, .bmp, .dib, .gif, .pbm, .pgm or .ppm.
bool hasPictureEnding(const std::filesystem::path& file);

/// Decodes an image and writes it as a sample of `shape` C×H×W: scaled as the preparation's
/// fit says, then prepared. `out` holds exactly the shape's elements. Throws Error naming the file
/// and the cause; see readPicture().
void readPictureSample(const std::filesystem::path& file, const Shape& shape,
                       const Preparation& preparation, std::span<float> out);

/// Why a file cannot be used as an image, without its name; nothing where it can. `whole` decodes
/// it. Otherwise its beginning and its end are looked at, which finds files that are missing, of
/// another kind or cut short, and not a damage in the middle.
std::optional<std::string> whyNoPicture(const std::filesystem::path& file, bool whole);

/// Sets the preparation's mean and deviation of each channel to those of up to 1,000 of `count`
/// samples of `shape` C×H×W, which `read` writes, prepared with mean 0 and deviation 1.
void standardizeOver(const Shape& shape, std::size_t count,
                     const std::function<void(std::size_t sample, std::span<float> out)>& read,
                     Preparation& preparation);

} // namespace gradwright
