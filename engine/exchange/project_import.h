// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/onnx_import.h"
#include "engine/project/project.h"

#include <filesystem>
#include <string>
#include <vector>

namespace gradwright {

/// An ONNX model as a project of layers, with a UUID and without places, and its weights, which are
/// in no file yet.
struct ImportedProject {
    Project project;
    Weights weights;
    std::vector<std::string> notes; ///< OnnxImport::notes
};

/// Throws Error naming the file for what is no model, and otherwise as importOnnxWhole() does.
ImportedProject projectFromOnnx(const std::filesystem::path& file,
                                const OnnxImportOptions& options = {});

} // namespace gradwright
