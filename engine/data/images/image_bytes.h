// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/images/idx.h"

#include <memory>
#include <span>

namespace gradwright {

/// The bytes of many images of one size: in memory, or in a file that is read when they are asked
/// for, so that their number does not matter. Several threads may read at once.
class ImageBytes {
public:
    /// 60,000 images of 28 × 28 have 47 MB.
    static constexpr std::int64_t kMostInMemory = std::int64_t{1} << 29;

    /// N×H×W or N×C×H×W. Throws Error when there are more or fewer values than that.
    explicit ImageBytes(IdxArray images);
    /// The images of an IDX file: those that are not packed and have more than `most` bytes stay in
    /// it. Throws what readIdx() throws.
    static ImageBytes open(const std::filesystem::path& file, std::int64_t most = kMostInMemory);

    [[nodiscard]] const std::vector<std::int64_t>& dims() const { return dims_; }
    [[nodiscard]] bool isInMemory() const { return !file_; }
    /// Valid until the thread asks for another. Throws Error naming the file when it cannot be read
    /// any more.
    [[nodiscard]] std::span<const std::uint8_t> image(std::int64_t index) const;

    /// A hint that the image will be asked for soon: its first bytes are fetched into the cache.
    void expect(std::int64_t index) const;

private:
    struct File;
    ImageBytes(std::vector<std::int64_t> dims, std::shared_ptr<const File> file);

    std::vector<std::int64_t> dims_;
    std::size_t bytesEach_ = 0;
    std::vector<std::uint8_t> values_;
    std::shared_ptr<const File> file_;
};

} // namespace gradwright
