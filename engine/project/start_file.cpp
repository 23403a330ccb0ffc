// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/start_file.h"

#include "engine/io/atomic_file.h"
#include "engine/io/safetensors.h"
#include "engine/project/runs.h"

#include <system_error>

namespace gradwright {

std::filesystem::path startWeightsOfFile(const std::filesystem::path& projectFile) {
    auto file = std::filesystem::absolute(projectFile).lexically_normal();
    file.replace_extension(".start.safetensors");
    return file;
}

std::filesystem::path unsavedStartWeights(const Project& project) {
    return userDataFolder() / "imports" / (project.uuid + ".safetensors");
}

void keepStartWeights(Project& project, const Weights& weights, const std::filesystem::path& file) {
    std::error_code none;
    std::filesystem::create_directories(file.parent_path(), none); // writing tells what is wrong
    std::vector<LazyTensor> tensors;
    for (const auto& [key, values] : weights.values)
        tensors.push_back(
            {key, values.dtype(), values.shape(), [&values = values] { return values; }});
    writeSafetensors(file, {}, std::move(tensors));
    project.startWeights = file;
}

void copyStartWeights(Project& project, const std::filesystem::path& projectFile) {
    const auto from = unsavedStartWeights(project);
    if (project.startWeights != from)
        return;
    const auto to = startWeightsOfFile(projectFile);
    copyFileAtomically(from, to);
    project.startWeights = to;
}

void dropStartWeights(const Project& project) {
    std::error_code none; // what cannot be removed stays
    if (!project.startWeights.empty() && project.startWeights == unsavedStartWeights(project))
        std::filesystem::remove(project.startWeights, none);
}

} // namespace gradwright
