// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/images/image_bytes.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace gradwright {

struct IdxImages {
    ImageBytes images;
    std::vector<std::string> notes; ///< on what is not as in MNIST's files
};

/// The images of an IDX file of any type: N×H×W, N×C×H×W or N×H×W×C. Whole numbers from 0 to 255
/// are bytes; others are scaled so that 1, or the largest value where it is more than 255, becomes
/// 255. A name that namesArray() is for an array of NumPy, in the same forms. `isTransposed`:
/// columns come before rows, as in EMNIST's files. Throws what readIdx() throws, and Error where
/// values are negative or not finite.
IdxImages readIdxImages(const std::filesystem::path& path, bool isTransposed);

struct IdxLabels {
    std::vector<std::uint8_t> labels;
    std::vector<std::string> notes;
};

/// The labels of an IDX file of any whole type: N, or N×K, of which the first column is the class,
/// as in QMNIST's files; or an array of NumPy, whose rows may also have a 1 in the place of the
/// class. Throws what readIdx() throws, and Error where a label is not 0 to 255.
IdxLabels readIdxLabels(const std::filesystem::path& path);

/// Names of classes by label: one per line, or lines of a label and one or more characters' codes,
/// as EMNIST's mappings have them. Labels that a mapping lacks are named after their number. Throws
/// Error naming file and line.
std::vector<std::string> readClassNames(const std::filesystem::path& path);

} // namespace gradwright
