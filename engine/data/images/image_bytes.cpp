// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/image_bytes.h"

#include "engine/support/error.h"
#include "engine/support/posix_file.h"
#include "engine/tensor/shape.h"

#include <algorithm>
#include <utility>

namespace gradwright {
namespace {

std::size_t bytesOfOne(const std::vector<std::int64_t>& dims) {
    return static_cast<std::size_t>(Shape(dims).elements() / dims[0]);
}

} // namespace

/// Where the values of an IDX file are.
struct ImageBytes::File {
    std::filesystem::path path;
    UniqueFd descriptor;
    std::uint64_t start;
};

ImageBytes::ImageBytes(IdxArray images)
    : dims_(std::move(images.dims))
    , bytesEach_(bytesOfOne(dims_))
    , values_(std::move(images.values)) {
    if (static_cast<std::int64_t>(values_.size()) != Shape(dims_).elements())
        throw Error("{} bytes do not fit images of shape {}", values_.size(),
                    toString(Shape(dims_)));
}

ImageBytes::ImageBytes(std::vector<std::int64_t> dims, std::shared_ptr<const File> file)
    : dims_(std::move(dims))
    , bytesEach_(bytesOfOne(dims_))
    , file_(std::move(file)) {}

ImageBytes ImageBytes::open(const std::filesystem::path& file, std::int64_t most) {
    auto header = readIdxHeader(file, 3);
    if (header.isPacked || header.bytes <= most)
        return ImageBytes(readIdx(file, 3));
    return {std::move(header.dims),
            std::make_shared<const File>(
                File{file, openForReading(file), static_cast<std::uint64_t>(header.start)})};
}

void ImageBytes::expect(std::int64_t index) const {
    constexpr std::size_t line = 64;
    constexpr std::size_t most = 64 * line; // the processor goes on by itself
    if (file_)
        return;
    const auto from = static_cast<std::size_t>(index) * bytesEach_;
    for (std::size_t at = 0; at < std::min(bytesEach_, most); at += line)
        __builtin_prefetch(values_.data() + from + at);
}

std::span<const std::uint8_t> ImageBytes::image(std::int64_t index) const {
    const auto from = static_cast<std::size_t>(index) * bytesEach_;
    if (!file_)
        return std::span(values_).subspan(from, bytesEach_);
    thread_local std::vector<std::uint8_t> room;
    room.resize(bytesEach_);
    readAt(file_->descriptor.get(), file_->start + from, std::as_writable_bytes(std::span(room)),
           file_->path);
    return room;
}

} // namespace gradwright
