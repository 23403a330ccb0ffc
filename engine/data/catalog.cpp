// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/catalog.h"

#include "engine/data/augmentation.h"
#include "engine/data/reconstruction.h"
#include "engine/support/error.h"

#include <algorithm>
#include <tuple>

namespace gradwright {

const std::vector<DatasetDef>& datasets() {
    static const std::vector<DatasetDef> all = {
        mnistDataset(),
        fashionMnistDataset(),
        generatedPointsDataset(),
        generatedSurfaceDataset(),
        generatedPatternsDataset(),
        generatedShapesDataset(),
        seattleWeatherDataset(),
        kingJamesBibleDataset(),
        cifar10Dataset(),
        cifar100Dataset(),
        csvTableDataset(),
        imageFoldersDataset(),
        textFileDataset(),
        idxFilesDataset(),
    };
    return all;
}

const DatasetDef& dataset(std::string_view key) {
    const auto found = std::ranges::find(datasets(), key, &DatasetDef::key);
    if (found != datasets().end())
        return *found;
    std::string known;
    for (const auto& def : datasets())
        known += (known.empty() ? "" : ", ") + def.key;
    throw Error("there is no data set \"{}\"; known are {}", key, known);
}

bool opensAlike(const DataChoice& a, const DataChoice& b) {
    const auto parts = [](const DataChoice& choice) {
        return std::tie(choice.dataset, choice.params, choice.validationFraction, choice.splitSeed,
                        choice.limit, choice.reconstruct);
    };
    return parts(a) == parts(b);
}

void requireValid(const DataChoice& choice) {
    const auto& def = dataset(choice.dataset);
    const auto problems = validate(def.params, choice.params);
    if (!problems.empty())
        throw Error("data set {}: {}", def.key, problems.front().message);
    if (const auto wrong = validate(augmentationParams(), choice.augmentation); !wrong.empty())
        throw Error("augmentation: {}", wrong.front().message);
    if (!(choice.validationFraction >= 0 && choice.validationFraction < 1))
        throw Error("the part kept for validation must be at least 0 and less than 1, not {}",
                    choice.validationFraction);
    if (choice.limit < 0)
        throw Error("the number of samples to train on must be at least 0 (all), not {}",
                    choice.limit);
}

Dataset openDataset(const DataChoice& choice) {
    requireValid(choice);
    const auto& def = dataset(choice.dataset);
    auto data = def.open(Params(def.params, choice.params), choice);
    return choice.reconstruct ? reconstructing(std::move(data)) : data;
}

} // namespace gradwright
