// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/start_file.h"

#include "engine/io/atomic_file.h"
#include "engine/io/safetensors.h"
#include "engine/project/runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <system_error>

namespace gradwright {
namespace {

std::filesystem::path importsFolder() {
    return userDataFolder() / "imports";
}

/// Whether the file is one of those of the project while it has none of its own.
bool isOfUnsaved(const Project& project, const std::filesystem::path& file) {
    const auto name = file.filename().string();
    return file.parent_path() == importsFolder() && !project.uuid.empty() &&
           name.starts_with(project.uuid) && name.ends_with(".safetensors");
}

bool holdsTheSame(const std::filesystem::path& a, const std::filesystem::path& b) {
    std::error_code none;
    if (std::filesystem::file_size(a, none) != std::filesystem::file_size(b, none))
        return false;
    std::ifstream left(a, std::ios::binary);
    std::ifstream right(b, std::ios::binary);
    return left && right &&
           std::equal(std::istreambuf_iterator<char>(left), {},
                      std::istreambuf_iterator<char>(right));
}

} // namespace

std::filesystem::path startWeightsOfFile(const std::filesystem::path& projectFile) {
    auto file = std::filesystem::absolute(projectFile).lexically_normal();
    file.replace_extension(".start.safetensors");
    return file;
}

std::filesystem::path unsavedStartWeights(const Project& project) {
    return importsFolder() / (project.uuid + ".safetensors");
}

std::filesystem::path furtherStartWeights(const Project& project) {
    auto file = unsavedStartWeights(project);
    for (int number = 2; std::filesystem::exists(file); ++number)
        file = importsFolder() / fmt::format("{}-{}.safetensors", project.uuid, number);
    return file;
}

void writeStartWeights(const Weights& weights, const std::filesystem::path& file) {
    std::error_code none;
    std::filesystem::create_directories(file.parent_path(), none); // writing tells what is wrong
    std::vector<LazyTensor> tensors;
    for (const auto& [key, values] : weights.values)
        tensors.push_back(LazyTensor::of(key, values));
    writeSafetensors(file, {}, std::move(tensors));
}

void keepStartWeights(Project& project, const Weights& weights, const std::filesystem::path& file) {
    writeStartWeights(weights, file);
    project.startWeights = file;
}

void copyStartWeights(Project& project, const std::filesystem::path& projectFile) {
    const auto from = project.startWeights;
    if (!isOfUnsaved(project, from))
        return;
    auto to = startWeightsOfFile(projectFile);
    for (int number = 2; std::filesystem::exists(to) && !holdsTheSame(from, to); ++number) {
        to = startWeightsOfFile(projectFile);
        to.replace_extension(fmt::format("{}.safetensors", number));
    }
    if (!std::filesystem::exists(to))
        copyFileAtomically(from, to);
    project.startWeights = to;
}

void dropStartWeights(const Project& project) {
    std::error_code none; // what cannot be removed stays
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(importsFolder(), none))
        if (isOfUnsaved(project, entry.path()))
            files.push_back(entry.path());
    for (const auto& file : files)
        std::filesystem::remove(file, none);
}

} // namespace gradwright
