// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/resources.h"

#include "engine/support/error.h"

#include <cstdlib>
#include <string>
#include <system_error>
#include <vector>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> resourceFolders() {
    std::vector<fs::path> folders;
    if (const char* named = std::getenv("GRADWRIGHT_RESOURCES"); named && *named != '\0')
        folders.emplace_back(named);
    if (const auto folder = programFolder(); !folder.empty())
        folders.push_back((folder / "../share/gradwright").lexically_normal());
    folders.emplace_back(GRADWRIGHT_SOURCE_RESOURCES);
    return folders;
}

} // namespace

fs::path programFolder() {
    std::error_code error;
    const auto program = fs::read_symlink("/proc/self/exe", error);
    return error ? fs::path() : program.parent_path();
}

fs::path resourcePath(std::string_view relative) {
    std::string searched;
    for (const auto& folder : resourceFolders()) {
        std::error_code error;
        const auto path = folder / relative;
        if (fs::exists(path, error))
            return path;
        searched += (searched.empty() ? "" : ", ") + folder.string();
    }
    throw Error(
        "the program's own file {} is missing; searched in {}. Reinstall the program or set "
        "GRADWRIGHT_RESOURCES to its resources folder",
        relative, searched);
}

} // namespace gradwright
