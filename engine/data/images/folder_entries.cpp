// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/folder_entries.h"

#include "engine/data/images/picture_sample.h"
#include "engine/data/text/utf8.h"
#include "engine/support/error.h"

#include <algorithm>
#include <system_error>

namespace gradwright {

namespace fs = std::filesystem;

namespace {

bool isPassedOver(const fs::path& path) {
    const auto name = path.filename().string();
    return name.starts_with('.') || name == "__MACOSX";
}

/// An image whose name begins with a point. "._1.png" is none: a Mac's notes on "1.png".
bool isHiddenImage(const fs::path& path) {
    const auto name = path.filename().string();
    return name.starts_with('.') && !name.starts_with("._") && hasPictureEnding(path);
}

} // namespace

std::vector<fs::directory_entry> entriesOf(const fs::path& folder, bool asBefore,
                                           std::size_t* hidden) {
    std::error_code error;
    std::vector<fs::directory_entry> entries;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
        if (!isPassedOver(it->path())) {
            if (!asBefore || !it->is_symlink())
                entries.push_back(*it);
        } else if (hidden && isHiddenImage(it->path())) {
            ++*hidden;
        }
    if (error)
        throw Error("{}: cannot be read: {}", folder.string(), error.message());
    std::ranges::sort(entries, {}, [](const auto& entry) { return entry.path(); });
    return entries;
}

std::vector<std::string> subfolders(const fs::path& root, bool asBefore) {
    std::error_code error;
    if (!fs::is_directory(root, error))
        throw Error("{}: {}", root.string(),
                    fs::exists(root, error)
                        ? "is a file, not a folder; if it is an archive, unpack it and name its "
                          "folder"
                        : "there is no such folder");
    std::vector<std::string> names;
    for (const auto& entry : entriesOf(root, asBefore))
        if (entry.is_directory(error)) {
            names.push_back(entry.path().filename().string());
            requireText(names.back(), root.string() + ": name of a folder");
        }
    return names;
}

std::size_t imagesBeside(const fs::path& root) {
    std::error_code error;
    const auto entries = entriesOf(root, false);
    return static_cast<std::size_t>(std::ranges::count_if(entries, [&](const auto& entry) {
        return entry.is_regular_file(error) && hasPictureEnding(entry.path());
    }));
}

} // namespace gradwright
