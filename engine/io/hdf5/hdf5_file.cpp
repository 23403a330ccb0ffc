// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/hdf5/hdf5_file.h"

#include "engine/io/hdf5/hdf5_chunks.h"
#include "engine/io/hdf5/hdf5_objects.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <algorithm>
#include <cstring>
#include <set>

namespace gradwright {
namespace {

constexpr int kMostGroups = 64; ///< within each other
constexpr std::size_t kMostObjects = 100'000;
constexpr std::uint64_t kMostHdf5Axes = 8;

Shape shapeOfMessage(const ByteRegion& message) {
    const auto version = message.number(0, 1);
    const auto rank = message.number(1, 1);
    if (version != 1 && version != 2)
        throw Error("its dataspace has version {}; 1 and 2 can be read", version);
    if (version == 2 && message.number(3, 1) == 2)
        throw Error("it holds nothing");
    if (rank > kMostHdf5Axes)
        throw Error("it has {} axes; up to {} are read", rank, kMostHdf5Axes);
    std::vector<std::int64_t> dims;
    for (std::uint64_t axis = 0; axis < rank; ++axis) {
        const auto length = message.number((version == 1 ? 8 : 4) + 8 * axis, 8);
        if (length > std::uint64_t{1} << 45U)
            throw Error("its axis {} has the length {}", axis, length);
        dims.push_back(static_cast<std::int64_t>(length));
    }
    Shape shape(std::move(dims));
    static_cast<void>(shape.elements()); // throws above what memory can hold
    return shape;
}

DType integerType(std::uint64_t size, bool isSigned) {
    if (size == 1)
        return isSigned ? DType::I8 : DType::U8;
    if (size == 4 && isSigned)
        return DType::I32;
    if (size == 8 && isSigned)
        return DType::I64;
    throw Error("it holds {} whole numbers of {} bytes; those of 1 byte and signed ones of 4 and 8 "
                "can be read",
                isSigned ? "signed" : "unsigned", size);
}

void setType(Hdf5Dataset& dataset, const ByteRegion& message) {
    constexpr std::uint64_t kInteger = 0;
    constexpr std::uint64_t kReal = 1;
    const auto kind = message.number(0, 1) & 15U;
    const auto bits = message.number(1, 3);
    const auto size = message.number(4, 4);
    if (kind != kInteger && kind != kReal)
        throw Error("its elements are no numbers (class {} of HDF5's types)", kind);
    dataset.isBigEndian = (bits & 1U) != 0;
    if (kind == kInteger) {
        dataset.dtype = integerType(size, (bits & 8U) != 0);
        return;
    }
    const auto exponent = message.number(13, 1); // bits
    if (size == 2 && exponent == 5)
        dataset.dtype = DType::F16;
    else if (size == 2 && exponent == 8)
        dataset.dtype = DType::BF16;
    else if (size == 4 && exponent == 8)
        dataset.dtype = DType::F32;
    else if (size == 8 && exponent == 11)
        dataset.dtype = DType::F64;
    else
        throw Error(
            "it holds real numbers of {} bytes with {} bits of exponent; float16, bfloat16, "
            "float32 and float64 can be read",
            size, exponent);
}

void setLayout(Hdf5Dataset& dataset, const ByteRegion& message, std::uint64_t begin) {
    constexpr std::uint64_t kCompact = 0;
    constexpr std::uint64_t kContiguous = 1;
    constexpr std::uint64_t kChunked = 2;
    const auto version = message.number(0, 1);
    const auto kind = message.number(1, 1);
    if (version != 3 && (version != 4 || kind == kChunked))
        throw Error("its layout has version {}{}; version 3 can be read", version,
                    kind == kChunked ? " and chunks" : "");
    const auto setAddress = [&](std::uint64_t address) {
        if (address != kHdf5Undefined)
            dataset.address = address;
    };
    if (kind == kCompact) {
        dataset.layout = Hdf5Dataset::Layout::Compact;
        dataset.bytes = message.number(2, 2);
        dataset.address = begin + 4;
    } else if (kind == kContiguous) {
        dataset.layout = Hdf5Dataset::Layout::Contiguous;
        setAddress(message.number(2, 8));
        dataset.bytes = message.number(10, 8);
    } else if (kind == kChunked) {
        dataset.layout = Hdf5Dataset::Layout::Chunked;
        const auto axes = message.number(2, 1); // with that of an element's bytes
        if (axes < 1 || axes > kMostHdf5Axes + 1)
            throw Error("its chunks have {} axes", axes);
        setAddress(message.number(3, 8));
        for (std::uint64_t axis = 0; axis + 1 < axes; ++axis)
            dataset.chunk.push_back(static_cast<std::int64_t>(message.number(11 + 4 * axis, 4)));
    } else {
        throw Error("its layout is of an unknown kind, {}", kind);
    }
}

void setFilters(Hdf5Dataset& dataset, const ByteRegion& message) {
    constexpr std::uint64_t kDeflate = 1;
    constexpr std::uint64_t kShuffle = 2;
    constexpr std::uint64_t kFletcher = 3;
    const auto version = message.number(0, 1);
    const auto count = message.number(1, 1);
    std::uint64_t at = version == 1 ? 8 : 2;
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto id = message.number(at, 2);
        std::uint64_t name = 0;
        at += 2;
        if (version == 1 || id >= 256) {
            name = message.number(at, 2);
            at += 2;
        }
        const auto values = message.number(at + 2, 2);
        at += 4 + name + 4 * values + (version == 1 && values % 2 == 1 ? 4 : 0);
        if (id == kDeflate)
            dataset.filters.push_back(Hdf5Dataset::Filter::Deflate);
        else if (id == kShuffle)
            dataset.filters.push_back(Hdf5Dataset::Filter::Shuffle);
        else if (id == kFletcher)
            dataset.filters.push_back(Hdf5Dataset::Filter::Checksum);
        else
            throw Error("it is packed by filter {}; deflate and shuffle can be read", id);
    }
}

/// The array that an object's messages describe; nothing where they describe none.
std::optional<Hdf5Dataset> datasetOf(const ByteRegion& file,
                                     const std::vector<Hdf5Message>& messages) {
    const auto find = [&](Hdf5MessageKind kind) -> const Hdf5Message* {
        const auto found = std::ranges::find(messages, kind, &Hdf5Message::kind);
        return found == messages.end() ? nullptr : &*found;
    };
    const auto* space = find(Hdf5MessageKind::Dataspace);
    const auto* type = find(Hdf5MessageKind::Datatype);
    const auto* layout = find(Hdf5MessageKind::Layout);
    const auto* filters = find(Hdf5MessageKind::Filters);
    if (!space || !type || !layout)
        return {};
    for (const auto* message : {space, type, layout, filters})
        if (message && message->isShared)
            throw Error("its type is kept elsewhere in the file, which is not read");
    Hdf5Dataset dataset;
    dataset.shape = shapeOfMessage(space->data);
    setType(dataset, type->data);
    setLayout(dataset, layout->data, layout->data.begin() - file.begin());
    if (filters)
        setFilters(dataset, filters->data);
    if (dataset.layout == Hdf5Dataset::Layout::Chunked &&
        dataset.chunk.size() != dataset.shape.rank())
        throw Error("its chunks have {} axes, and it has {}", dataset.chunk.size(),
                    dataset.shape.rank());
    return dataset;
}

class Hdf5Walk {
public:
    Hdf5Walk(const ByteRegion& file, std::map<std::string, Hdf5Dataset, std::less<>>& datasets)
        : file_(file)
        , datasets_(datasets) {}

