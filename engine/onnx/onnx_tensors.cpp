// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/onnx/onnx_tensors.h"

#include "engine/support/posix_file.h"

#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <limits>
#include <optional>
#include <span>

namespace gradwright {

static_assert(std::endian::native == std::endian::little, "ONNX's raw data are little-endian");

namespace {

using onnx_format::TensorProto;

// Element types as the format numbers them.
enum Type : std::int32_t {
    kFloat = 1,
    kUint8 = 2,
    kInt8 = 3,
    kUint16 = 4,
    kInt16 = 5,
    kInt32 = 6,
    kInt64 = 7,
    kBool = 9,
    kFloat16 = 10,
    kDouble = 11,
    kUint32 = 12,
    kUint64 = 13,
    kBfloat16 = 16,
    kUint4 = 21,
    kInt4 = 22
};

constexpr std::array<std::string_view, 27> kTypeNames = {
    "no type",        "float32",  "uint8",        "int8",           "uint16",
    "int16",          "int32",    "int64",        "string",         "bool",
    "float16",        "float64",  "uint32",       "uint64",         "complex64",
    "complex128",     "bfloat16", "float8e4m3fn", "float8e4m3fnuz", "float8e5m2",
    "float8e5m2fnuz", "uint4",    "int4",         "float4e2m1",     "float8e8m0",
    "uint2",          "int2"};

/// Bytes per element in raw data; 0 for types that are not read.
std::size_t rawSize(std::int32_t type) {
    switch (type) {
    case kUint8:
    case kInt8:
    case kBool:
        return 1;
    case kUint16:
    case kInt16:
    case kFloat16:
    case kBfloat16:
        return 2;
    case kFloat:
    case kInt32:
    case kUint32:
        return 4;
    case kInt64:
    case kUint64:
    case kDouble:
        return 8;
    default:
        return 0;
    }
}

/// Whether two elements are in a byte, the first one in its low half.
bool isOfFourBits(std::int32_t type) {
    return type == kUint4 || type == kInt4;
}

bool isRead(std::int32_t type) {
    return rawSize(type) > 0 || isOfFourBits(type);
}

std::uint64_t rawBytes(std::int32_t type, std::uint64_t elements) {
    return isOfFourBits(type) ? (elements + 1) / 2 : elements * rawSize(type);
}

/// What holds the values here.
DType typeOf(std::int32_t type) {
    switch (type) {
    case kUint8:
    case kUint4:
        return DType::U8;
    case kInt8:
    case kInt4:
        return DType::I8;
    case kBool:
        return DType::Bool;
    case kUint16:
    case kInt16:
    case kInt32:
        return DType::I32;
    case kInt64:
    case kUint32:
    case kUint64:
        return DType::I64;
    case kDouble:
        return DType::F64;
    default:
        return DType::F32;
    }
}

float fromHalf(std::uint16_t half) {
    const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000U) << 16;
    const std::uint32_t exponent = (half >> 10) & 0x1FU;
    const std::uint32_t fraction = half & 0x3FFU;
    if (exponent == 0) { // a multiple of 2^-24
        const auto value = static_cast<float>(fraction) * 0x1p-24F;
        return sign != 0 ? -value : value;
    }
    const std::uint32_t shifted = exponent == 31 ? 255 : exponent + 112;
    return std::bit_cast<float>(sign | shifted << 23 | fraction << 13);
}

float fromBfloat16(std::uint16_t bits) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

template <class From, class To, class Convert>
void convertRaw(std::span<const char> raw, std::span<To> to, const Convert& convert) {
    for (std::size_t i = 0; i < to.size(); ++i) {
        From value;
        std::memcpy(&value, raw.data() + i * sizeof(From), sizeof(From));
        to[i] = convert(value);
    }
}

template <class From>
std::int32_t widened(From value) {
    return static_cast<std::int32_t>(value);
}

std::int64_t signedOf(std::uint64_t value, const std::string& what) {
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        throw Error("{} holds {}, and whole numbers are read up to 2^63 - 1", what, value);
    return static_cast<std::int64_t>(value);
}

/// Whether a tensor holds the type's bytes as the file does.
bool isKeptAlike(std::int32_t type) {
    switch (type) {
    case kUint16:
    case kInt16:
    case kUint32:
    case kUint64:
    case kFloat16:
    case kBfloat16:
    case kUint4:
    case kInt4:
        return false;
    default:
        return true;
    }
}

/// Any byte but 0 is true.
void settleTruth(Tensor& tensor, std::int32_t type) {
    if (type == kBool)
        for (auto& byte : tensor.bytes())
            byte = static_cast<std::byte>(byte != std::byte{0} ? 1 : 0);
}

/// byteAt(i): the byte with elements 2 i and 2 i + 1.
template <class ByteAt>
void fillFromHalves(Tensor& tensor, std::int32_t type, const ByteAt& byteAt) {
    const auto values = tensor.bytes();
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto byte = static_cast<std::uint8_t>(byteAt(i / 2));
        const int half = i % 2 == 0 ? byte & 15 : byte >> 4;
        values[i] = static_cast<std::byte>(type == kInt4 ? (half ^ 8) - 8 : half);
    }
}

