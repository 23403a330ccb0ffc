// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/catalog.h"
#include "engine/data/images/byte_images.h"
#include "engine/data/tables/table_params.h"
#include "engine/support/error.h"

#include <utility>

namespace gradwright {
namespace {

Dataset openIdxFiles(const Params& params, const DataChoice& choice) {
    const auto& testImages = params.text("test_images");
    const auto& testLabels = params.text("test_labels");
    for (const auto& [key, what] : {std::pair{"training_images", "training images"},
                                    std::pair{"training_labels", "training labels"}})
        if (params.text(key).empty())
            throw Error("Choose the file of the {}", what);
    if (testImages.empty() != testLabels.empty())
        throw Error("Choose the file of the test {}, too, or clear that of the test {}",
                    testImages.empty() ? "images" : "labels",
                    testImages.empty() ? "labels" : "images");
    Preparation preparation;
    preparation.size = params.integer("size");
    preparation.binarize = params.boolean("binarize");
    return openIdx({params.text("training_images"), params.text("training_labels"), testImages,
                    testLabels, params.real("test_fraction"), params.boolean("transposed"),
                    params.text("class_names"), choice.asBefore},
                   preparation, params.text("normalize") == "standardize", choice);
}

} // namespace

DatasetDef idxFilesDataset() {
    return {
        .key = "idx",
        .title = "IDX and NumPy files",
        .doc = "Images with one class each, in two or four files in MNIST's format, which may be "
               "gzipped, or arrays of NumPy: FILE.npy, or FILE.npz:ARRAY.",
        .origin = "Your own files",
        .licence = "That of your files",
        .params =
            {formerly("training-images",
                      pathParam("training_images", "Training images",
                                "IDX or .npy file, or FILE.npz:ARRAY; N×H×W, N×C×H×W or "
                                "N×H×W×C.")),
             formerly("training-labels", pathParam("training_labels", "Training labels",
                                                   "IDX file, N, or N×K with the class first.")),
             formerly("test-images",
                      pathParam("test_images", "Test images",
                                "IDX file, N×H×W, N×C×H×W or N×H×W×C; without one, images are held "
                                "back to test with.")),
             formerly("test-labels", pathParam("test_labels", "Test labels",
                                               "IDX file, N, or N×K with the class first.")),
             intParam("size", "Size", 0, 0, 65'535,
                      "Side of the square cut from the centre; 0 keeps the whole image."),
             binarizeParam(), normalizeParam(), testFractionParam(),
             boolParam("transposed", "Transposed", false,
                       "Columns come before rows, as in EMNIST's files: turns the images "
                       "upright."),
             pathParam("class_names", "Class names",
                       "A text file with the name of a class per line, or with lines of a "
                       "label and a character's code, as EMNIST's mappings have them.")},
        .open = openIdxFiles};
}

} // namespace gradwright
