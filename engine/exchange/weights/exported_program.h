// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/exchange/weights/weight_archive.h"

namespace gradwright {

/// Lists the weights of a program that torch.export.save() wrote (`.pt2`, archive version 0, since
/// PyTorch 2.8): a ZIP archive that lists them in JSON and holds the bytes of each. Tensors may
/// share bytes and have any strides; they are read into row-major order. Nothing of it that is
/// pickled is read. Throws Error naming the file and what is not as it should be: older archives,
/// tensors that are pickled, sparse or symbolic, and those whose elements share values.
WeightArchive openExportedProgram(const std::filesystem::path& file);

} // namespace gradwright
