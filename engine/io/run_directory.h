// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/io/folder_lock.h"
#include "engine/support/json_fwd.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// The key of run.json under which it is noted what was read of the data, line by line. Versions
/// that lack it read files in another way; see DataChoice::asBefore.
inline constexpr std::string_view kDataNotes = "data_notes";

/// The right to write one run.
using RunLock = FolderLock;

/// The folder of one training run, `<UTC time>-<slug>` in the folder `NAME.runs`.
class RunDirectory {
public:
    /// Makes a new folder, its parents included; a suffix keeps it unique. It becomes a run that
    /// can be opened with the first writeRunJson().
    static RunDirectory
    create(const std::filesystem::path& parent, std::string_view slug,
           std::chrono::system_clock::time_point time = std::chrono::system_clock::now());
    /// Throws Error when the folder is missing or is no run, and when one of its files is a
    /// symbolic link (writing would leave the folder).
    static RunDirectory open(const std::filesystem::path& path);
    /// The runs in a folder, oldest first; hidden folders are none. A folder that does not exist
    /// has none.
    static std::vector<RunDirectory> list(const std::filesystem::path& parent);

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] std::string name() const { return path_.filename().string(); }
    [[nodiscard]] std::filesystem::path runJson() const { return path_ / "run.json"; }
    [[nodiscard]] std::filesystem::path metrics() const { return path_ / "metrics.jsonl"; }
    [[nodiscard]] std::filesystem::path lastWeights() const { return path_ / "last.safetensors"; }
    [[nodiscard]] std::filesystem::path bestWeights() const { return path_ / "best.safetensors"; }

    void writeRunJson(const Json& json) const;
    /// Throws Error unless it is a JSON object.
    [[nodiscard]] Json readRunJson() const;

    /// Throws Error naming the process that holds the run when there is one.
    [[nodiscard]] RunLock lock() const;
    [[nodiscard]] bool isLocked() const;
    /// Digits of the id of the process that locked it last; empty when that is not known.
    [[nodiscard]] std::string lockOwner() const;

private:
    explicit RunDirectory(std::filesystem::path path)
        : path_(std::move(path)) {}

    std::filesystem::path path_;
};

/// `NAME.runs` beside the project file `NAME.gradwright`.
std::filesystem::path runsFolderOf(const std::filesystem::path& projectFile);

/// Lower-case letters, digits and single hyphens; "run" when nothing is left.
std::string slugOf(std::string_view text);

} // namespace gradwright
