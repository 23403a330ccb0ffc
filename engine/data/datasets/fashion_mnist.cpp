// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/catalog.h"
#include "engine/data/images/byte_images.h"
#include "engine/support/error.h"

#include <system_error>

namespace gradwright {
namespace {

Dataset openFashionMnist(const Params& params, const DataChoice& choice) {
    const std::filesystem::path folder = params.text("folder");
    std::error_code error;
    if (!std::filesystem::is_directory(folder, error))
        throw Error("Fashion-MNIST is not in {}; install Debian's package dataset-fashion-mnist "
                    "or name the folder that holds it",
                    folder.string());
    Preparation preparation;
    preparation.box = 28; // the articles were scaled to the whole height or width
    return openIdx(mnistFilesIn(folder), preparation, params.text("normalize") == "standardize",
                   choice,
                   {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt",
                    "Sneaker", "Bag", "Ankle boot"});
}

} // namespace

DatasetDef fashionMnistDataset() {
    auto folder = pathParam("folder", "Folder", "The folder that holds the four files.");
    folder.defaultValue = std::string("/usr/share/datasets/fashion-mnist");
    return {.key = "fashion-mnist",
            .title = "Fashion-MNIST",
            .doc = "Articles of clothing, gray, 28 × 28, in ten classes: 60,000 to train on and "
                   "10,000 to test with. Harder than digits.",
            .origin = "Han Xiao, Kashif Rasul, Roland Vollgraf (Zalando SE); Debian's package "
                      "dataset-fashion-mnist",
            .licence = "MIT",
            .params = {folder, normalizeParam()},
            .open = openFashionMnist};
}

} // namespace gradwright
