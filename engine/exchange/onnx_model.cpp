// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/onnx_model.h"

#include "engine/support/file_names.h"

#include <algorithm>

namespace gradwright {

std::string OnnxModel::metadataAt(std::string_view key) const {
    const auto found =
        std::ranges::find(metadata, key, &std::pair<std::string, std::string>::first);
    return found == metadata.end() ? std::string() : found->second;
}

bool isOnnxName(const std::filesystem::path& file) {
    return hasEnding(file, ".onnx");
}

} // namespace gradwright
