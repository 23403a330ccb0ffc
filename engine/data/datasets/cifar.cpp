// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/cifar.h"

#include "engine/data/catalog.h"
#include "engine/support/error.h"

#include <system_error>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

fs::path folderOf(const Params& params, std::string_view key) {
    const fs::path folder = params.text("folder");
    if (folder.empty())
        throw Error("data set {}: name the folder that holds its binary files", key);
    std::error_code error;
    if (!fs::is_directory(folder, error))
        throw Error("{}: there is no such folder", folder.string());
    return folder;
}

Preparation wholePictures() {
    return {.size = 0, .pictures = PictureKind::Whole, .fit = PictureFit::Crop};
}

bool standardizes(const Params& params) {
    return params.text("normalize") == "standardize";
}

Dataset openTen(const Params& params, const DataChoice& choice) {
    const auto folder = folderOf(params, "cifar-10");
    std::vector<fs::path> files;
    for (int i = 1; i <= 5; ++i)
        files.push_back(folder / fmt::format("data_batch_{}.bin", i));
    const CifarFormat format{1, 0, 10};
    return byteImageDataset(
        readCifar(files, format), readCifar({folder / "test_batch.bin"}, format),
        {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"},
        wholePictures(), standardizes(params), choice);
}

Dataset openHundred(const Params& params, const DataChoice& choice) {
    const auto folder = folderOf(params, "cifar-100");
    const bool coarse = params.text("labels") == "coarse";
    const CifarFormat format{2, coarse ? 0U : 1U, coarse ? 20U : 100U};
    auto names = readClassNames(
        folder / (coarse ? "coarse_label_names.txt" : "fine_label_names.txt"), format.classes);
    return byteImageDataset(readCifar({folder / "train.bin"}, format),
                            readCifar({folder / "test.bin"}, format), std::move(names),
                            wholePictures(), standardizes(params), choice);
}

constexpr auto kOrigin = "Alex Krizhevsky, Vinod Nair, Geoffrey Hinton: the binary version from "
                         "www.cs.toronto.edu/~kriz/cifar.html, unpacked";
constexpr auto kLicence = "None stated; the authors ask to be cited";

} // namespace

DatasetDef cifar10Dataset() {
    return {.key = "cifar-10",
            .title = "CIFAR-10",
            .doc = "Small colour photographs, 3×32×32, of ten kinds of things: 50,000 to train on "
                   "and 10,000 to test with.",
            .origin = kOrigin,
            .licence = kLicence,
            .params = {pathParam("folder", "Folder",
                                 "Holds data_batch_1.bin to data_batch_5.bin and "
                                 "test_batch.bin."),
                       normalizeParam()},
            .open = openTen};
}

DatasetDef cifar100Dataset() {
    return {.key = "cifar-100",
            .title = "CIFAR-100",
            .doc = "Small colour photographs, 3×32×32, of a hundred kinds of things, or twenty "
                   "groups of them: 50,000 to train on and 10,000 to test with.",
            .origin = kOrigin,
            .licence = kLicence,
            .params = {pathParam("folder", "Folder",
                                 "Holds train.bin, test.bin and the files of names."),
                       choiceParam("labels", "Classes", "fine",
                                   {{"fine", "100 kinds", "Apple, aquarium fish, …"},
                                    {"coarse", "20 groups", "Fruit, fish, …"}},
                                   "Which of the two labels of each picture is learned."),
                       normalizeParam()},
            .open = openHundred};
}

} // namespace gradwright
