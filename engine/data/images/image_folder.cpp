// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/image_folder.h"

#include "engine/data/images/folder_entries.h"
#include "engine/data/images/folder_parts.h"
#include "engine/data/images/picture.h"
#include "engine/data/images/picture_check.h"
#include "engine/data/images/picture_sample.h"
#include "engine/data/sample_origins.h"
#include "engine/data/tables/cell.h"
#include "engine/support/counted.h"
#include "engine/support/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

/// Makes the seed of the test part another than that of validation.
constexpr std::uint64_t kTestImagesSeed = 0x7E57;
constexpr std::size_t kMostFiles = 100'000'000;

constexpr int kMostDepth = 16; ///< how deep a class may nest folders

/// Advice where the images lie in no folder.
std::string imagesWithoutClass(const fs::path& root) {
    const auto count = imagesBeside(root);
    return count == 0 ? std::string()
                      : fmt::format("; {} beside {} no class", counted(count, "image"),
                                    count == 1 ? "has" : "have");
}

/// Folders that all hold the same ones may be parts of a data set with unusual names.
void noteSharedFolders(const fs::path& root, const std::vector<std::string>& names,
                       std::vector<std::string>& notes) {
    const auto shared = subfolders(root / names.front(), false);
    if (shared.size() < 2 || !std::ranges::all_of(names, [&](const std::string& name) {
            return subfolders(root / name, false) == shared;
        }))
        return;
    constexpr std::size_t shown = 4;
    notes.push_back(fmt::format(
        "the classes are {}, and each holds the folders {}{}: if these are the classes, name one "
        "of the former as the folder and another one as the test folder",
        fmt::join(std::span(names).first(std::min(shown, names.size())), ", "),
        fmt::join(std::span(shared).first(std::min(shown, shared.size())), ", "),
        shared.size() > shown ? ", …" : ""));
}

std::string kindOfName(const fs::path& file) {
    const auto ending = lowerCased(file.extension().string());
    if (ending == ".jpg" || ending == ".jpeg" || ending == ".jpe" || ending == ".jfif")
        return "JPEG";
    if (ending == ".tif")
        return "TIFF";
    if (ending.size() < 2)
        return "file without an ending";
    std::string kind = ending.substr(1);
    std::ranges::transform(kind, kind.begin(), [](char letter) {
        return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
    });
    return kind;
}

bool isPictureBefore(const fs::path& file) {
    const auto ending = lowerCased(file.extension().string());
    return ending == ".png" || ending == ".jpg" || ending == ".jpeg";
}

/// Counts the files of all classes by what they are.
class FolderCensus {
public:
    explicit FolderCensus(const ImageListing& listing)
        : listing_(listing) {}

    /// The images of a class, by their paths below the root, sorted within each folder.
    std::vector<std::string> imagesIn(const fs::path& root, const fs::path& folder, int depth = 0) {
        std::vector<std::string> images;
        std::error_code error;
        std::size_t hidden = 0;
        const auto entries = entriesOf(root / folder, listing_.asBefore, &hidden);
        if (hidden > 0)
            others_["hidden image"] += hidden;
        for (const auto& entry : entries) {
            const auto path = folder / entry.path().filename();
            if (entry.is_directory(error)) {
                if (listing_.asBefore)
                    continue;
                if (!listing_.nested && !entry.is_symlink()) {
                    ++others_["folder within a class"];
                    continue;
                }
                if (entry.is_symlink() || depth == kMostDepth) { // it may lead back up
                    ++others_["link to a folder"];
                    continue;
                }
                auto inner = imagesIn(root, path, depth + 1);
                nested_ += depth == 0 ? inner.size() : 0;
                std::ranges::move(inner, std::back_inserter(images));
                continue;
            }
            if (!listing_.links && entry.is_symlink()) {
                ++others_["link"];
                continue;
            }
            if (listing_.asBefore && (!entry.is_regular_file(error) || !isPictureBefore(path)))
                continue;
            const bool isImage = entry.is_regular_file(error) && hasPictureEnding(path);
            ++(isImage ? used_
                       : others_)[entry.is_regular_file(error) ? kindOfName(path) : "broken link"];
            if (!isImage)
                continue;
            images.push_back(path.string());
        }
        return images;
    }

    /// What is left out so far, "2 TXT, 1 link"; empty where nothing is.
    [[nodiscard]] std::string leftOut() const { return listed(others_); }

