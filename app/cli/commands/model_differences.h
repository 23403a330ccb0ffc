// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

namespace gradwright::cli {

/// What differs between two ONNX models, a difference after the other. Throws UsageError for files
/// that are none by their names, and Error for those that cannot be read.
void printModelDifferences(const std::filesystem::path& first, const std::filesystem::path& second,
                           bool asJson);

} // namespace gradwright::cli
