// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/tensor/tensor.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
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

/// A tensor that is made when it is written and gone afterwards, for files that would not fit into
/// memory beside what they are made from.
struct LazyTensor {
    std::string name;
    DType dtype = DType::F32;
    Shape shape;
    std::function<Tensor()> make;  ///< of that type and shape
    const Tensor* ready = nullptr; ///< one that is there, in its place

    /// The tensor has to stay until it is written.
    static LazyTensor of(std::string name, const Tensor& tensor) {
        return {std::move(name), tensor.dtype(), tensor.shape(), {}, &tensor};
    }
};
/// Writes the same file as from tensors that are there.
void writeSafetensors(const std::filesystem::path& path,
                      const std::map<std::string, std::string>& metadata,
                      std::vector<LazyTensor> tensors);

/// Reads and validates the whole file; tensors come in the order of the payload, the checksums are
/// verified where present and left out of the metadata. Throws Error naming the file, the tensor,
/// the rule and the received value.
SafetensorsFile readSafetensors(const std::filesystem::path& path,
                                const SafetensorsLimits& limits = {});

/// The metadata alone; the header is validated, the tensors are not read. Throws Error likewise.
std::map<std::string, std::string> readSafetensorsMetadata(const std::filesystem::path& path,
                                                           const SafetensorsLimits& limits = {});

/// What is in a file, without the values.
struct SafetensorsContents {
    std::map<std::string, std::string> metadata;
    std::map<std::string, Shape, std::less<>> shapes;
};
/// Reads a file one tensor at a time. It is validated as a whole, and shown to `check`, which may
/// throw, before the first tensor is handed to `take`; those that `check` takes out of the shapes
/// are passed over.
void readSafetensors(const std::filesystem::path& path,
                     const std::function<void(SafetensorsContents&)>& check,
                     const std::function<void(const std::string&, const Tensor&)>& take,
                     const SafetensorsLimits& limits = {});

} // namespace gradwright
