// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/onnx_import.h"
#include "engine/project/project.h"

#include <filesystem>
#include <string>
#include <vector>

namespace gradwright {

/// A model of another program as a project of layers, with a UUID and without places, and its
/// weights, which are in no file yet.
struct ImportedProject {
    Project project;
    Weights weights;
    std::vector<std::string> notes; ///< OnnxImport::notes
};

/// Throws Error naming the file for what is no model, and otherwise as importOnnxWhole() does.
ImportedProject projectFromOnnx(const std::filesystem::path& file,
                                const OnnxImportOptions& options = {});

/// The same for what Keras 3 saves as .keras.
ImportedProject projectFromKeras(const std::filesystem::path& file,
                                 const OnnxImportOptions& options = {});

/// Whether the name says that it is a model that opens as a project: NAME.onnx, NAME.keras.
bool isForeignModel(const std::filesystem::path& file);
/// That of the two that the name says.
ImportedProject projectFromModel(const std::filesystem::path& file,
                                 const OnnxImportOptions& options = {});

} // namespace gradwright
