// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "engine/data/images/image_folder.h"

#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// What a person says about an image of a folder: it belongs to another class, or to none. The file
/// stays where it is.
struct ImageCorrection {
    std::string file; ///< below the folder: "cat/12.png"; "test:cat/12.png" in the test folder
    std::string name; ///< of the class; empty: the image is left out

    bool operator==(const ImageCorrection&) const = default;
};

/// The parameter of image folders that holds them: "cat/12.png=dog, cat/13.png=", in quotes where
/// one holds a comma.
inline constexpr std::string_view kCorrectionsParam = "corrections";
/// Throws Error where one has no "=".
std::vector<ImageCorrection> correctionsFrom(std::string_view text);
std::string correctionsText(const std::vector<ImageCorrection>& corrections);

/// Applies those of a folder, or of the test folder, and notes how many they are, and how many name
/// no image that is there. Throws Error naming the folder when one names no class of it, or a class
/// has no other image.
void correct(ImageFolder& folder, const std::vector<ImageCorrection>& corrections, bool isTest);

/// A choice of image folders with one more correction, in place of an earlier one of the file. One
/// that names the class whose folder the file is in takes the earlier one back.
DataChoice withCorrection(DataChoice choice, const ImageCorrection& correction);

} // namespace gradwright
