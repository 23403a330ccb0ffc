// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/my_blocks.h"

#include "engine/project/block_library.h"
#include "engine/support/error.h"
#include "engine/support/resources.h"

#include <QStandardPaths>

namespace gradwright {

std::filesystem::path defaultBlocksFolder() {
    return std::filesystem::path(
               QStandardPaths::writableLocation(QStandardPaths::AppDataLocation).toStdString()) /
           "blocks";
}

MyBlocks::MyBlocks(std::filesystem::path folder, QObject* parent)
    : QObject(parent)
    , folder_(std::move(folder)) {
    try {
        for (const auto& [name, file] : savedBlocks(resourcePath("blocks")))
            presets_.push_back({name, file, loadBlock(file).piece.blocks.at(name).doc});
    } catch (const Error&) {
        // A program that was built without them works as well.
    }
    look();
}

void MyBlocks::look() {
    entries_.clear();
    for (auto& [name, file] : savedBlocks(folder_))
        entries_.push_back({name, file});
}

void MyBlocks::save(const Project& project, const std::string& block) {
    saveBlock(folder_, project, block);
    look();
    Q_EMIT changed();
}

void MyBlocks::remove(const std::filesystem::path& file) {
    std::error_code failed;
    if (!std::filesystem::remove(file, failed) || failed)
        throw Error("{} cannot be deleted: {}", file.string(),
                    failed ? failed.message() : "it is not there");
    look();
    Q_EMIT changed();
}

} // namespace gradwright

#include "moc_my_blocks.cpp"