    [[nodiscard]] std::vector<std::string> notes() const {
        std::size_t used = 0;
        std::size_t others = 0;
        for (const auto& [kind, count] : used_)
            used += count;
        for (const auto& [kind, count] : others_)
            others += count;
        auto note = fmt::format("{}: {}", counted(used + others, "file"), listed(used_));
        if (others > 0)
            note += fmt::format(", {} of other kinds left out ({})", others, listed(others_));
        std::vector<std::string> notes{std::move(note)};
        if (nested_ > 0)
            notes.push_back(fmt::format("{} of them in folders within a class", nested_));
        return notes;
    }

private:
    using Counts = std::map<std::string, std::size_t>;
    static std::string listed(const Counts& counts) {
        std::string list;
        for (const auto& [kind, count] : counts)
            list += fmt::format("{}{}", list.empty() ? "" : ", ",
                                counted(count, kind, isPhrase(kind) ? severalOf(kind) : kind));
        return list;
    }

    /// What is no file's kind, such as "PNG".
    static bool isPhrase(const std::string& kind) {
        return kind.starts_with("file") || kind.starts_with("folder") || kind.starts_with("link") ||
               kind.starts_with("broken") || kind.starts_with("hidden");
    }
    /// "links to folders" of "link to a folder".
    static std::string severalOf(const std::string& kind) {
        for (const std::string_view one : {"folder", "file"})
            if (kind.starts_with(one) && kind.size() > one.size())
                return fmt::format("{}s{}", one, kind.substr(one.size()));
        return kind == "link to a folder" ? "links to folders" : kind + "s";
    }

    ImageListing listing_;
    Counts used_;
    Counts others_;
    std::size_t nested_ = 0;
};

class FolderSource final : public DataSource, public SampleOrigins {
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
    [[nodiscard]] std::string origin(std::int64_t index) const override {
        return folder_.files[static_cast<std::size_t>(index)];
    }

private:
    ImageFolder folder_;
    Shape shape_;
    Preparation preparation_;
};

ImageFolder only(const ImageFolder& folder, std::vector<std::uint32_t> part) {
    std::ranges::sort(part);
    ImageFolder result{folder.root, folder.classes, {}, {}, {}};
    for (const auto index : part) {
        result.files.push_back(folder.files[index]);
        result.labels.push_back(folder.labels[index]);
    }
    return result;
}

} // namespace

ImageFolder listImageFolder(const fs::path& root, const std::vector<std::string>* classes,
                            const ImageListing& listing) {
    ImageFolder folder{root, subfolders(root, listing.asBefore), {}, {}, {}};
    requireNoParts(root, folder.classes);
    if (!classes && folder.classes.size() < 2)
        throw Error("{}: there must be a folder for each of two or more classes, not {}{}{}",
                    root.string(), folder.classes.size(), classesBelow(root, folder.classes),
                    imagesWithoutClass(root));
    const auto names = folder.classes;
    if (classes)
        folder.classes = *classes;
    FolderCensus census(listing);
    for (const auto& name : names) {
        const auto found = std::ranges::find(folder.classes, name);
        if (found == folder.classes.end())
            throw Error("{}: there is no such class among those to train on ({})",
                        (root / name).string(), fmt::join(folder.classes, ", "));
        auto images = census.imagesIn(root, name);
        if (images.empty() && listing.mayBeEmpty)
            continue;
        if (images.empty()) {
            FolderCensus own(listing);
            static_cast<void>(own.imagesIn(root, name));
            const auto others = own.leftOut();
            throw Error("{}: holds no PNG or JPEG image (.png, .jpg, .jpeg), and no BMP, GIF, "
                        "PNM, WebP or TIFF{}",
                        (root / name).string(), others.empty() ? "" : ", but " + others);
        }
        folder.labels.insert(folder.labels.end(), images.size(),
                             static_cast<std::int32_t>(found - folder.classes.begin()));
        std::ranges::move(images, std::back_inserter(folder.files));
        if (folder.files.size() > kMostFiles)
            throw Error("{}: more than {} images", root.string(), kMostFiles);
    }
    folder.notes = census.notes();
    if (const auto beside = listing.asBefore ? 0 : imagesBeside(root); beside > 0)
        folder.notes.push_back(
            fmt::format("{} beside the folders of the classes left out", counted(beside, "image")));
    if (!listing.asBefore && !classes)
        noteSharedFolders(root, names, folder.notes);
    return folder;
}

