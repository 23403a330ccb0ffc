// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"

#include <QObject>

#include <filesystem>
#include <string>
#include <vector>

namespace gradwright {

std::filesystem::path defaultBlocksFolder();

/// The blocks that the user keeps for all projects, one file each in a folder, and those that come
/// with the program.
class MyBlocks final : public QObject {
    Q_OBJECT
public:
    explicit MyBlocks(std::filesystem::path folder = defaultBlocksFolder(),
                      QObject* parent = nullptr);

    struct Entry {
        std::string name;
        std::filesystem::path file;
        std::string doc = {};
    };
    /// Those that come with the program.
    [[nodiscard]] const std::vector<Entry>& presets() const { return presets_; }
    /// As they were when last looked at.
    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

    /// Throws Error.
    void save(const Project& project, const std::string& block);
    /// Throws Error.
    void remove(const std::filesystem::path& file);

Q_SIGNALS:
    void changed();

private:
    void look();

    std::filesystem::path folder_;
    std::vector<Entry> entries_;
    std::vector<Entry> presets_;
};

} // namespace gradwright
