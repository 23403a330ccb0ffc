// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/byte_reader.h"
#include "engine/data/content_print.h"
#include "engine/data/feed/worker_crew.h"
#include "engine/data/images/image_folder.h"
#include "engine/support/counted.h"
#include "engine/support/error.h"

#include <algorithm>
#include <map>
#include <set>
#include <system_error>
#include <tuple>
#include <utility>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestImage = std::size_t{1} << 30; ///< bytes of a file
constexpr std::size_t kExamples = 3;

/// An image by class, size and content. Files of a size that no other one has are not read.
using ImageIdentity = std::tuple<std::int32_t, std::uintmax_t, ContentPrint>;

class RepeatFinder {
public:
    void add(const ImageFolder& folder) {
        for (std::size_t i = 0; i < folder.files.size(); ++i) {
            std::error_code error;
            const auto path = folder.root / folder.files[i];
            const auto size = fs::file_size(path, error);
            if (error)
                throw Error("{}: cannot be read: {}", path.string(), error.message());
            files_.push_back({path, folder.labels[i], size});
            ++count_[{folder.labels[i], size}];
        }
    }

    /// Of all files in their order, whether one before is the same.
    std::vector<char> run() {
        std::vector<ContentPrint> prints(files_.size());
        constexpr std::size_t kAtOnce = 64;
        const auto blocks = (files_.size() + kAtOnce - 1) / kAtOnce;
        WorkerCrew(blocks > 1 ? usefulHelpers() : 0).run(blocks, [&](std::size_t block) {
            for (auto i = block * kAtOnce; i < std::min((block + 1) * kAtOnce, files_.size()); ++i)
                if (count_.at({files_[i].label, files_[i].size}) > 1) {
                    const auto bytes = readWholeFile(files_[i].path, kLargestImage);
                    prints[i] = printOf(std::span<const char>(bytes));
                }
        });
        std::set<ImageIdentity> seen;
        std::vector<char> repeats;
        for (std::size_t i = 0; i < files_.size(); ++i) {
            const auto& [path, label, size] = files_[i];
            const bool isNew =
                count_.at({label, size}) == 1 || seen.insert({label, size, prints[i]}).second;
            repeats.push_back(isNew ? 0 : 1);
        }
        return repeats;
    }

private:
    struct File {
        fs::path path;
        std::int32_t label = 0;
        std::uintmax_t size = 0;
    };
    std::vector<File> files_;
    std::map<std::pair<std::int32_t, std::uintmax_t>, std::size_t> count_;
};

/// `repeats` begins with the folder's files.
void removeRepeats(ImageFolder& folder, std::span<const char> repeats, const std::string& note) {
    ImageFolder kept{folder.root, folder.classes, {}, {}, folder.notes};
    std::string examples;
    std::size_t count = 0;
    for (std::size_t i = 0; i < folder.files.size(); ++i) {
        if (repeats[i] == 0) {
            kept.files.push_back(folder.files[i]);
            kept.labels.push_back(folder.labels[i]);
        } else if (++count <= kExamples) {
            examples += (count == 1 ? "" : ", ") + folder.files[i];
        }
    }
    if (count == 0)
        return;
    kept.notes.push_back(fmt::format("{} {} left out ({}{})", counted(count, "image"), note,
                                     examples, count > kExamples ? ", …" : ""));
    folder = std::move(kept);
}

} // namespace

void leaveOutRepeated(ImageFolder& folder, ImageFolder* test) {
    RepeatFinder finder;
    finder.add(folder);
    if (test)
        finder.add(*test);
    const auto repeats = finder.run();
    const auto own = folder.files.size();
    if (test) {
        removeRepeats(*test, std::span(repeats).subspan(own),
                      "seen before, or in the folder to train on,");
        if (test->files.empty())
            throw Error("{}: all images are in the folder to train on, too", test->root.string());
    }
    removeRepeats(folder, std::span(repeats).first(own), "like one before");
}

} // namespace gradwright
