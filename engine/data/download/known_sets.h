// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

struct KnownFile {
    std::string name;                   ///< behind one of the addresses, and in the folder
    std::string md5;                    ///< that it is published with
    std::vector<std::string> members{}; ///< files that are taken out of an archive
};

/// A data set that many people use, and where its files lie.
struct KnownSet {
    std::string key;
    std::string title;
    std::string about;
    std::string licence;
    std::string source; ///< where addresses and sums were read
    std::vector<std::string>
        addresses; ///< of folders that hold the files; the first one is tried first
    std::vector<KnownFile> files;
    std::string dataset; ///< of the catalog, that reads the files
    std::vector<std::pair<std::string, std::string>> paths; ///< its parameters that name files
    bool isTransposed = false;
};

/// Those of resources/datasets/known.json, or of another such file. Throws Error naming the file
/// when it is not as it should be.
std::vector<KnownSet> knownSets();
std::vector<KnownSet> knownSetsFrom(const std::filesystem::path& file);
/// Throws Error listing the keys when there is none of that key.
const KnownSet& knownSet(const std::vector<KnownSet>& sets, std::string_view key);

/// What is being done, of which file, and how much of it.
struct FetchState {
    std::string what;
    std::int64_t done = 0;
    std::int64_t all = 0; ///< 0: not known
};
using FetchProgress = std::function<void(const FetchState&)>;

/// Brings the files of a set into a folder, which is made where it is not there, and returns the
/// choice that reads them. Files that lie there with the right sum are not downloaded: they may
/// have been put there by hand. Nothing when stopped; what has arrived stays. Throws Error naming
/// what cannot be downloaded from where and how to do it by hand.
std::optional<DataChoice> fetchKnownSet(const KnownSet& set, const std::filesystem::path& folder,
                                        const FetchProgress& progress = {},
                                        const std::stop_token& stop = {});

} // namespace gradwright
