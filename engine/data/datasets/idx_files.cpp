// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/byte_images.h"
#include "engine/data/catalog.h"
#include "engine/support/error.h"

namespace gradwright {
namespace {

Dataset openIdxFiles(const Params& params, const DataChoice& choice) {
    for (const auto* key : {"training-images", "training-labels", "test-images", "test-labels"})
        if (params.text(key).empty())
            throw Error("data set idx: name a file for {}", key);
    Preparation preparation;
    preparation.size = params.integer("size");
    preparation.binarize = params.boolean("binarize");
    return openIdx({params.text("training-images"), params.text("training-labels"),
                    params.text("test-images"), params.text("test-labels")},
                   preparation, params.text("normalize") == "standardize", choice);
}

} // namespace

DatasetDef idxFilesDataset() {
    return {.key = "idx",
            .title = "IDX files",
            .doc = "Gray images with a class each, in four files of the form that MNIST has, gzip "
                   "or not.",
            .origin = "Your own files",
            .licence = "That of your files",
            .params = {pathParam("training-images", "Training images", "IDX file, N×H×W bytes."),
                       pathParam("training-labels", "Training labels", "IDX file, N bytes."),
                       pathParam("test-images", "Test images", "IDX file, N×H×W bytes."),
                       pathParam("test-labels", "Test labels", "IDX file, N bytes."),
                       intParam("size", "Size", 0, 0, 65'535,
                                "Side of the square cut from the centre; 0 keeps the whole image."),
                       binarizeParam(), normalizeParam()},
            .open = openIdxFiles};
}

} // namespace gradwright
