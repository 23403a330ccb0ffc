// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace gradwright {

/// Folders whose names say that they are parts of a data set, not classes.
struct FolderParts {
    std::string training;
    std::string test; ///< the test part, or else the one for validation
};
/// Such as "train" and "val", "Training" and "Testing", "training_set" and "test_set", "seg_train"
/// and "seg_test".
std::optional<FolderParts> partsAmong(const std::vector<std::string>& names);

/// Throws Error where the folders of these names are parts: taken for classes, they would be
/// learned instead.
void requireNoParts(const std::filesystem::path& root, const std::vector<std::string>& names);

/// The folder itself, or the one further down where each holds a single folder and no image, as
/// archives are often packed: ".../seg_train/seg_train". Throws Error where it is none.
std::filesystem::path foldersOfClasses(const std::filesystem::path& folder);

/// Advice where a folder holds a single one (`names`), and the classes stand further down; empty
/// where they do not.
std::string classesBelow(const std::filesystem::path& root, const std::vector<std::string>& names);

} // namespace gradwright
