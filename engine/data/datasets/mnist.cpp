// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/catalog.h"
#include "engine/data/images/byte_images.h"
#include "engine/support/resources.h"

namespace gradwright {
namespace {

Dataset openMnist(const Params& params, const DataChoice& choice) {
    Preparation preparation;
    preparation.size = params.integer("size");
    preparation.binarize = params.boolean("binarize");
    return openIdx(mnistFilesIn(resourcePath("datasets/mnist")), preparation,
                   params.text("normalize") == "standardize", choice,
                   {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"});
}

} // namespace

DatasetDef mnistDataset() {
    auto size =
        intParam("size", "Size", 28, 20, 28,
                 "Side of the square cut from the centre. The digits themselves were scaled "
                 "into 20 × 20.");
    size.unit = "px";
    return {.key = "mnist",
            .title = "MNIST",
            .doc = "Handwritten digits, gray, 28 × 28: 60,000 to train on and 10,000 to test with.",
            .origin = "Yann LeCun, Corinna Cortes, Christopher Burges; comes with the program",
            .licence = "CC BY-SA 3.0",
            .params = {size, binarizeParam(), normalizeParam()},
            .open = openMnist};
}

} // namespace gradwright
