// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/catalog.h"

#include "engine/data/feed/reconstruction.h"
#include "engine/data/images/added_images.h"
#include "engine/data/images/augmentation.h"
#include "engine/support/error.h"

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <tuple>

namespace gradwright {

namespace {

/// Images may be added to those that hold images by class.
DatasetDef withAddedFolder(DatasetDef def) {
    def.params.push_back(addedFolderParam());
    def.params.push_back(addedAlwaysParam());
    return def;
}

} // namespace

const std::vector<DatasetDef>& datasets() {
    static const std::vector<DatasetDef> all = {
        withAddedFolder(mnistDataset()),
        withAddedFolder(fashionMnistDataset()),
        generatedPointsDataset(),
        generatedSurfaceDataset(),
        withAddedFolder(generatedPatternsDataset()),
        withAddedFolder(generatedShapesDataset()),
        seattleWeatherDataset(),
        kingJamesBibleDataset(),
        withAddedFolder(cifar10Dataset()),
        withAddedFolder(cifar100Dataset()),
        csvTableDataset(),
        withAddedFolder(imageFoldersDataset()),
        textFileDataset(),
        withAddedFolder(idxFilesDataset()),
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

bool isOfFiles(const DatasetDef& def) {
    return std::ranges::any_of(def.params, [](const ParamSpec& spec) {
        return spec.type == ParamType::Path && spec.key != kAddedFolderParam;
    });
}

bool opensAlike(const DataChoice& a, const DataChoice& b) {
    const auto parts = [](const DataChoice& choice) {
        return std::tie(choice.dataset, choice.params, choice.validationFraction, choice.splitSeed,
                        choice.limit, choice.reconstruct, choice.asBefore, choice.folds,
                        choice.fold);
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
    const bool isWhole = choice.folds == 0 && choice.fold == 0;
    if (!isWhole && (choice.folds < 2 || choice.fold < 0 || choice.fold >= choice.folds))
        throw Error("fold {} of {} is none: there have to be at least 2, counted from 0",
                    choice.fold, choice.folds);
    if (choice.limit < 0)
        throw Error("the number of samples to train on must be at least 0 (all), not {}",
                    choice.limit);
}

namespace {

std::string addedFolderOf(const DatasetDef& def, const DataChoice& choice) {
    return findParam(def.params, kAddedFolderParam)
               ? Params(def.params, choice.params).text(kAddedFolderParam)
               : std::string();
}

/// What comes with the program does not change while it runs; a file of the user's may.
bool isFixed(const DatasetDef& def, const DataChoice& choice) {
    return !isOfFiles(def) && addedFolderOf(def, choice).empty();
}

Dataset openAnew(const DatasetDef& def, const DataChoice& choice) {
    auto data = def.open(Params(def.params, choice.params), choice);
    if (!isOfFiles(def))
        data.notes.clear(); // nothing of it may surprise
    if (const auto folder = addedFolderOf(def, choice); !folder.empty())
        data = withAddedImages(std::move(data), folder,
                               Params(def.params, choice.params).boolean(kAddedAlwaysParam));
    return choice.reconstruct ? reconstructing(std::move(data)) : data;
}

/// Data sets that somebody has open.
class OpenDatasets {
public:
    [[nodiscard]] std::optional<Dataset> find(const DataChoice& choice) const {
        for (const auto& each : all_)
            if (opensAlike(each.choice, choice) && each.resources == resources())
                if (auto training = each.training.lock())
                    if (auto test = each.test.lock())
                        return Dataset{each.info, std::move(training), std::move(test), each.table};
        return {};
    }
    void add(const DataChoice& choice, const Dataset& data) {
        std::erase_if(all_, [](const Entry& each) { return each.training.expired(); });
        all_.push_back({choice, resources(), data.info, data.training, data.test, data.table});
    }

private:
    struct Entry {
        DataChoice choice;
        std::string resources;
        DataInfo info;
        std::weak_ptr<const DataSource> training;
        std::weak_ptr<const DataSource> test;
        std::shared_ptr<const TableSummary> table; ///< small
    };
    static std::string resources() {
        const char* const folder = std::getenv("GRADWRIGHT_RESOURCES");
        return folder ? folder : "";
    }
    std::vector<Entry> all_;
};

Dataset assignedTo(Dataset data, const DataChoice& choice) {
    data.info.assignment = choice.assignment;
    return data;
}

} // namespace

Dataset openDataset(const DataChoice& choice, const std::optional<TableReading>& like) {
    if (!like || choice.dataset != "csv" || choice.asBefore)
        return openDataset(choice);
    requireValid(choice);
    auto data = openTableAlike(choice, *like);
    return assignedTo(choice.reconstruct ? reconstructing(std::move(data)) : std::move(data),
                      choice);
}

Dataset openDataset(const DataChoice& choice) {
    requireValid(choice);
    const auto& def = dataset(choice.dataset);
    const auto assigned = [&](Dataset data) { return assignedTo(std::move(data), choice); };
    if (!isFixed(def, choice))
        return assigned(openAnew(def, choice));
    // One after the other: what two want at once is read once.
    static std::mutex mutex;
    static OpenDatasets open;
    const std::lock_guard lock(mutex);
    if (auto found = open.find(choice))
        return assigned(*std::move(found));
    auto data = openAnew(def, choice);
    open.add(choice, data);
    return assigned(std::move(data));
}

} // namespace gradwright
