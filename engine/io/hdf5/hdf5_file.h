// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/io/byte_region.h"
#include "engine/tensor/tensor.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// One array of an HDF5 file, as its object header describes it.
struct Hdf5Dataset {
    enum class Layout { Compact, Contiguous, Chunked };
    enum class Filter { Deflate, Shuffle, Checksum };

    Shape shape{};
    DType dtype = DType::F32;
    bool isBigEndian = false;
    Layout layout = Layout::Contiguous;
    std::optional<std::uint64_t> address{}; ///< nothing: never written, all zeros
    std::uint64_t bytes = 0;                ///< of compact and contiguous data
    std::vector<std::int64_t> chunk{};      ///< lengths along the axes
    std::vector<Filter> filters{};          ///< in the order in which they were applied
};

/// Reads the part of HDF5 that h5py and Keras write (The HDF Group: HDF5 File Format Specification
/// 3.0): superblocks 0 to 3, groups by symbol tables or compact links, arrays of numbers that are
/// compact, contiguous or in chunks listed by a B-tree of version 1, packed by deflate or not. The
/// structure is read at once, an array when it is asked for; neither takes more memory than the
/// file's own size gives reason for.
class Hdf5File {
public:
    /// Throws Error naming the region, and what of the format is not read.
    explicit Hdf5File(ByteRegion bytes);

    [[nodiscard]] const std::map<std::string, Hdf5Dataset, std::less<>>& datasets() const {
        return datasets_;
    }
    /// The array at "layers/dense/vars/0", or null.
    [[nodiscard]] const Hdf5Dataset* find(std::string_view path) const;
    /// Its elements in the array's own type. Throws Error naming the array.
    [[nodiscard]] Tensor read(std::string_view path) const;

private:
    ByteRegion bytes_;
    std::map<std::string, Hdf5Dataset, std::less<>> datasets_;
};

} // namespace gradwright
