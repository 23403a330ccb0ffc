// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/run_directory.h"

#include "engine/io/atomic_file.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <system_error>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

} // namespace

RunDirectory RunDirectory::create(const fs::path& parent, std::string_view slug,
                                  std::chrono::system_clock::time_point time) {
    std::error_code failure;
    fs::create_directories(parent, failure);
    if (failure)
        throw Error("{}: the folder for runs cannot be made ({})", parent.string(),
                    failure.message());
    const auto seconds = std::chrono::system_clock::to_time_t(time);
    const auto name = fmt::format("{:%Y-%m-%dT%H-%M-%S}-{}", fmt::gmtime(seconds), slugOf(slug));
    for (int attempt = 1; attempt < 1000; ++attempt) {
        // Padded, so that names sort as the runs were made.
        auto path = parent / (attempt == 1 ? name : fmt::format("{}-{:03}", name, attempt));
        if (fs::create_directory(path, failure))
            return RunDirectory(std::move(path));
        // A file of that name gives an error, a folder none.
        if (failure && failure != std::errc::file_exists)
            throw Error("{}: the run's folder cannot be made ({})", path.string(),
                        failure.message());
    }
    throw Error("{}: holds too many runs named {}", parent.string(), name);
}

RunDirectory RunDirectory::open(const fs::path& path) {
    std::error_code failure;
    const auto status = fs::status(path, failure);
    if (!fs::exists(status))
        throw Error("{}: there is no such run", path.string());
    if (!fs::is_directory(status))
        throw Error("{}: is not a run (a run is a folder with a run.json)", path.string());
    // "x.runs/run/" has an empty file name.
    RunDirectory run(path.has_filename() ? path : path.parent_path());
    for (const auto& file : {run.runJson(), run.metrics(), run.lastWeights(), run.bestWeights(),
                             run.path_ / kLockName})
        if (fs::is_symlink(fs::symlink_status(file, failure)))
            throw Error("{}: is a symbolic link; the files of a run lie in its own folder",
                        file.string());
    if (!fs::is_regular_file(run.runJson(), failure))
        throw Error("{}: is not a run (run.json is missing)", path.string());
    return run;
}

std::vector<RunDirectory> RunDirectory::list(const fs::path& parent) {
    std::error_code failure;
    if (!fs::exists(parent, failure))
        return {};
    std::vector<RunDirectory> runs;
    fs::directory_iterator entry(parent, failure);
    for (const fs::directory_iterator end; !failure && entry != end; entry.increment(failure)) {
        if (entry->path().filename().string().starts_with('.'))
            continue; // a copy that is not complete
        try {
            runs.push_back(open(entry->path()));
        } catch (const Error&) {
            continue; // something else that lies among the runs
        }
    }
    if (failure)
        throw Error("{}: the runs cannot be listed ({})", parent.string(), failure.message());
    std::ranges::sort(runs, {}, &RunDirectory::name);
    return runs;
}

void RunDirectory::writeRunJson(const Json& json) const {
    try {
        writeFileAtomically(runJson(), json.dump(2) + "\n");
    } catch (const Json::exception& error) {
        throw Error("{}: cannot be written ({})", runJson().string(), error.what());
    }
}

Json RunDirectory::readRunJson() const {
    auto json = parseJson(readTextFile(runJson()), runJson().string());
    if (!json.is_object())
        throw Error("{}: must hold a JSON object, not {}", runJson().string(), json.type_name());
    return json;
}

RunLock RunDirectory::lock() const {
    return lockFolder(path_, "wait until it ends, or start a new run");
}

std::string RunDirectory::lockOwner() const {
    return folderLockOwner(path_);
}

bool RunDirectory::isLocked() const {
    return isFolderLocked(path_);
}

fs::path runsFolderOf(const fs::path& projectFile) {
    auto folder = projectFile;
    return folder.replace_extension(".runs");
}

std::string slugOf(std::string_view text) {
    constexpr std::size_t maxLength = 64;
    std::string slug;
    for (const char c : text) {
        const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        const bool kept = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
        if (kept)
            slug += lower;
        else if (!slug.empty() && slug.back() != '-')
            slug += '-';
        if (slug.size() == maxLength)
            break;
    }
    if (!slug.empty() && slug.back() == '-')
        slug.pop_back();
    return slug.empty() ? "run" : slug;
}

} // namespace gradwright
