// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/block_library.h"

#include "engine/graph/network_json.h"
#include "engine/io/atomic_file.h"
#include "engine/project/project_file.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <algorithm>

namespace gradwright {
namespace {

constexpr auto kBlockFormat = "gradwright block";
constexpr auto kEnding = ".gradwright-block";
constexpr int kSchema = 1;

/// Letters and digits stay, so that people recognise it; all else becomes "_".
std::string fileStem(const std::string& name) {
    std::string stem;
    for (const char c : name) {
        const bool plain =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
        stem += plain ? c : '_';
    }
    return stem;
}

std::string nameIn(const std::filesystem::path& file) {
    try {
        return loadBlock(file).name;
    } catch (const Error&) {
        return {};
    }
}

} // namespace

std::filesystem::path saveBlock(const std::filesystem::path& folder, const Project& project,
                                const std::string& name) {
    if (!project.network.blocks.contains(name))
        throw Error("the network has no block \"{}\"", name);
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (failed)
        throw Error("The folder {} for blocks cannot be made: {}", folder.string(),
                    failed.message());
    auto file = folder / (fileStem(name) + kEnding);
    for (int number = 2; std::filesystem::exists(file) && nameIn(file) != name; ++number)
        file = folder / fmt::format("{}-{}{}", fileStem(name), number, kEnding);
    Json json = {{"format", kBlockFormat}, {"schema", kSchema}, {"name", name}};
    json.update(toJson(takeBlocks(project, {name})));
    writeFileAtomically(file, readableJson(json));
    return file;
}

SavedBlock loadBlock(const std::filesystem::path& file) {
    const auto contents = readTextFile(file);
    try {
        const auto json = parseJson(contents, "the block");
        if (!json.is_object() || json.value("format", Json()) != Json(kBlockFormat))
            throw Error("this is not a Gradwright block: it lacks \"format\": \"{}\"",
                        kBlockFormat);
        if (const auto schema = json.value("schema", Json()); schema != Json(kSchema))
            throw Error("its schema is {}; this version reads {}", dumpExcerpt(schema), kSchema);
        const auto& name = required(json, "name", "the block");
        SavedBlock block{name.is_string() ? name.get<std::string>() : std::string(),
                         blockPieceFromJson(json)};
        if (!block.piece.blocks.contains(block.name))
            throw Error("it does not hold the block {} that it is named after", dumpExcerpt(name));
        return block;
    } catch (const Error& error) {
        throw Error("{} cannot be read: {}", file.string(), error.what());
    }
}

std::vector<std::pair<std::string, std::filesystem::path>>
savedBlocks(const std::filesystem::path& folder) {
    std::vector<std::pair<std::string, std::filesystem::path>> found;
    std::error_code failed;
    for (const auto& entry : std::filesystem::directory_iterator(folder, failed))
        if (entry.path().extension() == kEnding)
            if (auto name = nameIn(entry.path()); !name.empty())
                found.emplace_back(std::move(name), entry.path());
    std::ranges::sort(found);
    return found;
}

} // namespace gradwright
