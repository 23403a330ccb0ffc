// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/tensor.h"

#include <filesystem>

namespace gradwright {

// NumPy's format for one array, as "NEP 1: A simple file format for NumPy arrays" and
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html describe it.

/// Reads an array of float32, float64, int8, int32, int64, uint8 or bool, little-endian and row by
/// row, of format version 1, 2 or 3. The file's size is checked before memory is taken. Throws
/// Error naming the file, the rule and the received value.
Tensor readNpy(const std::filesystem::path& file);

/// Replaces the file atomically, in format version 1. Throws Error for a type that NumPy lacks.
void writeNpy(const std::filesystem::path& file, const Tensor& values);

} // namespace gradwright
