// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/file_change.h"

#include "engine/io/atomic_file.h"
#include "engine/support/error.h"

#include <algorithm>
#include <span>
#include <system_error>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

bool isThere(const fs::path& path) {
    std::error_code error;
    return fs::exists(fs::symlink_status(path, error));
}

} // namespace

void FileChanges::make() {
    requireAll(&FileChange::before);
    setAll(&FileChange::after);
}

void FileChanges::takeBack() {
    requireAll(&FileChange::after);
    setAll(&FileChange::before);
    // Folders that were made for the files go with them.
    for (auto folder = made_.rbegin(); folder != made_.rend(); ++folder) {
        std::error_code error; // one that holds something else stays
        fs::remove(*folder, error);
    }
    std::erase_if(made_, [](const fs::path& folder) { return !isThere(folder); });
}

void FileChanges::requireAll(std::optional<QByteArray> FileChange::*state) const {
    for (const auto& change : changes_) {
        const auto& wanted = change.*state;
        if (!wanted) {
            if (isThere(change.path))
                throw Error("{}: the file is there already, so it is not written",
                            change.path.string());
            continue;
        }
        if (!isThere(change.path))
            throw Error("{}: the file is no longer there", change.path.string());
        const auto bytes = readFile(change.path);
        if (QByteArrayView(reinterpret_cast<const char*>(bytes.data()),
                           static_cast<qsizetype>(bytes.size())) != QByteArrayView(*wanted))
            throw Error("{}: something else has changed the file meanwhile, so it stays as it is",
                        change.path.string());
    }
}

void FileChanges::setAll(std::optional<QByteArray> FileChange::*state) {
    for (const auto& change : changes_) {
        if (const auto& bytes = change.*state) {
            makeFolderOf(change.path);
            writeFileAtomically(
                change.path,
                std::as_bytes(std::span(bytes->data(), static_cast<std::size_t>(bytes->size()))));
            continue;
        }
        std::error_code error;
        if (!fs::remove(change.path, error) && error)
            throw Error("{}: cannot be removed: {}", change.path.string(), error.message());
    }
}

void FileChanges::makeFolderOf(const fs::path& file) {
    std::vector<fs::path> missing;
    for (auto folder = file.parent_path(); !folder.empty() && !isThere(folder);
         folder = folder.parent_path())
        missing.push_back(folder);
    std::ranges::reverse(missing);
    for (const auto& folder : missing) {
        std::error_code error;
        fs::create_directory(folder, error);
        if (error)
            throw Error("{}: the folder cannot be made: {}", folder.string(), error.message());
        made_.push_back(folder);
    }
}

} // namespace gradwright
