// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace gradwright {

/// Image files by class.
struct ImageFolder {
    std::filesystem::path root;
    std::vector<std::string> classes; ///< names of the subfolders, sorted
    std::vector<std::string> files;   ///< below the root, sorted within each class
    std::vector<std::int32_t> labels;
};

/// Lists a folder with one subfolder a class; hidden files and what is no PNG or JPEG by its name
/// is passed over, links are not followed. With `classes` given, the subfolders must be among them.
/// Throws Error naming folder or file and rule when a class is empty, there are less than two, or a
/// file is no image.
ImageFolder listImageFolder(const std::filesystem::path& root,
                            const std::vector<std::string>* classes = nullptr);

struct ImageFolderOptions {
    Shape shape{3, 64, 64};
    PictureFit fit = PictureFit::Crop;
    bool standardize = false;
    double testFraction = 0.2; ///< held back unless there is a folder to test with
};

/// Makes a data set whose files are decoded whenever a sample is read: memory stays the same for
/// any number of them. Mean and deviation are those of up to 1,000 images of the choice's training
/// part.
Dataset imageFolderDataset(ImageFolder folder, std::optional<ImageFolder> test,
                           const ImageFolderOptions& options, const DataChoice& choice);

} // namespace gradwright
