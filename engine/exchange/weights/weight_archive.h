// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/tensor.h"

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// A tensor in a file of weights, without its values.
struct ForeignTensor {
    std::string name;
    Shape shape;
};

/// What a file of weights holds that another program wrote. The values stay in the file.
struct WeightArchive {
    std::filesystem::path file;
    std::vector<ForeignTensor> tensors; ///< by name, as comesBefore() orders them
    /// Reads the named tensors one after the other, converted to F32. Throws Error naming the file
    /// and, for one that holds no numbers of a network, the tensor.
    std::function<void(const std::vector<std::string>& names,
                       const std::function<void(const std::string&, Tensor)>& take)>
        read;
};

/// Lists the tensors of a safetensors file, or of a program that PyTorch exported (`.pt2`, see
/// openExportedProgram()). Throws Error naming the file and what would be right; for PyTorch's own
/// files, which are programs, how they are converted.
WeightArchive openWeightArchive(const std::filesystem::path& file);

/// Whether a file's name says that it holds weights without a network: ".safetensors", ".pt2",
/// ".pt", ".pth", ".bin" and ".ckpt", the last four of which openWeightArchive() only explains.
bool isWeightFile(const std::filesystem::path& file);

} // namespace gradwright
