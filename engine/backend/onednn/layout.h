// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/primitives.h"
#include "engine/tensor/shape.h"

#include <optional>
#include <string>

namespace gradwright::onednn {

/// The order of a value's elements in memory; blocked ones keep 8 or 16 channels of a pixel side by
/// side.
enum class Format { Plain, ChannelsLast, Blocked8, Blocked16 };

/// How a value [batch, shape…] lies in memory. Images may carry more channels than they have: the
/// lanes above shape[0] hold zeros (or garbage that no result depends on), so that primitives see a
/// multiple of the vector length.
struct Layout {
    Format format = Format::Plain;
    std::int64_t batch = 1;
    Shape shape;
    std::int64_t channels = 0; ///< in memory, >= shape[0]
    DType type = DType::F32;   ///< or BF16, U8, I8

    /// Row-major without padding.
    static Layout plain(std::int64_t batch, Shape shape);

    /// The value without the extra channels.
    [[nodiscard]] MemoryDesc logical() const;
    /// The same memory with the extra channels as if they were real ones.
    [[nodiscard]] MemoryDesc padded() const;
    /// The same memory with so many of its channels as real ones.
    [[nodiscard]] MemoryDesc withChannels(std::int64_t real) const;
    /// The same memory as one row of numbers, for elementwise work.
    [[nodiscard]] MemoryDesc flat() const;
    [[nodiscard]] std::size_t elements() const; ///< in memory
    [[nodiscard]] std::size_t bytes() const { return elements() * gradwright::sizeOf(type); }
    [[nodiscard]] bool isBf16() const { return type == DType::BF16; }
    /// The same memory with elements of another type.
    [[nodiscard]] Layout as(DType other) const {
        auto layout = *this;
        layout.type = other;
        return layout;
    }
    [[nodiscard]] bool isPadded() const { return shape.rank() > 0 && channels != shape[0]; }
    [[nodiscard]] std::int64_t positions() const; ///< rows × columns …, all but the channels
    [[nodiscard]] std::string name() const; ///< as oneDNN writes it: "aBcd16b"; with " bf16", …

    bool operator==(const Layout&) const = default;

private:
    [[nodiscard]] std::string order() const;
};

/// Row-major, of a value with all its axes, the batch included.
Layout plainLayoutOf(const Shape& shape);

/// A dimension as kernels count.
inline std::size_t sizeOf(std::int64_t dimension) {
    return static_cast<std::size_t>(dimension);
}

/// Channels side by side in a blocked format, else 1.
std::int64_t blockOf(Format format);
/// `channels` rounded up to a whole vector.
std::int64_t alignedChannels(std::int64_t channels);
/// Whether all channels of a position lie side by side.
bool keepsChannelsTogether(const Layout& layout);
/// Whether both put every element at the same place, in the same type.
bool sameMemory(const Layout& a, const Layout& b);
/// The Layout that `desc`, of dimensions [batch, channels or more, …], describes; nothing when it
/// is none of the formats.
std::optional<Layout> layoutOf(const MemoryDesc& desc, std::int64_t batch, const Shape& shape);

} // namespace gradwright::onednn
