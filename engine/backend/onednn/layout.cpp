// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/layout.h"

#include <array>
#include <numeric>

namespace gradwright::onednn {
namespace {

Dims dimsWith(const Layout& layout, std::int64_t channels) {
    Dims dims{layout.batch};
    dims.insert(dims.end(), layout.shape.begin(), layout.shape.end());
    if (dims.size() > 1)
        dims[1] = channels;
    return dims;
}

/// Strides of the memory with all its channels.
Dims stridesOf(const Layout& layout) {
    const auto dims = dimsWith(layout, layout.channels);
    const auto rank = dims.size();
    Dims strides(rank);
    std::int64_t stride = 1;
    const bool channelsLast = layout.format == Format::ChannelsLast && rank > 1;
    if (channelsLast) {
        strides[1] = 1;
        stride = dims[1];
    }
    for (auto i = rank; i-- > 0;) {
        if (channelsLast && i == 1)
            continue;
        strides[i] = stride;
        stride *= dims[i];
    }
    return strides;
}

std::int64_t roundedUp(std::int64_t count, std::int64_t block) {
    return (count + block - 1) / block * block;
}

} // namespace

Layout Layout::plain(std::int64_t batch, Shape shape) {
    const auto channels = shape.rank() > 0 ? shape[0] : 1;
    return {Format::Plain, batch, std::move(shape), channels};
}

Layout plainLayoutOf(const Shape& shape) {
    if (shape.rank() < 2)
        return Layout::plain(shape.elements(), {1});
    return Layout::plain(shape[0], Shape({shape.begin() + 1, shape.end()}));
}

MemoryDesc Layout::logical() const {
    return withChannels(shape.rank() > 0 ? shape[0] : 1);
}

MemoryDesc Layout::padded() const {
    return withChannels(channels);
}

MemoryDesc Layout::withChannels(std::int64_t real) const {
    const auto dims = dimsWith(*this, real);
    using Tag = dnnl::memory::format_tag;
    constexpr std::array sixteen = {Tag::aBc16b, Tag::aBcd16b, Tag::aBcde16b};
    constexpr std::array eight = {Tag::aBc8b, Tag::aBcd8b, Tag::aBcde8b};
    if (format == Format::Blocked16)
        return taggedDesc(dims, sixteen.at(dims.size() - 3), type);
    if (format == Format::Blocked8)
        return taggedDesc(dims, eight.at(dims.size() - 3), type);
    return stridedDesc(dims, stridesOf(*this), type);
}

MemoryDesc Layout::flat() const {
    const Dims dims{static_cast<std::int64_t>(elements())};
    return denseDesc(dims, type);
}

std::int64_t Layout::positions() const {
    return std::accumulate(shape.begin() + (shape.rank() > 0 ? 1 : 0), shape.end(), std::int64_t{1},
                           std::multiplies<>());
}

std::size_t Layout::elements() const {
    return static_cast<std::size_t>(batch * channels * positions());
}

std::string Layout::name() const {
    switch (type) {
    case DType::BF16:
        return order() + " bf16";
    case DType::U8:
        return order() + " u8";
    case DType::I8:
        return order() + " s8";
    default:
        return order();
    }
}

std::string Layout::order() const {
    std::string name = "a";
    for (std::size_t i = 1; i <= shape.rank(); ++i)
        name += static_cast<char>('a' + i);
    if (blockOf(format) > 1) {
        name[1] = 'B';
        return name + std::to_string(blockOf(format)) + 'b';
    }
    if (format == Format::ChannelsLast && name.size() > 2) {
        name.erase(1, 1);
        name += 'b';
    }
    return name;
}

std::int64_t blockOf(Format format) {
    return format == Format::Blocked16 ? 16 : format == Format::Blocked8 ? 8 : 1;
}

std::int64_t alignedChannels(std::int64_t channels) {
    return roundedUp(channels, vectorLanes());
}

bool keepsChannelsTogether(const Layout& layout) {
    return layout.format == Format::ChannelsLast || blockOf(layout.format) == layout.channels;
}

bool sameMemory(const Layout& a, const Layout& b) {
    if (a.batch != b.batch || a.shape != b.shape || a.channels != b.channels || a.type != b.type)
        return false;
    // With a single position, a single channel, or a single block of them, orders coincide.
    const bool bothUnblocked = blockOf(a.format) == 1 && blockOf(b.format) == 1;
    return a.format == b.format || a.positions() == 1 || (bothUnblocked && a.channels == 1) ||
           (keepsChannelsTogether(a) && keepsChannelsTogether(b));
}

std::optional<Layout> layoutOf(const MemoryDesc& desc, std::int64_t batch, const Shape& shape) {
    const auto dims = dimsOf(desc);
    for (const auto format :
         {Format::Plain, Format::Blocked16, Format::Blocked8, Format::ChannelsLast}) {
        const auto block = blockOf(format);
        if (block > 1 && (dims.size() < 3 || dims.size() > 5))
            continue;
        const auto channels = roundedUp(dims[1], block);
        // oneDNN pads real channels to one block only: more blocks have no logical description.
        if (block > 1 && channels != roundedUp(shape[0], block))
            continue;
        const Layout layout{format, batch, shape, channels, typeOf(desc)};
        // The channels may be padded by oneDNN (dims[1] real ones) or by us.
        if (layout.withChannels(dims[1]) == desc)
            return layout;
    }
    return {};
}

} // namespace gradwright::onednn
