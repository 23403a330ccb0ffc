// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/training/feeds.h"

#include <cstdint>
#include <string>
#include <vector>

namespace gradwright {

// What feeds and their suggestions know of the parts of a sample.

/// What each of several Inputs gets.
using Shares = std::vector<std::vector<SamplePart>>;

/// The first axis' length; 0 for data of which nothing is known.
std::int64_t lengthOf(const DataInfo& data);
/// "3" or "0-11".
std::string rangeName(std::int64_t first, std::int64_t size);
std::vector<std::string> namesOf(const std::vector<SamplePart>& parts);
/// The first eight between quotes and commas.
std::string quoted(const std::vector<std::string>& names);
std::int64_t sizeOf(const std::vector<SamplePart>& parts);
/// Whether all parts are columns of images.
bool areImages(const std::vector<SamplePart>& parts);
bool haveOneHeightAndWidth(const std::vector<SamplePart>& images);
/// Whether an Input can get them together: numbers, or images of one size.
bool canBeJoined(const std::vector<SamplePart>& parts);
/// The shape of parts joined: of images ΣC×H×W, else the sample's with another first axis.
Shape shapeOf(const std::vector<SamplePart>& parts, const DataInfo& data);
/// Those that touch as one range.
std::vector<SamplePart> joinedParts(const std::vector<SamplePart>& parts);

} // namespace gradwright
