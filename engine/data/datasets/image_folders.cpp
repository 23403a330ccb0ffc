// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/catalog.h"
#include "engine/data/images/image_folder.h"
#include "engine/data/images/picture_params.h"
#include "engine/data/tables/table_params.h"
#include "engine/support/error.h"

namespace gradwright {
namespace {

Dataset openImageFolders(const Params& params, const DataChoice& choice) {
    if (params.text("folder").empty())
        throw Error("Choose the folder of the images");
    const auto& size = params.tuple("size");
    ImageFolderOptions options;
    options.shape = {params.text("channels") == "gray" ? 1 : 3, size[0], size[1]};
    options.fit = pictureFitOf(params.text("fit"));
    options.standardize = params.text("normalize") == "standardize";
    options.scaling = givenScaling(params, options.shape[0]);
    options.testFraction = params.real("test_fraction");
    auto folder = listImageFolder(params.text("folder"), nullptr, choice.asBefore);
    std::optional<ImageFolder> test;
    if (!params.text("test_folder").empty())
        test = listImageFolder(params.text("test_folder"), &folder.classes, choice.asBefore);
    if (params.text("unreadable") == "leave_out") {
        leaveOutUnreadable(folder);
        if (test)
            leaveOutUnreadable(*test);
    } else {
        requirePictures(folder, test ? &*test : nullptr);
    }
    return imageFolderDataset(std::move(folder), std::move(test), options, choice);
}

} // namespace

DatasetDef imageFoldersDataset() {
    ParamSpecs params{
        pathParam("folder", "Folder", "A folder that holds one folder per class."),
        formerly("test-folder", pathParam("test_folder", "Test folder",
                                          "A folder with the same classes to test with; "
                                          "without one, images are held back."))};
    for (auto& spec : pictureParams())
        params.push_back(std::move(spec));
    addGivenScaling(params);
    params.push_back(testFractionParam());
    auto unreadable = choiceParam(
        "unreadable", "Unreadable", "refuse",
        {{"refuse", "Refuse", "The data cannot be used until they are repaired or removed."},
         {"leave_out", "Leave out", "The other images are used; the notes list what is left out."}},
        "What to do with images that are broken, cut short or no images.");
    unreadable.advanced = true;
    params.push_back(std::move(unreadable));
    return {.key = "images",
            .title = "Image folders",
            .doc = "PNG, JPEG, BMP, GIF, PNM, WebP and TIFF images of any size, one folder per "
                   "class. They are "
                   "decoded during "
                   "training, so there may be more than fit into memory.",
            .origin = "Your own files",
            .licence = "That of your files",
            .params = std::move(params),
            .open = openImageFolders};
}

} // namespace gradwright
