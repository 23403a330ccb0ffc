// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/image_corrections.h"

#include "engine/data/catalog.h"
#include "engine/data/tables/table_params.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace gradwright {
namespace {

constexpr std::string_view kTestPrefix = "test:";

/// The folder of the class that a file lies in.
std::string_view folderOfFile(std::string_view file) {
    if (file.starts_with(kTestPrefix))
        file.remove_prefix(kTestPrefix.size());
    return file.substr(0, file.find('/'));
}

} // namespace

std::vector<ImageCorrection> correctionsFrom(std::string_view text) {
    std::vector<ImageCorrection> corrections;
    for (const auto& entry : columnNamesIn(text)) {
        const auto equals = entry.rfind('=');
        if (equals == std::string::npos || equals == 0)
            throw Error(
                "corrections are written as \"cat/12.png=dog\", or \"cat/12.png=\" to leave "
                "the image out, not \"{}\"",
                excerpt(entry));
        corrections.push_back({entry.substr(0, equals), entry.substr(equals + 1)});
    }
    return corrections;
}

std::string correctionsText(const std::vector<ImageCorrection>& corrections) {
    std::vector<std::string> entries;
    for (const auto& [file, name] : corrections)
        entries.push_back(fmt::format("{}={}", file, name));
    return columnList(entries);
}

void correct(ImageFolder& folder, const std::vector<ImageCorrection>& corrections, bool isTest) {
    constexpr std::int32_t kLeftOut = -1;
    std::unordered_map<std::string, std::int32_t> wanted;
    for (const auto& [file, name] : corrections) {
        if (file.starts_with(kTestPrefix) != isTest)
            continue;
        const auto found = std::ranges::find(folder.classes, name);
        if (found == folder.classes.end() && !name.empty())
            throw Error("{}: \"{}\" is corrected to \"{}\", which is none of its classes ({})",
                        folder.root.string(), file, name, fmt::join(folder.classes, ", "));
        wanted[isTest ? file.substr(kTestPrefix.size()) : file] =
            name.empty() ? kLeftOut : static_cast<std::int32_t>(found - folder.classes.begin());
    }
    if (wanted.empty())
        return;
    ImageFolder kept{folder.root, folder.classes, {}, {}, folder.notes};
    std::size_t moved = 0;
    std::size_t leftOut = 0;
    for (std::size_t i = 0; i < folder.files.size(); ++i) {
        auto label = folder.labels[i];
        if (const auto found = wanted.find(folder.files[i]); found != wanted.end()) {
            label = found->second;
            ++(label == kLeftOut ? leftOut : moved);
        }
        if (label == kLeftOut)
            continue;
        kept.files.push_back(std::move(folder.files[i]));
        kept.labels.push_back(label);
    }
    for (std::size_t c = 0; c < kept.classes.size(); ++c)
        if (const auto label = static_cast<std::int32_t>(c);
            std::ranges::count(kept.labels, label) == 0 &&
            std::ranges::count(folder.labels, label) > 0)
            throw Error("{}: no image of the class \"{}\" is left after the corrections",
                        kept.root.string(), kept.classes[c]);
    auto note = fmt::format("corrected by hand: {} to another class, {} left out", moved, leftOut);
    if (const auto lost = wanted.size() - moved - leftOut; lost > 0)
        note += fmt::format("; {} that name no image here", lost);
    kept.notes.push_back(std::move(note));
    folder = std::move(kept);
}

DataChoice withCorrection(DataChoice choice, const ImageCorrection& correction) {
    const Params params(dataset(choice.dataset).params, choice.params);
    auto corrections = correctionsFrom(params.text(kCorrectionsParam));
    std::erase_if(corrections,
                  [&](const ImageCorrection& each) { return each.file == correction.file; });
    if (correction.name != folderOfFile(correction.file))
        corrections.push_back(correction);
    if (corrections.empty())
        choice.params.erase(std::string(kCorrectionsParam));
    else
        choice.params.insert_or_assign(std::string(kCorrectionsParam),
                                       correctionsText(corrections));
    return choice;
}

} // namespace gradwright
