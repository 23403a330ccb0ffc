// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/hdf5/hdf5_chunks.h"

#include "engine/support/error.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace gradwright {
namespace {

constexpr std::uint64_t kMostChunkBytes = std::uint64_t{1} << 30; ///< unpacked
constexpr int kMostTreeLevels = 16;
constexpr std::size_t kMostTreeNodes = 1'000'000;
constexpr std::size_t kChecksumBytes = 4;

using ChunkBytes = std::vector<std::byte>;

class ChunkReader {
public:
    ChunkReader(const ByteRegion& file, const Hdf5Dataset& dataset, std::span<std::byte> out)
        : file_(file)
        , dataset_(dataset)
        , out_(out)
        , width_(sizeOf(dataset.dtype)) {
        std::uint64_t elements = 1;
        for (const auto length : dataset.chunk) {
            if (length < 1 || static_cast<std::uint64_t>(length) > kMostChunkBytes / elements)
                fail("a chunk has no possible size");
            elements *= static_cast<std::uint64_t>(length);
        }
        chunkBytes_ = elements * width_;
        // Each place has one chunk, so what the file can list is bounded by the array.
        left_ = 1;
        for (std::size_t axis = 0; axis < dataset.chunk.size(); ++axis)
            left_ *= static_cast<std::uint64_t>((dataset.shape[axis] + dataset.chunk[axis] - 1) /
                                                dataset.chunk[axis]);
        if (chunkBytes_ > kMostChunkBytes || chunkBytes_ / kMostDeflateRatio > file.size())
            fail("a chunk has no possible size");
    }

    void readNode(std::uint64_t at, int level) {
        if (++nodes_ > kMostTreeNodes)
            fail("the list of an array's chunks does not end");
        if (file_.text(at, 4) != "TREE" || file_.number(at + 4, 1) != 1)
            fail("the list of an array's chunks is none");
        const auto own = static_cast<int>(file_.number(at + 5, 1));
        if (own > kMostTreeLevels || (level >= 0 && own != level))
            fail("the list of an array's chunks is none");
        const auto count = file_.number(at + 6, 2);
        const auto key = 8 + 8 * (dataset_.chunk.size() + 1);
        for (std::uint64_t i = 0; i < count; ++i) {
            const auto entry = at + 24 + i * (key + 8);
            const auto child = file_.number(entry + key, 8);
            if (own > 0)
                readNode(child, own - 1);
            else
                readChunk(entry, child);
        }
    }

private:
    [[noreturn]] void fail(std::string_view what) const {
        throw Error("{} is damaged: {}", file_.name(), what);
    }

    void readChunk(std::uint64_t entry, std::uint64_t address) {
        if (left_-- == 0)
            fail("an array has more chunks than places");
        const auto size = file_.number(entry, 4);
        const auto mask = file_.number(entry + 4, 4);
        if (size > chunkBytes_ + chunkBytes_ / 100 + 1024)
            fail("a chunk takes more room than what it holds");
        std::vector<std::int64_t> place;
        for (std::size_t axis = 0; axis < dataset_.chunk.size(); ++axis) {
            const auto offset = file_.number(entry + 8 + 8 * axis, 8);
            if (offset >= static_cast<std::uint64_t>(dataset_.shape[axis]) ||
                static_cast<std::int64_t>(offset) % dataset_.chunk[axis] != 0)
                fail("a chunk lies outside its array");
            place.push_back(static_cast<std::int64_t>(offset));
        }
        ChunkBytes bytes(static_cast<std::size_t>(size));
        file_.read(address, bytes);
        for (auto i = dataset_.filters.size(); i-- > 0;)
            if ((mask >> i & 1U) == 0)
                undo(dataset_.filters[i], bytes);
        if (bytes.size() != chunkBytes_)
            fail("a chunk has another size than it should");
        put(bytes, place);
    }

    void undo(Hdf5Dataset::Filter filter, ChunkBytes& bytes) const {
        if (filter == Hdf5Dataset::Filter::Checksum) {
            if (bytes.size() < kChecksumBytes)
                fail("a chunk has no checksum");
            bytes.resize(bytes.size() - kChecksumBytes);
            return;
        }
        if (filter == Hdf5Dataset::Filter::Shuffle) {
            const auto count = bytes.size() / width_;
            ChunkBytes ordered(bytes);
            for (std::size_t i = 0; i < count; ++i)
                for (std::size_t k = 0; k < width_; ++k)
                    ordered[i * width_ + k] = bytes[k * count + i];
            bytes = std::move(ordered);
            return;
        }
        ChunkBytes unpacked(static_cast<std::size_t>(chunkBytes_) + kChecksumBytes);
        auto length = static_cast<uLongf>(unpacked.size());
        if (uncompress(reinterpret_cast<Bytef*>(unpacked.data()), &length,
                       reinterpret_cast<const Bytef*>(bytes.data()),
                       static_cast<uLong>(bytes.size())) != Z_OK)
            fail("a chunk cannot be unpacked");
        unpacked.resize(length);
        bytes = std::move(unpacked);
    }

    /// Chunks at the end reach beyond the array.
    void put(const ChunkBytes& bytes, const std::vector<std::int64_t>& place) {
        const auto rank = place.size();
        if (rank == 0) {
            std::memcpy(out_.data(), bytes.data(), width_);
            return;
        }
        std::vector<std::int64_t> at(rank, 0);
        const auto row =
            std::min(dataset_.chunk[rank - 1], dataset_.shape[rank - 1] - place[rank - 1]);
        for (;;) {
            std::int64_t from = 0;
            std::int64_t to = 0;
            bool isInside = true;
            for (std::size_t axis = 0; axis < rank; ++axis) {
                from = from * dataset_.chunk[axis] + at[axis];
                to = to * dataset_.shape[axis] + place[axis] + at[axis];
                isInside = isInside && place[axis] + at[axis] < dataset_.shape[axis];
            }
            if (isInside)
                std::memcpy(out_.data() + static_cast<std::size_t>(to) * width_,
                            bytes.data() + static_cast<std::size_t>(from) * width_,
                            static_cast<std::size_t>(row) * width_);
            auto axis = rank - 1;
            do {
                if (axis == 0)
                    return;
                --axis;
                if (++at[axis] < dataset_.chunk[axis])
                    break;
                at[axis] = 0;
            } while (true);
        }
    }

    const ByteRegion& file_;
    const Hdf5Dataset& dataset_;
    std::span<std::byte> out_;
    std::size_t width_;
    std::uint64_t chunkBytes_ = 0;
    std::uint64_t left_ = 0; ///< chunks that may still come
    std::size_t nodes_ = 0;
};

} // namespace

void readHdf5Chunks(const ByteRegion& file, const Hdf5Dataset& dataset, std::span<std::byte> out) {
    ChunkReader(file, dataset, out).readNode(*dataset.address, -1);
}

} // namespace gradwright