void fillFromRaw(Tensor& tensor, std::int32_t type, std::span<const char> raw,
                 const std::string& what) {
    switch (type) {
    case kUint16:
        return convertRaw<std::uint16_t>(raw, tensor.span<std::int32_t>(), widened<std::uint16_t>);
    case kInt16:
        return convertRaw<std::int16_t>(raw, tensor.span<std::int32_t>(), widened<std::int16_t>);
    case kUint32:
        return convertRaw<std::uint32_t>(raw, tensor.span<std::int64_t>(),
                                         [](std::uint32_t v) { return std::int64_t{v}; });
    case kUint64:
        return convertRaw<std::uint64_t>(raw, tensor.span<std::int64_t>(),
                                         [&](std::uint64_t v) { return signedOf(v, what); });
    case kFloat16:
        return convertRaw<std::uint16_t>(raw, tensor.span<float>(), fromHalf);
    case kBfloat16:
        return convertRaw<std::uint16_t>(raw, tensor.span<float>(), fromBfloat16);
    case kUint4:
    case kInt4:
        return fillFromHalves(tensor, type, [&](std::size_t i) { return raw[i]; });
    default:
        if (!raw.empty())
            std::memcpy(tensor.bytes().data(), raw.data(), raw.size());
    }
    settleTruth(tensor, type);
}

void fillFromOutside(Tensor& tensor, std::int32_t type, const OnnxBytes& outside,
                     const std::string& what) {
    if (isKeptAlike(type)) {
        outside.read(tensor.bytes());
        settleTruth(tensor, type);
        return;
    }
    std::string raw(static_cast<std::size_t>(outside.length), '\0');
    outside.read(std::as_writable_bytes(std::span(raw)));
    fillFromRaw(tensor, type, raw, what);
}

template <class List, class To>
void fillFromList(const List& list, std::span<To> to, const std::string& what) {
    if (static_cast<std::size_t>(list.size()) != to.size())
        throw Error("{} has {} values for a shape of {}", what, list.size(), to.size());
    for (std::size_t i = 0; i < to.size(); ++i)
        to[i] = static_cast<To>(list.Get(static_cast<int>(i)));
}

/// The types that share int32_data.
void fillFromInts(Tensor& tensor, std::int32_t type, const TensorProto& proto,
                  const std::string& what) {
    if (isOfFourBits(type))
        return fillFromHalves(tensor, type,
                              [&](std::size_t i) { return proto.int32_data(static_cast<int>(i)); });
    std::vector<std::int32_t> values(static_cast<std::size_t>(tensor.elements()));
    fillFromList(proto.int32_data(), std::span(values), what);
    const auto bytes = tensor.bytes();
    for (std::size_t i = 0; i < values.size(); ++i) {
        switch (type) {
        case kFloat16:
            tensor.span<float>()[i] = fromHalf(static_cast<std::uint16_t>(values[i]));
            break;
        case kBfloat16:
            tensor.span<float>()[i] = fromBfloat16(static_cast<std::uint16_t>(values[i]));
            break;
        case kBool:
            bytes[i] = static_cast<std::byte>(values[i] != 0 ? 1 : 0);
            break;
        case kInt8:
        case kUint8:
            bytes[i] = static_cast<std::byte>(values[i]);
            break;
        default:
            tensor.span<std::int32_t>()[i] = values[i];
        }
    }
}

Shape shapeOf(const TensorProto& proto, const std::string& what) {
    std::vector<std::int64_t> dims(proto.dims().begin(), proto.dims().end());
    for (const auto length : dims)
        if (length < 0)
            throw Error("{} has an axis of length {}", what, length);
    if (dims.size() > 32)
        throw Error("{} has {} axes, and up to 32 are read", what, dims.size());
    return Shape(std::move(dims));
}

std::uint64_t numberOf(const std::string& text, const std::string& what) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size())
        throw Error("{}: \"{}\" is no place in a file", what, text);
    return number;
}

