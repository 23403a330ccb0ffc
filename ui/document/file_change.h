// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

#include <filesystem>
#include <optional>
#include <vector>

namespace gradwright {

/// A file that a step of undo writes or takes away; nothing stands for no file.
struct FileChange {
    std::filesystem::path path;
    std::optional<QByteArray> before;
    std::optional<QByteArray> after;
};

/// Files that are changed together, and changed back. Whatever others did to them meanwhile stays:
/// a file that is not as it was left is an Error that names it, and nothing has then changed.
class FileChanges {
public:
    FileChanges() = default;
    explicit FileChanges(std::vector<FileChange> changes)
        : changes_(std::move(changes)) {}

    [[nodiscard]] bool empty() const { return changes_.empty(); }
    void make();
    void takeBack();

private:
    void requireAll(std::optional<QByteArray> FileChange::*state) const;
    void setAll(std::optional<QByteArray> FileChange::*state);
    void makeFolderOf(const std::filesystem::path& file);

    std::vector<FileChange> changes_;
    std::vector<std::filesystem::path> made_; ///< folders that were not there, the outermost first
};

} // namespace gradwright
