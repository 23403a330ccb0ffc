// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"

#include <string>
#include <vector>

namespace gradwright {

/// Keys of the bundled templates ("lenet-5"), simplest first.
const std::vector<std::string>& templateKeys();

/// A fresh project made from a template, with a UUID of its own. Throws Error naming the templates
/// that exist, or when the resources are missing.
Project openTemplate(std::string_view key);

/// Opens a file, or a template written as "template:KEY".
Project openProject(std::string_view fileOrTemplate);

} // namespace gradwright
