// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/image_folder.h"

#include "engine/data/images/picture.h"
#include "engine/data/images/picture_sample.h"
#include "engine/data/text/utf8.h"
#include "engine/support/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <system_error>
#include <utility>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

/// Makes the seed of the test part another than that of validation.
constexpr std::uint64_t kTestImagesSeed = 0x7E57;
constexpr std::size_t kMostFiles = 100'000'000;

bool isHidden(const fs::path& path) {
    return path.filename().string().starts_with('.');
}

std::vector<fs::directory_entry> entriesOf(const fs::path& folder) {
    std::error_code error;
    std::vector<fs::directory_entry> entries;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
        if (!isHidden(it->path()) && !it->is_symlink())
            entries.push_back(*it);
    if (error)
        throw Error("{}: cannot be read: {}", folder.string(), error.message());
    std::ranges::sort(entries, {}, [](const auto& entry) { return entry.path(); });
    return entries;
}

std::vector<std::string> subfolders(const fs::path& root) {
    std::error_code error;
    if (!fs::is_directory(root, error))
        throw Error("{}: there is no such folder", root.string());
    std::vector<std::string> names;
    for (const auto& entry : entriesOf(root))
        if (entry.is_directory(error)) {
            names.push_back(entry.path().filename().string());
            requireText(names.back(), root.string() + ": name of a folder");
        }
    return names;
}

/// Folders named so are parts, and taking them for classes would learn nonsense.
void requireNoParts(const fs::path& root, const std::vector<std::string>& names) {
    const std::set<std::string> found(names.begin(), names.end());
    if (found.contains("train") &&
        (found.contains("test") || found.contains("val") || found.contains("valid")))
        throw Error("{}: its folders are parts, not classes; name {} as the folder and the other "
                    "as the test folder",
                    root.string(), (root / "train").string());
}

class FolderSource final : public DataSource {
public:
    FolderSource(ImageFolder folder, const ImageFolderOptions& options, Preparation preparation)
        : folder_(std::move(folder))
        , shape_(options.shape)
        , preparation_(std::move(preparation)) {}

    [[nodiscard]] std::int64_t size() const override {
        return static_cast<std::int64_t>(folder_.files.size());
    }
    [[nodiscard]] const Shape& shape() const override { return shape_; }
    void input(std::int64_t index, std::span<float> out) const override {
        readPictureSample(folder_.root / folder_.files[static_cast<std::size_t>(index)], shape_,
                          preparation_, out);
    }
    [[nodiscard]] std::int32_t label(std::int64_t index) const override {
        return folder_.labels[static_cast<std::size_t>(index)];
    }
    [[nodiscard]] bool isCostly() const override { return true; }

private:
    ImageFolder folder_;
    Shape shape_;
    Preparation preparation_;
};

ImageFolder only(const ImageFolder& folder, std::vector<std::uint32_t> part) {
    std::ranges::sort(part);
    ImageFolder result{folder.root, folder.classes, {}, {}};
    for (const auto index : part) {
        result.files.push_back(folder.files[index]);
        result.labels.push_back(folder.labels[index]);
    }
    return result;
}

} // namespace

ImageFolder listImageFolder(const fs::path& root, const std::vector<std::string>* classes) {
    ImageFolder folder{root, subfolders(root), {}, {}};
    requireNoParts(root, folder.classes);
    if (!classes && folder.classes.size() < 2)
        throw Error("{}: there must be a folder for each of two or more classes, not {}",
                    root.string(), folder.classes.size());
    const auto names = folder.classes;
    if (classes)
        folder.classes = *classes;
    for (const auto& name : names) {
        const auto found = std::ranges::find(folder.classes, name);
        if (found == folder.classes.end())
            throw Error("{}: there is no such class among those to train on ({})",
                        (root / name).string(), fmt::join(folder.classes, ", "));
        const auto before = folder.files.size();
        std::error_code error;
        for (const auto& entry : entriesOf(root / name)) {
            if (!entry.is_regular_file(error) || !hasPictureEnding(entry.path()))
                continue;
            requirePictureSignature(entry.path());
            folder.files.push_back((fs::path(name) / entry.path().filename()).string());
            folder.labels.push_back(static_cast<std::int32_t>(found - folder.classes.begin()));
        }
        if (folder.files.size() == before)
            throw Error("{}: holds no PNG or JPEG image (.png, .jpg, .jpeg)",
                        (root / name).string());
        if (folder.files.size() > kMostFiles)
            throw Error("{}: more than {} images", root.string(), kMostFiles);
    }
    return folder;
}

Dataset imageFolderDataset(ImageFolder folder, std::optional<ImageFolder> test,
                           const ImageFolderOptions& options, const DataChoice& choice) {
    if (!test) {
        const auto split =
            stratifiedSplit(folder.labels, folder.classes.size(), options.testFraction,
                            choice.splitSeed + kTestImagesSeed);
        if (split.validation.empty())
            throw Error("{}: a part of {} of {} images leaves none to test with; take more, or "
                        "name a folder to test with",
                        folder.root.string(), options.testFraction, folder.files.size());
        test = only(folder, split.validation);
        folder = only(folder, split.training);
    }
    DataInfo info;
    info.input = options.shape;
    info.classes = folder.classes;
    info.preparation = {.size = 0, .pictures = PictureKind::Whole, .fit = options.fit};
    if (options.standardize) {
        const auto part = splitOf(folder.labels, folder.classes.size(), choice).training;
        const FolderSource source(folder, options, info.preparation);
        standardizeOver(
            info.input, part.size(),
            [&](std::size_t i, std::span<float> out) { source.input(part[i], out); },
            info.preparation);
    }
    auto training = std::make_shared<FolderSource>(std::move(folder), options, info.preparation);
    auto held = std::make_shared<FolderSource>(*std::move(test), options, info.preparation);
    return {std::move(info), std::move(training), std::move(held)};
}

} // namespace gradwright
