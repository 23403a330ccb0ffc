// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/safetensors.h"

#include "engine/io/atomic_file.h"
#include "engine/io/posix_file.h"
#include "engine/io/safetensors_header.h"
#include "engine/support/error.h"

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

std::vector<const NamedTensor*> inPayloadOrder(const SafetensorsFile& file, std::string_view what) {
    std::vector<const NamedTensor*> order;
    order.reserve(file.tensors.size());
    for (const auto& tensor : file.tensors)
        order.push_back(&tensor);
    const auto byName = [](const NamedTensor* tensor) -> const std::string& {
        return tensor->first;
    };
    std::ranges::sort(order, {}, byName);
    const auto twice = std::ranges::adjacent_find(order, {}, byName);
    if (twice != order.end())
        throw Error("{}: two tensors are named {}", what, quotedText((*twice)->first));
    if (file.find("__metadata__") != nullptr)
        throw Error("{}: a tensor cannot be named __metadata__", what);
    std::ranges::stable_sort(order, std::greater{}, [](const NamedTensor* tensor) {
        return sizeOf(tensor->second.dtype());
    });
    return order;
}

std::string makeHeader(const SafetensorsFile& file, const std::vector<const NamedTensor*>& order,
                       std::string_view what) {
    SafetensorsHeader header;
    header.metadata = file.metadata;
    std::uint32_t crc = 0;
    std::uint64_t offset = 0;
    for (const auto* named : order) {
        const auto& [name, tensor] = *named;
        const auto bytes = tensor.bytes();
        header.entries.push_back(
            {name, tensor.dtype(), tensor.shape().dims(), offset, offset + bytes.size()});
        offset += bytes.size();
        crc = crcOf(bytes, crc);
    }
    header.metadata.insert_or_assign(std::string(kPayloadKey), digitsOf(crc));
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
        throw Error("{}: is no safetensors file: {} bytes are too few to hold the header's length",
                    what, fileBytes);
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

SafetensorsFile readChecked(const std::filesystem::path& path, const SafetensorsLimits& limits) {
    const auto what = path.string();
    const auto input = openForReading(path);
    const auto fileBytes = sizeOfFile(input.get(), path);
    const auto text = readHeader(input.get(), fileBytes, path, limits);
    if (const auto place = findHeaderDigits(text); place != std::string::npos)
        requireSame("header", text.substr(place, kNoDigits.size()), headerDigits(text, place),
                    what);
    auto header =
        parseSafetensorsHeader(text, fileBytes - kPrefixBytes - text.size(), what, limits);

    SafetensorsFile file;
    file.tensors.reserve(header.entries.size());
    std::uint32_t crc = 0;
    for (auto& entry : header.entries) {
        Tensor tensor(entry.dtype, Shape(std::move(entry.shape)));
        readExactly(input.get(), tensor.bytes(), path);
        crc = crcOf(tensor.bytes(), crc);
        file.tensors.emplace_back(std::move(entry.name), std::move(tensor));
    }
    if (auto stored = header.metadata.extract(std::string(kPayloadKey)); !stored.empty())
        requireSame("tensors", stored.mapped(), digitsOf(crc), what);
    header.metadata.erase(std::string(kHeaderKey));
    file.metadata = std::move(header.metadata);
    return file;
}

} // namespace

const Tensor* SafetensorsFile::find(std::string_view name) const {
    const auto found = std::ranges::find(tensors, name, &NamedTensor::first);
    return found == tensors.end() ? nullptr : &found->second;
}

void writeSafetensors(const std::filesystem::path& path, const SafetensorsFile& file) {
    const auto order = inPayloadOrder(file, path.string());
    const auto header = makeHeader(file, order, path.string());
    const auto prefix =
        std::bit_cast<std::array<std::byte, kPrefixBytes>>(std::uint64_t{header.size()});
    AtomicFile output(path);
    output.write(prefix);
    output.write(header);
    for (const auto* named : order)
        output.write(named->second.bytes());
    output.commit();
}

SafetensorsFile readSafetensors(const std::filesystem::path& path,
                                const SafetensorsLimits& limits) {
    try {
        return readChecked(path, limits);
    } catch (const std::bad_alloc&) {
        throw Error("{}: there is not enough memory to read it", path.string());
    }
}

} // namespace gradwright
