// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/catalog.h"
#include "engine/data/images/image_corrections.h"
#include "engine/data/images/image_folder.h"
#include "engine/data/images/picture_params.h"
#include "engine/data/tables/table_params.h"
#include "engine/support/error.h"

namespace gradwright {
namespace {

ImageListing listingOf(const Params& params, const DataChoice& choice) {
    return {params.text("nested") == "use", params.text("links") == "use", choice.asBefore};
}

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
    auto folder = listImageFolder(params.text("folder"), nullptr, listingOf(params, choice));
    std::optional<ImageFolder> test;
    if (!params.text("test_folder").empty())
        test =
            listImageFolder(params.text("test_folder"), &folder.classes, listingOf(params, choice));
    if (params.text("unreadable") == "leave_out") {
        leaveOutUnreadable(folder);
        if (test)
            leaveOutUnreadable(*test);
    } else {
        requirePictures(folder, test ? &*test : nullptr,
                        "leave them out with data.unreadable=leave_out");
    }
    const auto corrections = correctionsFrom(params.text(kCorrectionsParam));
    correct(folder, corrections, false);
    if (test)
        correct(*test, corrections, true);
    if (params.text("duplicates") == "leave_out")
        leaveOutRepeated(folder, test ? &*test : nullptr);
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
    auto duplicates = choiceParam(
        "duplicates", "Duplicates", "keep",
        {{"keep", "Keep", "An image that is there twice counts twice."},
         {"leave_out", "Leave out",
          "Of files of a class that are equal to the byte, the first one stays; none of them is in "
          "two parts then."}},
        "What to do with images that are there several times.");
    auto nested =
        choiceParam("nested", "Nested folders", "use",
                    {{"use", "Use", "Images in folders within a class belong to the class."},
                     {"leave_out", "Leave out", "Only the files in the folder of a class do."}},
                    "What to do with folders within the folder of a class.");
    auto links = choiceParam(
        "links", "Links", "use",
        {{"use", "Use", "A link to a file counts as the file."},
         {"leave_out", "Leave out", "Only files that lie there themselves are used."}},
        "What to do with symbolic links to files. A class may be a link to a folder; within one, "
        "links to folders are left out.");
    auto corrections =
        textParam(std::string(kCorrectionsParam), "Corrections", "",
                  "Images that belong to another class than that of their folder, or to none: "
                  "cat/12.png=dog, cat/13.png= (left out). The files stay as they are; the Data "
                  "page writes this for the image that is chosen there.");
    for (auto* const spec : {&unreadable, &duplicates, &nested, &links, &corrections}) {
        spec->advanced = true;
        params.push_back(std::move(*spec));
    }
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