/// The bytes that lie in another file of the model's folder.
OnnxBytes externalBytes(const TensorProto& proto, const std::filesystem::path& folder,
                        std::uint64_t size, const std::string& what) {
    std::string location;
    std::uint64_t offset = 0;
    std::optional<std::uint64_t> length;
    for (const auto& entry : proto.external_data()) {
        if (entry.key() == "location")
            location = entry.value();
        else if (entry.key() == "offset")
            offset = numberOf(entry.value(), what);
        else if (entry.key() == "length")
            length = numberOf(entry.value(), what);
    }
    const bool isPlain = !location.empty() && location != "." && location != ".." &&
                         location.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos;
    if (!isPlain)
        throw Error("{}: its data lie in \"{}\"; files are read from the model's own folder alone",
                    what, location);
    if (folder.empty())
        throw Error("{}: its data lie in {}, which is read beside a file alone", what, location);
    if (length && *length != size)
        throw Error("{} takes {} bytes, and {} are given in {}", what, size, *length, location);
    const auto path = folder / location;
    if (std::filesystem::is_symlink(path))
        throw Error("{}: its data lie in {}, which is a symbolic link", what, location);
    if (!std::filesystem::exists(path))
        throw Error("{}: its data lie in {}, which is missing beside the model", what, location);
    const auto file = std::make_shared<UniqueFd>(openForReading(path));
    const auto available = sizeOfFile(file->get(), path);
    if (offset > available || size > available - offset)
        throw Error("{}: {} ends before its data", what, path.string());
    return {size, [file, offset, path](std::span<std::byte> to) {
                readAt(file->get(), offset, to, path);
            }};
}

/// Whether `elements` values can be in the file at all, so that no shape takes more memory than it.
void requireFilled(const TensorProto& proto, std::int32_t type, std::uint64_t elements,
                   std::uint64_t size, const OnnxBytes* outside, const std::string& what) {
    if (outside || proto.has_raw_data()) {
        const auto given = outside ? outside->length : proto.raw_data().size();
        if (given != size)
            throw Error("{} has {} bytes of data for a shape of {}", what, given, size);
        return;
    }
    const auto listed = [&]() -> std::uint64_t {
        switch (type) {
        case kFloat:
            return static_cast<std::uint64_t>(proto.float_data_size());
        case kDouble:
            return static_cast<std::uint64_t>(proto.double_data_size());
        case kInt64:
            return static_cast<std::uint64_t>(proto.int64_data_size());
        case kUint32:
        case kUint64:
            return static_cast<std::uint64_t>(proto.uint64_data_size());
        default:
            return static_cast<std::uint64_t>(proto.int32_data_size());
        }
    }();
    const auto wanted = isOfFourBits(type) ? rawBytes(type, elements) : elements;
    if (listed != wanted)
        throw Error("{} has {} values for a shape of {}", what, listed, wanted);
}

} // namespace

std::string onnxTypeName(std::int32_t type) {
    if (type >= 0 && type < static_cast<std::int32_t>(kTypeNames.size()))
        return std::string(kTypeNames[static_cast<std::size_t>(type)]);
    return fmt::format("type {}", type);
}

std::int32_t onnxNumberOf(DType type) {
    switch (type) {
    case DType::F32:
        return 1;
    case DType::U8:
        return 2;
    case DType::I8:
        return 3;
    case DType::I32:
        return 6;
    case DType::I64:
        return 7;
    case DType::Bool:
        return 9;
    case DType::F16:
        return 10;
    case DType::F64:
        return 11;
    case DType::BF16:
        return 16;
    }
    throw Error("ONNX has no such element type");
}

OnnxTensor onnxTensor(TensorProto& proto, const std::filesystem::path& folder,
                      const std::string& what, const OnnxBytes* outside) {
    const auto type = proto.data_type();
    if (!isRead(type))
        return {nullptr, fmt::format("{} holds {}, which is not read", what, onnxTypeName(type))};
    const auto shape = shapeOf(proto, what);
    const auto elements = static_cast<std::uint64_t>(shape.elements());
    const auto size = rawBytes(type, elements);
    OnnxBytes external;
    if (proto.data_location() == 1) {
        external = externalBytes(proto, folder, size, what);
        outside = &external;
    }
    requireFilled(proto, type, elements, size, outside, what);
    Tensor tensor(typeOf(type), shape);
    if (outside) {
        fillFromOutside(tensor, type, *outside, what);
    } else if (proto.has_raw_data()) {
        const auto& raw = proto.raw_data();
        fillFromRaw(tensor, type, {raw.data(), raw.size()}, what);
        std::string().swap(*proto.mutable_raw_data()); // clearing alone would keep the memory
        proto.clear_raw_data();
    } else {
        switch (type) {
        case kFloat:
            fillFromList(proto.float_data(), tensor.span<float>(), what);
            break;
        case kDouble:
            fillFromList(proto.double_data(), tensor.span<double>(), what);
            break;
        case kInt64:
            fillFromList(proto.int64_data(), tensor.span<std::int64_t>(), what);
            break;
        case kUint32:
        case kUint64:
            for (std::size_t i = 0; i < elements; ++i)
                tensor.span<std::int64_t>()[i] =
                    signedOf(proto.uint64_data(static_cast<int>(i)), what);
            break;
        default:
            fillFromInts(tensor, type, proto, what);
        }
    }
    return {std::make_shared<Tensor>(std::move(tensor)), {}}; // whoever is the last may take it
}

} // namespace gradwright
