// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/folder_parts.h"

#include "engine/data/images/folder_entries.h"
#include "engine/data/tables/cell.h"
#include "engine/support/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

namespace gradwright {

namespace fs = std::filesystem;

namespace {

constexpr std::array<std::string_view, 2> kTrainingParts = {"train", "training"};
/// The first that is there is tested with.
constexpr std::array<std::string_view, 8> kTestParts = {
    "test", "testing", "val", "valid", "validation", "dev", "eval", "evaluation"};

/// "train" of "training_set" and "Train", "test" of "Test-Images".
std::string partOf(const std::string& name) {
    auto text = lowerCased(name);
    for (const std::string_view end : {"_set", "-set", " set", "set", "_images", "-images",
                                       " images", "_data", "-data", " data"})
        if (text.size() > end.size() && text.ends_with(end)) {
            text.erase(text.size() - end.size());
            break;
        }
    return text;
}

bool namesPart(const std::string& name) {
    const auto part = partOf(name);
    return std::ranges::find(kTrainingParts, part) != kTrainingParts.end() ||
           std::ranges::find(kTestParts, part) != kTestParts.end();
}

/// "seg_test" of "Seg_Train" with these parts, which stand there as words; empty for other names.
std::string withOtherPart(const std::string& name, std::string_view part, std::string_view other) {
    auto text = lowerCased(name);
    const auto isLetter = [&](std::size_t at) {
        return at < text.size() && text[at] >= 'a' && text[at] <= 'z';
    };
    const auto at = text.find(part);
    if (at == std::string::npos || (at > 0 && isLetter(at - 1)) || isLetter(at + part.size()))
        return {};
    return text.replace(at, part.size(), other);
}

} // namespace

std::optional<FolderParts> partsAmong(const std::vector<std::string>& names) {
    const auto find = [&](std::span<const std::string_view> parts) -> const std::string* {
        for (const auto part : parts)
            for (const auto& name : names)
                if (partOf(name) == part)
                    return &name;
        return nullptr;
    };
    const auto* const training = find(kTrainingParts);
    const auto* const test = find(kTestParts);
    if (training && test)
        return FolderParts{*training, *test};
    // "seg_train" and "seg_test" differ in the part alone.
    for (const auto part : kTrainingParts)
        for (const auto& name : names)
            for (const auto other : kTestParts) {
                const auto same = withOtherPart(name, part, other);
                const auto found = std::ranges::find_if(names, [&](const std::string& each) {
                    return !same.empty() && lowerCased(each) == same;
                });
                if (found != names.end())
                    return FolderParts{name, *found};
            }
    return {};
}

fs::path foldersOfClasses(const fs::path& folder) {
    auto path = folder;
    constexpr int kMostDown = 8;
    for (int depth = 0; depth < kMostDown; ++depth) {
        const auto names = subfolders(path, false);
        if (names.size() != 1 || imagesBeside(path) > 0 ||
            subfolders(path / names[0], false).empty())
            break;
        path /= names[0];
    }
    return path;
}

void requireNoParts(const fs::path& root, const std::vector<std::string>& names) {
    if (const auto parts = partsAmong(names))
        throw Error("{}: its folders are parts, not classes; name {} as the folder and {} as the "
                    "test folder",
                    root.string(), foldersOfClasses(root / parts->training).string(),
                    foldersOfClasses(root / parts->test).string());
    if (names.size() > 1 && std::ranges::all_of(names, namesPart))
        throw Error("{}: its folders ({}) are parts, not classes; name the one to train on as the "
                    "folder and the other one as the test folder",
                    root.string(), fmt::join(names, ", "));
}

std::string classesBelow(const fs::path& root, const std::vector<std::string>& names) {
    if (names.size() != 1)
        return {};
    const auto below = foldersOfClasses(root / names[0]);
    const auto folders = subfolders(below, false);
    if (const auto parts = partsAmong(folders))
        return fmt::format("; name {} as the folder and {} as the test folder",
                           foldersOfClasses(below / parts->training).string(),
                           foldersOfClasses(below / parts->test).string());
    if (folders.size() < 2)
        return {};
    return fmt::format("; name {} as the folder if its folders are the classes", below.string());
}

} // namespace gradwright
