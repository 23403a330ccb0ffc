// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/byte_region.h"

#include "engine/support/error.h"

#include <array>
#include <cstring>

namespace gradwright {

ByteRegion::ByteRegion(const std::filesystem::path& path)
    : name_(path.string())
    , path_(path)
    , file_(std::make_shared<const UniqueFd>(openForReading(path)))
    , size_(sizeOfFile(file_->get(), path)) {}

ByteRegion::ByteRegion(std::string bytes, std::string name)
    : name_(std::move(name))
    , bytes_(std::make_shared<const std::string>(std::move(bytes)))
    , size_(bytes_->size()) {}

void ByteRegion::require(std::uint64_t offset, std::uint64_t count) const {
    if (offset > size_ || count > size_ - offset)
        throw Error("{} is damaged or cut short: byte {} is read, and it has {}", name_,
                    offset > size_ ? offset : offset + count, size_);
}

void ByteRegion::read(std::uint64_t offset, std::span<std::byte> out) const {
    require(offset, out.size());
    if (out.empty())
        return;
    if (bytes_)
        std::memcpy(out.data(), bytes_->data() + begin_ + offset, out.size());
    else
        readAt(file_->get(), begin_ + offset, out, path_);
}

std::string ByteRegion::text(std::uint64_t offset, std::uint64_t count) const {
    require(offset, count); // before memory is taken for it
    std::string result(static_cast<std::size_t>(count), '\0');
    read(offset, std::as_writable_bytes(std::span(result)));
    return result;
}

std::uint64_t ByteRegion::number(std::uint64_t offset, std::size_t bytes) const {
    std::array<std::byte, 8> read{};
    this->read(offset, std::span(read).first(bytes));
    std::uint64_t value = 0;
    for (auto i = bytes; i-- > 0;)
        value = value << 8U | std::to_integer<std::uint64_t>(read.at(i));
    return value;
}

ByteRegion ByteRegion::part(std::uint64_t offset, std::uint64_t count, std::string name) const {
    require(offset, count);
    auto result = *this;
    result.name_ = std::move(name);
    result.begin_ += offset;
    result.size_ = count;
    return result;
}

} // namespace gradwright
