// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/templates.h"

#include "engine/project/project_file.h"
#include "engine/support/error.h"
#include "engine/support/resources.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace gradwright {
namespace {

constexpr std::string_view kPrefix = "template:";

} // namespace

const std::vector<std::string>& templateKeys() {
    static const std::vector<std::string> keys = {
        "perceptron", "softmax-regression", "exclusive-or",  "two-spirals", "multilayer-perceptron",
        "lenet-5",    "small-cnn",          "small-residual"};
    return keys;
}

Project openTemplate(std::string_view key) {
    const auto& keys = templateKeys();
    if (std::ranges::find(keys, key) == keys.end())
        throw Error("there is no template \"{}\"; there are {}", key, fmt::join(keys, ", "));
    auto project = loadProject(resourcePath(fmt::format("templates/{}.gradwright", key)));
    project.uuid = newProject().uuid;
    return project;
}

Project openProject(std::string_view fileOrTemplate) {
    if (fileOrTemplate.starts_with(kPrefix))
        return openTemplate(fileOrTemplate.substr(kPrefix.size()));
    return loadProject(std::filesystem::path(fileOrTemplate));
}

} // namespace gradwright
