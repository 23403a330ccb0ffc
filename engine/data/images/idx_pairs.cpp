// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/idx_pairs.h"

#include "engine/data/byte_reader.h"
#include "engine/data/tables/cell.h"
#include "engine/support/error.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

/// What the header of an IDX file says.
struct IdxFile {
    fs::path path;
    bool hasImages = false; ///< else labels
    std::int64_t count = 0;
};

std::optional<IdxFile> idxFileAt(const fs::path& path) {
    ByteReader reader(path);
    std::array<std::uint8_t, 8> head{};
    constexpr std::uint8_t kFirstType = 0x08;
    constexpr std::uint8_t kLastType = 0x0E;
    if (reader.read(head) < head.size() || head[0] != 0 || head[1] != 0 || head[2] < kFirstType ||
        head[2] > kLastType || head[3] < 1 || head[3] > 4)
        return {};
    std::int64_t count = 0;
    for (std::size_t i = 4; i < head.size(); ++i)
        count = count * 256 + head[i];
    return IdxFile{path, head[3] >= 3, count};
}

bool isForTests(const fs::path& path) {
    const auto name = lowerCased(path.filename().string());
    return name.find("test") != std::string::npos || name.find("t10k") != std::string::npos;
}

std::string contentOf(const IdxFile& file) {
    return fmt::format("{} {}", file.count, file.hasImages ? "images" : "labels");
}

} // namespace

std::optional<ParamValues> pairIdxFiles(std::span<const fs::path> files) {
    std::vector<IdxFile> images;
    std::vector<IdxFile> labels;
    for (const auto& path : files) {
        auto file = idxFileAt(path);
        if (!file)
            return {};
        (file->hasImages ? images : labels).push_back(*std::move(file));
    }
    std::vector<std::pair<IdxFile, IdxFile>> pairs;
    for (const auto& image : images) {
        // Of several with as many labels, the one that is for the same part.
        const auto fits = [&](bool isStrict) {
            return std::ranges::find_if(labels, [&](const IdxFile& each) {
                return each.count == image.count &&
                       (!isStrict || isForTests(each.path) == isForTests(image.path));
            });
        };
        auto found = fits(true);
        if (found == labels.end())
            found = fits(false);
        if (found == labels.end()) {
            if (!labels.empty() && images.size() == 1)
                throw Error("{} holds {}, but {} holds {}; they belong to different data",
                            image.path.string(), contentOf(image), labels.front().path.string(),
                            contentOf(labels.front()));
            throw Error("{}: holds {}, and none of the other files their labels; name the file of "
                        "its labels with it",
                        image.path.string(), contentOf(image));
        }
        pairs.emplace_back(image, *found);
        labels.erase(found);
    }
    if (!labels.empty())
        throw Error("{}: holds {}, and none of the other files their images; name the file of its "
                    "images with it",
                    labels.front().path.string(), contentOf(labels.front()));
    if (pairs.size() > 2)
        throw Error("{}: is one of {} files of images; a data set has one to train on and at most "
                    "one to test with",
                    pairs.front().first.path.string(), pairs.size());
    std::ranges::stable_sort(pairs, [](const auto& a, const auto& b) {
        const bool first = isForTests(a.first.path);
        const bool second = isForTests(b.first.path);
        return first != second ? second : a.first.count > b.first.count;
    });
    ParamValues params;
    params["training_images"] = pairs.front().first.path.string();
    params["training_labels"] = pairs.front().second.path.string();
    if (pairs.size() == 2) {
        params["test_images"] = pairs.back().first.path.string();
        params["test_labels"] = pairs.back().second.path.string();
    }
    return params;
}

} // namespace gradwright
