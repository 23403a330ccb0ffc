// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/tensor.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gradwright {

/// Named tensors and text metadata, the contents of one safetensors file
/// (https://github.com/huggingface/safetensors).
struct SafetensorsFile {
    std::map<std::string, std::string> metadata;
    std::vector<std::pair<std::string, Tensor>> tensors;

    /// The tensor of that name, or null.
    [[nodiscard]] const Tensor* find(std::string_view name) const;
};

struct SafetensorsLimits {
    std::uint64_t fileBytes = std::uint64_t{64} << 30;
    std::uint64_t headerBytes = 100'000'000; ///< the format's own limit
    std::size_t tensors = 1'000'000;
    std::size_t rank = 32;
};

/// Replaces the file atomically. Tensors are stored by element size (largest first, which keeps
/// each aligned), then by name, so equal contents in any order give the same bytes. Adds the
/// metadata keys payload_crc32 and header_crc32, which readers verify. Throws Error for a name
/// given twice, text that is not UTF-8, and anything that keeps the file from being written.
void writeSafetensors(const std::filesystem::path& path, const SafetensorsFile& file);

/// Reads and validates the whole file; tensors come in the order of the payload, the checksums are
/// verified where present and left out of the metadata. Throws Error naming the file, the tensor,
/// the rule and the received value.
SafetensorsFile readSafetensors(const std::filesystem::path& path,
                                const SafetensorsLimits& limits = {});

} // namespace gradwright
