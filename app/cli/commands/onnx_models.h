// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/onnx_import.h"
#include "engine/exchange/onnx_model.h"

#include <filesystem>
#include <string>
#include <vector>

namespace gradwright::cli {

/// "height=224" as lengths of axes. Throws UsageError.
OnnxImportOptions importOptionsOf(const std::vector<std::string>& lengths);

/// Tells what a .keras file holds, and what of it opens as layers. Throws Error.
void inspectKeras(const std::filesystem::path& model, const std::vector<std::string>& lengths,
                  bool asJson);

/// Writes a project of the model's layers, and its weights beside it. Throws Error.
void makeProjectOfModel(const std::filesystem::path& model, const std::filesystem::path& file,
                        const std::vector<std::string>& lengths, bool force, bool asJson);

} // namespace gradwright::cli
