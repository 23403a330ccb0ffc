// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/download/known_sets.h"

#include "engine/data/download/archive.h"
#include "engine/data/download/http_download.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "engine/support/resources.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <system_error>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

KnownSet setFrom(const Json& json) {
    KnownSet set;
    json.at("key").get_to(set.key);
    json.at("title").get_to(set.title);
    json.at("about").get_to(set.about);
    json.at("licence").get_to(set.licence);
    json.at("source").get_to(set.source);
    json.at("addresses").get_to(set.addresses);
    json.at("dataset").get_to(set.dataset);
    set.isTransposed = json.value("transposed", false);
    for (const auto& file : json.at("files"))
        set.files.push_back({file.at("name").get<std::string>(), file.at("md5").get<std::string>(),
                             file.value("members", std::vector<std::string>())});
    for (const auto& [key, path] : json.at("params").items())
        set.paths.emplace_back(key, path.get<std::string>());
    return set;
}

bool hasMembers(const KnownFile& file, const fs::path& folder) {
    return !file.members.empty() && std::ranges::all_of(file.members, [&](const auto& name) {
        std::error_code none;
        return fs::is_regular_file(folder / name, none);
    });
}

std::string howByHand(const KnownSet& set, const fs::path& folder) {
    std::string names;
    for (const auto& file : set.files)
        names += (names.empty() ? "" : ", ") + file.name;
    return fmt::format("By hand: put {} from {} into {} and do this again", names,
                       set.addresses.front(), folder.string());
}

/// Tries one address after the other. Returns false when stopped.
bool downloadFromAny(const KnownSet& set, const KnownFile& file, const fs::path& folder,
                     const FetchProgress& progress, const std::stop_token& stop) {
    std::string faults;
    for (const auto& address : set.addresses) {
        try {
            return downloadFile(
                address + file.name, folder / file.name, file.md5,
                [&](std::int64_t done, std::int64_t all) {
                    if (progress)
                        progress({"Downloading " + file.name, done, all});
                },
                stop);
        } catch (const Error& error) {
            faults += fmt::format("{}{}", faults.empty() ? "" : "; ", error.what());
        }
    }
    throw Error("{}. {}", faults, howByHand(set, folder));
}

} // namespace

std::vector<KnownSet> knownSetsFrom(const fs::path& file) {
    std::ifstream stream(file);
    if (!stream)
        throw Error("{}: cannot be read", file.string());
    try {
        std::vector<KnownSet> sets;
        const auto json = Json::parse(stream);
        for (const auto& set : json.at("sets"))
            sets.push_back(setFrom(set));
        return sets;
    } catch (const Json::exception& error) {
        throw Error("{}: {}", file.string(), error.what());
    }
}

std::vector<KnownSet> knownSets() {
    return knownSetsFrom(resourcePath("datasets/known.json"));
}

const KnownSet& knownSet(const std::vector<KnownSet>& sets, std::string_view key) {
    const auto found = std::ranges::find(sets, key, &KnownSet::key);
    if (found != sets.end())
        return *found;
    std::string keys;
    for (const auto& set : sets)
        keys += (keys.empty() ? "" : ", ") + set.key;
    throw Error("there is no data set \"{}\" to download; known are {}", key, keys);
}

std::optional<DataChoice> fetchKnownSet(const KnownSet& set, const fs::path& given,
                                        const FetchProgress& progress,
                                        const std::stop_token& stop) {
    const auto folder = fs::absolute(given);
    std::error_code error;
    fs::create_directories(folder, error);
    if (error)
        throw Error("{}: the folder cannot be made: {}", folder.string(), error.message());
    for (const auto& file : set.files) {
        if (stop.stop_requested())
            return {};
        const auto path = folder / file.name;
        const auto tell = [&](const char* what) {
            if (progress)
                progress({fmt::format("{} {}", what, file.name), 0, 0});
        };
        if (hasMembers(file, folder))
            continue;
        tell("Looking at");
        const bool isThere = fs::is_regular_file(path, error) && md5Of(path) == file.md5;
        if (!isThere && !downloadFromAny(set, file, folder, progress, stop))
            return {};
        if (file.members.empty())
            continue;
        tell("Unpacking");
        takeFromArchive(path, file.members, folder);
    }
    DataChoice choice{.dataset = set.dataset};
    for (const auto& [key, name] : set.paths)
        choice.params[key] = name == "." ? folder.string() : (folder / name).string();
    if (set.isTransposed)
        choice.params["transposed"] = true;
    return choice;
}

} // namespace gradwright
