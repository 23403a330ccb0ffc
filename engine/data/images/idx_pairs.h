// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/param.h"

#include <filesystem>
#include <optional>
#include <span>

namespace gradwright {

/// The parameters of the data set "idx" for IDX files that a person names together, whatever they
/// are called: a file of images and one of labels, as many of each, or two such pairs. Of these the
/// one is tested with whose name says so ("test", "t10k"), else the smaller one. Nothing where a
/// file is no IDX file. Throws Error that says which file has no partner, and what is missing.
std::optional<ParamValues> pairIdxFiles(std::span<const std::filesystem::path> files);

} // namespace gradwright
