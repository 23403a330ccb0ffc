// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/safetensors.h"

#include "engine/io/atomic_file.h"
#include "engine/io/safetensors_header.h"
#include "engine/support/error.h"
#include "engine/support/posix_file.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <new>

namespace gradwright {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors is little-endian");

constexpr std::string_view kPayloadKey = "payload_crc32";
constexpr std::string_view kHeaderKey = "header_crc32";
constexpr std::string_view kNoDigits = "00000000";
constexpr std::uint64_t kPrefixBytes = 8;
constexpr std::size_t kMaxHeaderBytes = 100'000'000;

std::uint32_t crcOf(std::span<const std::byte> bytes, std::uint32_t before = 0) {
    // zlib takes a null pointer, which an empty tensor has, as a wish to start anew.
    if (bytes.empty())
        return before;
    return static_cast<std::uint32_t>(
        crc32_z(before, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::string digitsOf(std::uint32_t crc) {
    return fmt::format("{:08x}", crc);
}

/// Where the eight digits of the header's checksum stand in the header, npos when there are none.
/// Inside a text the quotation marks would be escaped, so nothing else can look like this.
std::size_t findHeaderDigits(std::string_view header) {
    const auto key = fmt::format("\"{}\":\"", kHeaderKey);
    const auto place = header.find(key);
    if (place == std::string_view::npos)
        return place;
    const auto digits = place + key.size();
    const auto end = digits + kNoDigits.size();
    return end < header.size() && header[end] == '"' ? digits : std::string_view::npos;
}

/// The checksum of a header whose own checksum reads 00000000.
std::string headerDigits(std::string header, std::size_t place) {
    header.replace(place, kNoDigits.size(), kNoDigits);
    return digitsOf(crcOf(std::as_bytes(std::span(header))));
}

void requireSame(std::string_view part, const std::string& stored, const std::string& computed,
                 std::string_view what) {
    if (stored != computed)
        throw Error("{}: is damaged: the checksum of the {} should be {}, but is {}", what, part,
                    quotedText(stored), quotedText(computed));
}

using NamedTensor = std::pair<std::string, Tensor>;

void sortForPayload(std::vector<LazyTensor>& tensors, std::string_view what) {
    std::ranges::sort(tensors, {}, &LazyTensor::name);
    const auto twice = std::ranges::adjacent_find(tensors, {}, &LazyTensor::name);
    if (twice != tensors.end())
        throw Error("{}: two tensors are named {}", what, quotedText(twice->name));
    if (std::ranges::binary_search(tensors, std::string("__metadata__"), {}, &LazyTensor::name))
        throw Error("{}: a tensor cannot be named __metadata__", what);
    std::ranges::stable_sort(tensors, std::greater{},
                             [](const LazyTensor& tensor) { return sizeOf(tensor.dtype); });
}

std::uint64_t bytesOf(const LazyTensor& tensor) {
    return static_cast<std::uint64_t>(tensor.shape.elements()) * sizeOf(tensor.dtype);
}

/// The header as it is before the checksum of the payload is known; that has digits of its own.
SafetensorsHeader headerOf(const std::map<std::string, std::string>& metadata,
                           const std::vector<LazyTensor>& tensors) {
    SafetensorsHeader header;
    header.metadata = metadata;
    std::uint64_t offset = 0;
    for (const auto& tensor : tensors) {
        const auto end = offset + bytesOf(tensor);
        header.entries.push_back({tensor.name, tensor.dtype, tensor.shape.dims(), offset, end});
        offset = end;
    }
    return header;
}

/// Always of the same length, whatever the checksum.
std::string headerText(SafetensorsHeader header, std::uint32_t payloadCrc, std::string_view what) {
    header.metadata.insert_or_assign(std::string(kPayloadKey), digitsOf(payloadCrc));
    header.metadata.insert_or_assign(std::string(kHeaderKey), std::string(kNoDigits));
    auto text = formatSafetensorsHeader(header, what);
    text.append((8 - text.size() % 8) % 8, ' ');
    if (text.size() > kMaxHeaderBytes)
        throw Error("{}: names and metadata need {} bytes, the format allows {}", what, text.size(),
                    kMaxHeaderBytes);
    const auto place = findHeaderDigits(text);
    text.replace(place, kNoDigits.size(), headerDigits(text, place));
    return text;
}

std::string readHeader(int fd, std::uint64_t fileBytes, const std::filesystem::path& path,
                       const SafetensorsLimits& limits) {
    const auto what = path.string();
    if (fileBytes < kPrefixBytes)
        throw Error(
            "{}: is not a safetensors file: {} bytes are too few to hold the header's length", what,
            fileBytes);
    if (fileBytes > limits.fileBytes)
        throw Error("{}: holds {} bytes, at most {} are read", what, fileBytes, limits.fileBytes);
    std::array<std::byte, kPrefixBytes> prefix{};
    readExactly(fd, prefix, path);
    const auto length = std::bit_cast<std::uint64_t>(prefix);
    if (length > limits.headerBytes)
        throw Error("{}: the header's length is {} bytes, at most {} are allowed", what, length,
                    limits.headerBytes);
    if (length > fileBytes - kPrefixBytes)
        throw Error("{}: is truncated: the header's length is {} bytes, {} follow", what, length,
                    fileBytes - kPrefixBytes);
    std::string text(static_cast<std::size_t>(length), '\0');
    readExactly(fd, std::as_writable_bytes(std::span(text)), path);
    return text;
}

/// A file whose header was checked, at the start of its payload.
struct Opened {
    UniqueFd file;
    SafetensorsHeader header;
    std::uint64_t payload = 0; ///< where it begins
    std::string payloadDigits; ///< empty when the file has no checksum
};

Opened openChecked(const std::filesystem::path& path, const SafetensorsLimits& limits) {
    const auto what = path.string();
    Opened opened{openForReading(path), {}, 0, {}};
    const auto fileBytes = sizeOfFile(opened.file.get(), path);
    const auto text = readHeader(opened.file.get(), fileBytes, path, limits);
    if (const auto place = findHeaderDigits(text); place != std::string::npos)
        requireSame("header", text.substr(place, kNoDigits.size()), headerDigits(text, place),
                    what);
    opened.payload = kPrefixBytes + text.size();
    opened.header = parseSafetensorsHeader(text, fileBytes - opened.payload, what, limits);
    if (auto stored = opened.header.metadata.extract(std::string(kPayloadKey)); !stored.empty())
        opened.payloadDigits = stored.mapped();
    opened.header.metadata.erase(std::string(kHeaderKey));
    return opened;
}

SafetensorsFile readChecked(const std::filesystem::path& path, const SafetensorsLimits& limits) {
    auto opened = openChecked(path, limits);
    SafetensorsFile file;
    file.tensors.reserve(opened.header.entries.size());
    std::uint32_t crc = 0;
    for (auto& entry : opened.header.entries) {
        Tensor tensor(entry.dtype, Shape(std::move(entry.shape)));
        readExactly(opened.file.get(), tensor.bytes(), path);
        crc = crcOf(tensor.bytes(), crc);
        file.tensors.emplace_back(std::move(entry.name), std::move(tensor));
    }
    if (!opened.payloadDigits.empty())
        requireSame("tensors", opened.payloadDigits, digitsOf(crc), path.string());
    file.metadata = std::move(opened.header.metadata);
    return file;
}

void checkPayload(const Opened& opened, const std::filesystem::path& path) {
    if (opened.payloadDigits.empty() || opened.header.entries.empty())
        return;
    std::vector<std::byte> piece(std::size_t{1} << 20);
    std::uint32_t crc = 0;
    for (auto left = opened.header.entries.back().end; left > 0;) {
        const auto count = std::min<std::uint64_t>(left, piece.size());
        const auto part = std::span(piece).first(static_cast<std::size_t>(count));
        readExactly(opened.file.get(), part, path);
        crc = crcOf(part, crc);
        left -= count;
    }
    requireSame("tensors", opened.payloadDigits, digitsOf(crc), path.string());
}

void readInTurn(const std::filesystem::path& path,
                const std::function<void(SafetensorsContents&)>& check,
                const std::function<void(const std::string&, const Tensor&)>& take,
                const SafetensorsLimits& limits) {
    const auto opened = openChecked(path, limits);
    checkPayload(opened, path);
    SafetensorsContents contents{opened.header.metadata, {}};
    for (const auto& entry : opened.header.entries)
        contents.shapes.emplace(entry.name, Shape(entry.shape));
    check(contents);
    for (const auto& entry : opened.header.entries) {
        if (!contents.shapes.contains(entry.name))
            continue;
        Tensor tensor(entry.dtype, Shape(entry.shape));
        seekTo(opened.file.get(), opened.payload + entry.begin, path);
        readExactly(opened.file.get(), tensor.bytes(), path);
        take(entry.name, tensor);
    }
}

} // namespace

const Tensor* SafetensorsFile::find(std::string_view name) const {
    const auto found = std::ranges::find(tensors, name, &NamedTensor::first);
    return found == tensors.end() ? nullptr : &found->second;
}

void writeSafetensors(const std::filesystem::path& path,
                      const std::map<std::string, std::string>& metadata,
                      std::vector<LazyTensor> tensors) {
    const auto what = path.string();
    sortForPayload(tensors, what);
    const auto header = headerOf(metadata, tensors);
    const auto draft = headerText(header, 0, what);
    const auto prefix =
        std::bit_cast<std::array<std::byte, kPrefixBytes>>(std::uint64_t{draft.size()});
    AtomicFile output(path);
    output.write(prefix);
    output.write(draft);
    std::uint32_t crc = 0;
    for (const auto& lazy : tensors) {
        const auto made = lazy.ready ? Tensor() : lazy.make();
        const auto& tensor = lazy.ready ? *lazy.ready : made;
        if (tensor.dtype() != lazy.dtype || tensor.shape() != lazy.shape)
            throw Error("{}: the tensor {} has shape {} instead of {}", what, quotedText(lazy.name),
                        toString(tensor.shape()), toString(lazy.shape));
        crc = crcOf(tensor.bytes(), crc);
        output.write(tensor.bytes());
    }
    const auto text = headerText(header, crc, what);
    output.overwrite(kPrefixBytes, std::as_bytes(std::span(text)));
    output.commit();
}

void writeSafetensors(const std::filesystem::path& path, const SafetensorsFile& file) {
    std::vector<LazyTensor> tensors;
    for (const auto& [name, tensor] : file.tensors)
        tensors.push_back(LazyTensor::of(name, tensor));
    writeSafetensors(path, file.metadata, std::move(tensors));
}

SafetensorsFile readSafetensors(const std::filesystem::path& path,
                                const SafetensorsLimits& limits) {
    try {
        return readChecked(path, limits);
    } catch (const std::bad_alloc&) {
        throw Error("{}: there is not enough memory to read it", path.string());
    }
}

std::map<std::string, std::string> readSafetensorsMetadata(const std::filesystem::path& path,
                                                           const SafetensorsLimits& limits) {
    return openChecked(path, limits).header.metadata;
}

void readSafetensors(const std::filesystem::path& path,
                     const std::function<void(SafetensorsContents&)>& check,
                     const std::function<void(const std::string&, const Tensor&)>& take,
                     const SafetensorsLimits& limits) {
    try {
        readInTurn(path, check, take, limits);
    } catch (const std::bad_alloc&) {
        throw Error("{}: there is not enough memory to read it", path.string());
    }
}

} // namespace gradwright