void requirePictures(const ImageFolder& folder, const ImageFolder* test, std::string_view remedy) {
    std::size_t count = 0;
    std::string where;
    std::string list;
    for (const auto* each : {&folder, test}) {
        if (!each)
            continue;
        std::vector<std::string> files;
        for (const auto& file : each->files)
            files.push_back((each->root / file).string());
        std::size_t here = 0;
        for (const auto& [file, fault] : pictureFaults(files))
            if (fault && ++here + count <= kMostFaultsListed)
                list += fmt::format("\n  {}: {}", file, *fault);
        if (here == 0)
            continue;
        where += fmt::format("{}{}: {} of {} cannot be used", where.empty() ? "" : "; ",
                             each->root.string(), here, counted(files.size(), "image"));
        count += here;
    }
    if (count == 0)
        return;
    if (count > kMostFaultsListed)
        list += fmt::format("\n  and {} more", count - kMostFaultsListed);
    throw UnreadableImages(count, fmt::format("{}; repair or remove {}{}{}{}", where,
                                              count == 1 ? "it" : "them",
                                              remedy.empty() ? "" : ", or ", remedy, list));
}

void leaveOutUnreadable(ImageFolder& folder) {
    constexpr std::size_t shown = 5;
    std::vector<std::string> files;
    for (const auto& file : folder.files)
        files.push_back((folder.root / file).string());
    const auto faults = pictureFaults(files);
    ImageFolder kept{folder.root, folder.classes, {}, {}, folder.notes};
    std::size_t count = 0;
    std::string list;
    for (std::size_t i = 0; i < files.size(); ++i) {
        const auto& fault = faults.at(files[i]);
        if (!fault) {
            kept.files.push_back(folder.files[i]);
            kept.labels.push_back(folder.labels[i]);
        } else if (++count <= shown) {
            list += fmt::format("{}{}: {}", count == 1 ? "" : "; ", folder.files[i], *fault);
        }
    }
    if (count == 0)
        return;
    for (std::size_t c = 0; c < folder.classes.size(); ++c) {
        const auto label = static_cast<std::int32_t>(c);
        if (std::ranges::count(kept.labels, label) == 0 &&
            std::ranges::count(folder.labels, label) > 0)
            throw Error("{}: all images of the class \"{}\" are unreadable: {}",
                        folder.root.string(), folder.classes[c], list);
    }
    kept.notes.push_back(fmt::format("{} left out ({}{})", counted(count, "unreadable image"), list,
                                     count > shown ? "; …" : ""));
    folder = std::move(kept);
}

Dataset imageFolderDataset(ImageFolder folder, std::optional<ImageFolder> test,
                           const ImageFolderOptions& options, const DataChoice& choice) {
    auto notes = folder.notes;
    if (test)
        for (const auto& note : test->notes)
            notes.push_back("test folder: " + note);
    if (!test) {
        const auto split =
            stratifiedSplit(folder.labels, folder.classes.size(), options.testFraction,
                            choice.splitSeed + kTestImagesSeed);
        if (split.validation.empty())
            throw Error("{}: a part of {} of {} leaves none to test with; take more, or "
                        "name a folder to test with",
                        folder.root.string(), options.testFraction,
                        counted(folder.files.size(), "image"));
        test = only(folder, split.validation);
        folder = only(folder, split.training);
    }
    DataInfo info;
    info.input = options.shape;
    info.classes = folder.classes;
    info.preparation = {.size = 0, .pictures = PictureKind::Whole, .fit = options.fit};
    if (options.scaling) {
        info.preparation.mean = options.scaling->mean;
        info.preparation.deviation = options.scaling->deviation;
    } else if (options.standardize) {
        const auto part = splitOf(folder.labels, folder.classes.size(), choice).training;
        const FolderSource source(folder, options, info.preparation);
        standardizeOver(
            info.input, part.size(),
            [&](std::size_t i, std::span<float> out) { source.input(part[i], out); },
            info.preparation);
    }
    auto training = std::make_shared<FolderSource>(std::move(folder), options, info.preparation);
    auto held = std::make_shared<FolderSource>(*std::move(test), options, info.preparation);
    return {std::move(info), std::move(training), std::move(held), nullptr, std::move(notes)};
}

} // namespace gradwright
