// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/catalog.h"
#include "engine/data/images/byte_images.h"
#include "engine/data/images/image_folder.h"
#include "engine/data/tables/table_params.h"
#include "engine/support/error.h"

namespace gradwright {
namespace {

PictureFit fitOf(const Params& params) {
    const auto& fit = params.text("fit");
    return fit == "crop" ? PictureFit::Crop
                         : (fit == "pad" ? PictureFit::Pad : PictureFit::Stretch);
}

Dataset openImageFolders(const Params& params, const DataChoice& choice) {
    if (params.text("folder").empty())
        throw Error("data set images: name a folder");
    const auto& size = params.tuple("size");
    ImageFolderOptions options;
    options.shape = {params.text("channels") == "gray" ? 1 : 3, size[0], size[1]};
    options.fit = fitOf(params);
    options.standardize = params.text("normalize") == "standardize";
    options.testFraction = params.real("test_fraction");
    auto folder = listImageFolder(params.text("folder"));
    std::optional<ImageFolder> test;
    if (!params.text("test_folder").empty())
        test = listImageFolder(params.text("test_folder"), &folder.classes);
    return imageFolderDataset(std::move(folder), std::move(test), options, choice);
}

} // namespace

DatasetDef imageFoldersDataset() {
    auto size = tupleParam("size", "Size", {64, 64}, 2, 2, 1, 4096,
                           "Height and width that every image is scaled to.");
    size.unit = "px";
    return {
        .key = "images",
        .title = "Image folders",
        .doc = "PNG and JPEG images of any size, one folder per class. They are decoded during "
               "training, so there may be more than fit into memory.",
        .origin = "Your own files",
        .licence = "That of your files",
        .params = {pathParam("folder", "Folder", "A folder that holds one folder per class."),
                   formerly("test-folder", pathParam("test_folder", "Test folder",
                                                     "A folder with the same classes to test with; "
                                                     "without one, images are held back.")),
                   std::move(size),
                   choiceParam("channels", "Colours", "rgb",
                               {{"rgb", "Red, green, blue", "Three channels."},
                                {"gray", "Gray", "One channel, by luminance."}},
                               "The colours that the network sees."),
                   choiceParam("fit", "Fit", "crop",
                               {{"crop", "Crop",
                                 "Fills the size; the ends of the longer side are cut off."},
                                {"pad", "Pad", "Shows the whole image, with black beside it."},
                                {"stretch", "Stretch", "Scales each side separately."}},
                               "How an image of another aspect ratio is scaled."),
                   normalizeParam(), testFractionParam()},
        .open = openImageFolders};
}

} // namespace gradwright
