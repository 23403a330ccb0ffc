// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/catalog.h"
#include "engine/data/images/byte_images.h"
#include "engine/support/error.h"

namespace gradwright {
namespace {

Dataset openIdxFiles(const Params& params, const DataChoice& choice) {
    for (const auto* key : {"training_images", "training_labels", "test_images", "test_labels"})
        if (params.text(key).empty())
            throw Error("data set idx: name a file for {}", key);
    Preparation preparation;
    preparation.size = params.integer("size");
    preparation.binarize = params.boolean("binarize");
    return openIdx({params.text("training_images"), params.text("training_labels"),
                    params.text("test_images"), params.text("test_labels")},
                   preparation, params.text("normalize") == "standardize", choice);
}

} // namespace

DatasetDef idxFilesDataset() {
    return {.key = "idx",
            .title = "IDX files",
            .doc = "Gray images with one class each, in four files in MNIST's format; they may be "
                   "gzipped.",
            .origin = "Your own files",
            .licence = "That of your files",
            .params = {formerly("training-images", pathParam("training_images", "Training images",
                                                             "IDX file, N×H×W bytes.")),
                       formerly("training-labels", pathParam("training_labels", "Training labels",
                                                             "IDX file, N bytes.")),
                       formerly("test-images",
                                pathParam("test_images", "Test images", "IDX file, N×H×W bytes.")),
                       formerly("test-labels",
                                pathParam("test_labels", "Test labels", "IDX file, N bytes.")),
                       intParam("size", "Size", 0, 0, 65'535,
                                "Side of the square cut from the centre; 0 keeps the whole image."),
                       binarizeParam(), normalizeParam()},
            .open = openIdxFiles};
}

} // namespace gradwright
