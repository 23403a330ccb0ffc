// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// A bundled template, as the gallery lists it. Name and description are in its project.
struct TemplateInfo {
    std::string key;     ///< "lenet-5"
    std::string section; ///< heading that it stands under
    std::string tryThis; ///< what is worth trying, in a sentence or two
};

/// By section, simplest first; those of one section stand together. Read from
/// resources/templates/index.json; throws Error when that is missing or broken.
const std::vector<TemplateInfo>& templates();
/// Their keys.
const std::vector<std::string>& templateKeys();

/// A fresh project made from a template, with a UUID of its own. Throws Error naming the templates
/// that exist, or when the resources are missing.
Project openTemplate(std::string_view key);

/// The key of what is written as "template:KEY"; nothing for the name of a file.
std::optional<std::string_view> templateKeyOf(std::string_view fileOrTemplate);

/// Opens a file, or a template written as "template:KEY".
Project openProject(std::string_view fileOrTemplate);

} // namespace gradwright