    void visit(std::uint64_t address, const std::string& path, int depth) {
        if (depth > kMostGroups)
            throw Error("{}: groups lie more than {} deep", file_.name(), kMostGroups);
        if (!seen_.insert(address).second)
            return; // the same object under another name
        if (seen_.size() > kMostObjects)
            throw Error("{}: it has more than {} objects", file_.name(), kMostObjects);
        const auto messages = hdf5Messages(file_, address);
        try {
            if (auto dataset = datasetOf(file_, messages)) {
                datasets_.insert_or_assign(path, *std::move(dataset));
                return;
            }
        } catch (const Error& error) {
            throw Error("{}: the array \"{}\" cannot be read: {}", file_.name(), excerpt(path),
                        error.what());
        }
        for (const auto& [name, member] : hdf5Members(file_, messages))
            visit(member, path.empty() ? name : path + "/" + name, depth + 1);
    }

private:
    const ByteRegion& file_;
    std::map<std::string, Hdf5Dataset, std::less<>>& datasets_;
    std::set<std::uint64_t> seen_;
};

void swapHdf5Bytes(std::span<std::byte> bytes, std::size_t width) {
    for (std::size_t i = 0; i + width <= bytes.size(); i += width)
        std::ranges::reverse(bytes.subspan(i, width));
}

} // namespace

Hdf5File::Hdf5File(ByteRegion bytes)
    : bytes_(std::move(bytes)) {
    Hdf5Walk(bytes_, datasets_).visit(hdf5Root(bytes_), {}, 0);
}

const Hdf5Dataset* Hdf5File::find(std::string_view path) const {
    const auto found = datasets_.find(path);
    return found == datasets_.end() ? nullptr : &found->second;
}

Tensor Hdf5File::read(std::string_view path) const {
    const auto* dataset = find(path);
    if (!dataset)
        throw Error("{}: it has no array \"{}\"", bytes_.name(), path);
    const auto width = sizeOf(dataset->dtype);
    const auto wanted = static_cast<std::uint64_t>(dataset->shape.elements()) * width;
    const bool isChunked = dataset->layout == Hdf5Dataset::Layout::Chunked;
    // What takes no room in the file must not take any in memory.
    if (!dataset->address && wanted > 0)
        throw Error("{}: the array \"{}\" was never written", bytes_.name(), path);
    if (!isChunked && (dataset->bytes != wanted || wanted > bytes_.size()))
        throw Error("{}: the array \"{}\" has {} bytes, and its shape {} needs {}", bytes_.name(),
                    path, dataset->bytes, toString(dataset->shape), wanted);
    if (isChunked && wanted / kMostDeflateRatio > bytes_.size())
        throw Error("{}: the array \"{}\" cannot have {} bytes", bytes_.name(), path, wanted);
    Tensor tensor(dataset->dtype, dataset->shape);
    if (wanted == 0)
        return tensor;
    try {
        if (isChunked)
            readHdf5Chunks(bytes_, *dataset, tensor.bytes());
        else
            bytes_.read(*dataset->address, tensor.bytes());
    } catch (const Error& error) {
        throw Error("{} (the array \"{}\")", error.what(), path);
    }
    if (dataset->isBigEndian)
        swapHdf5Bytes(tensor.bytes(), width);
    return tensor;
}

} // namespace gradwright
