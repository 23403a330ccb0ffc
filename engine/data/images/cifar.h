// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/images/byte_images.h"

#include <filesystem>
#include <string>
#include <vector>

namespace gradwright {

/// How the binary files of CIFAR are laid out: rows of one or two labels and 3×32×32 bytes, plane
/// by plane.
struct CifarFormat {
    std::size_t labelBytes = 1;
    std::size_t labelAt = 0; ///< which of them
    std::size_t classes = 10;
};

/// Reads one or more files, gzip or not. Throws Error naming file, row and rule when one is
/// missing, of another size than whole rows, or holds a label that there is no class for.
LabelledImages readCifar(const std::vector<std::filesystem::path>& files,
                         const CifarFormat& format);

/// The names in a file, one a line. Throws Error unless there are so many.
std::vector<std::string> readClassNames(const std::filesystem::path& file, std::size_t classes);

} // namespace gradwright
