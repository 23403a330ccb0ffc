// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"
#include "engine/data/images/picture_params.h"
#include "engine/support/error.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// Image files by class.
struct ImageFolder {
    std::filesystem::path root;
    std::vector<std::string> classes; ///< names of the subfolders, sorted
    std::vector<std::string> files;   ///< below the root, sorted within each class
    std::vector<std::int32_t> labels;
    std::vector<std::string> notes{}; ///< how many files of which kinds there are
};

/// What belongs to a class besides the files in its folder.
struct ImageListing {
    bool nested = true;      ///< files in folders within it
    bool links = true;       ///< links to files
    bool asBefore = false;   ///< neither, and of PNG and JPEG alone; see DataChoice
    bool mayBeEmpty = false; ///< folders without images are passed over
};

/// Lists a folder with one subfolder a class. Hidden files and "__MACOSX" are passed over; files
/// that are no images by their names, and whatever else is left out, are counted in the notes.
/// With `classes` given, the subfolders must be among them. Throws Error naming folder and rule
/// when a class is empty or there are less than two.
ImageFolder listImageFolder(const std::filesystem::path& root,
                            const std::vector<std::string>* classes = nullptr,
                            const ImageListing& listing = {});

/// Images that are broken, cut short or no images: whoever opens them may leave them out instead.
class UnreadableImages : public Error {
public:
    UnreadableImages(std::size_t count, const std::string& message)
        : Error(message)
        , count_(count) {}
    [[nodiscard]] std::size_t count() const { return count_; }

private:
    std::size_t count_;
};

inline constexpr std::size_t kMostFaultsListed = 40; ///< files that a message lists

/// Throws UnreadableImages that lists all files of these folders that are no images, broken or cut
/// short, and says how many each folder has; see pictureFaults(). `remedy` says what else may be
/// done than to repair or remove them: "leave them out with ...".
void requirePictures(const ImageFolder& folder, const ImageFolder* test,
                     std::string_view remedy = {});

/// Removes those files and notes how many they are, with the first ones and what is wrong with
/// them. Throws Error where a class has no other image.
void leaveOutUnreadable(ImageFolder& folder);

/// Removes images whose file is equal to the byte to that of one before them in the same class, and
/// those of a test folder that the other folder has in the same class; notes how many they are.
/// Throws Error where a file cannot be read, or nothing is left to test with.
void leaveOutRepeated(ImageFolder& folder, ImageFolder* test);

struct ImageFolderOptions {
    Shape shape{3, 64, 64};
    PictureFit fit = PictureFit::Crop;
    bool standardize = false;
    std::optional<ChannelScaling> scaling{}; ///< in place of `standardize`
    double testFraction = 0.2;               ///< held back unless there is a folder to test with
};

/// Makes a data set whose files are decoded whenever a sample is read: memory stays the same for
/// any number of them. Mean and deviation are those of up to 1,000 images of the choice's training
/// part.
Dataset imageFolderDataset(ImageFolder folder, std::optional<ImageFolder> test,
                           const ImageFolderOptions& options, const DataChoice& choice);

} // namespace gradwright
