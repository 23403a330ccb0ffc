// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace gradwright {

/// The parameter of data sets of images by class: a folder with one folder per class, whose images
/// are trained on, too.
inline constexpr std::string_view kAddedFolderParam = "added_folder";
ParamSpec addedFolderParam();
/// Whether all of them are for training, whatever the limit and the part kept for validation; else
/// they are split and limited like the others.
inline constexpr std::string_view kAddedAlwaysParam = "added_always";
ParamSpec addedAlwaysParam();

/// The name of a class's folder, which may hold no "/", for one.
std::string classFolderName(std::string_view className);

/// Adds the images of a folder to those to train on, each prepared as the Inference page and
/// `predict` would; `always`: see addedAlwaysParam(). Classes without a folder, and a folder that
/// is not there, add nothing. Throws Error naming the folder where the data are no images by class,
/// or a folder is named after no class of theirs, and listing the images that cannot be read.
Dataset withAddedImages(Dataset data, const std::filesystem::path& folder, bool always);

/// Where an added image comes from, as its origin says: below the folder, "7/drawn-0001.png".
/// Empty for other samples.
std::string addedImageOf(std::string_view origin);

/// Names of images that the window has added begin so; no other file is ever changed.
inline constexpr std::string_view kDrawnName = "drawn-";
/// A name that no image below the folder has, whatever its ending: "drawn-0012.png". `ending`
/// begins with the point.
std::string nextDrawnName(const std::filesystem::path& folder, std::string_view ending);

} // namespace gradwright
