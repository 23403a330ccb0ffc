// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/npy.h"

#include "engine/io/atomic_file.h"
#include "engine/support/error.h"
#include "engine/support/posix_file.h"

#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

namespace gradwright {

static_assert(std::endian::native == std::endian::little, "arrays are written little-endian");

namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMostHeader = 1 << 16;
constexpr std::size_t kAlignment = 64;

struct NpyType {
    std::string_view descr;
    DType dtype;
};
constexpr std::array kNpyTypes = {NpyType{"<f4", DType::F32}, NpyType{"<f8", DType::F64},
                                  NpyType{"<i8", DType::I64}, NpyType{"<i4", DType::I32},
                                  NpyType{"|i1", DType::I8},  NpyType{"|u1", DType::U8},
                                  NpyType{"|b1", DType::Bool}};

/// What follows a key of the header, which is a Python dictionary in one line.
std::string_view valueBehind(std::string_view header, std::string_view key) {
    for (const char quote : {'\'', '"'}) {
        const auto quoted = fmt::format("{0}{1}{0}", quote, key);
        const auto at = header.find(quoted);
        if (at == std::string_view::npos)
            continue;
        auto rest = header.substr(at + quoted.size());
        rest.remove_prefix(std::min(rest.find_first_not_of(" \t:"), rest.size()));
        return rest;
    }
    throw Error("its header lacks \"{}\"", key);
}

DType typeIn(std::string_view header) {
    const auto value = valueBehind(header, "descr");
    if (value.empty() || (value[0] != '\'' && value[0] != '"'))
        throw Error("it holds records and not numbers");
    const auto descr = value.substr(1, value.find(value[0], 1) - 1);
    for (const auto& type : kNpyTypes)
        if (type.descr == descr)
            return type.dtype;
    throw Error("it holds \"{}\"; float32, float64, int8, int32, int64, uint8 and bool are read",
                descr);
}

Shape shapeIn(std::string_view header) {
    auto value = valueBehind(header, "shape");
    const auto end = value.find(')');
    if (!value.starts_with('(') || end == std::string_view::npos)
        throw Error("its shape is no list");
    value = value.substr(1, end - 1);
    std::vector<std::int64_t> dims;
    while (true) {
        value.remove_prefix(std::min(value.find_first_not_of(" ,"), value.size()));
        if (value.empty())
            break;
        std::int64_t length = 0;
        const auto [next, error] =
            std::from_chars(value.data(), value.data() + value.size(), length);
        if (error != std::errc{} || length < 0 || dims.size() == 32)
            throw Error("its shape holds \"{}\"", value.substr(0, 20));
        value.remove_prefix(static_cast<std::size_t>(next - value.data()));
        dims.push_back(length);
    }
    return Shape(std::move(dims));
}

Tensor readArray(const std::filesystem::path& path) {
    const auto file = openForReading(path);
    const auto size = sizeOfFile(file.get(), path);
    std::array<unsigned char, 12> start{};
    readUpTo(file.get(), std::as_writable_bytes(std::span(start)), path);
    if (std::memcmp(start.data(), kMagic.data(), kMagic.size()) != 0)
        throw Error("it is no NumPy array");
    const auto version = start[6];
    if (version < 1 || version > 3)
        throw Error("it has version {} of NumPy's format; 1 to 3 are read", version);
    const std::size_t before = version == 1 ? 10 : 12;
    std::size_t length = start[8] + 256U * start[9];
    if (version > 1)
        length += (std::size_t{start[10]} << 16) + (std::size_t{start[11]} << 24);
    if (length > kMostHeader || before + length > size)
        throw Error("its header would have {} bytes", length);
    std::string header(length, '\0');
    readAt(file.get(), before, std::as_writable_bytes(std::span(header)), path);
    if (valueBehind(header, "fortran_order").starts_with("True"))
        throw Error("its numbers lie column by column (fortran_order); numpy.ascontiguousarray "
                    "brings them in order");
    const auto type = typeIn(header);
    const auto shape = shapeIn(header);
    const auto bytes = static_cast<std::uint64_t>(shape.elements()) * sizeOf(type);
    if (bytes != size - before - length)
        throw Error("it has {} bytes of numbers for a shape of {}", size - before - length,
                    toString(shape));
    Tensor values(type, shape);
    readAt(file.get(), before + length, values.bytes(), path);
    if (type == DType::Bool)
        for (auto& byte : values.bytes())
            byte = static_cast<std::byte>(byte != std::byte{0} ? 1 : 0);
    return values;
}

} // namespace

Tensor readNpy(const std::filesystem::path& file) {
    try {
        return readArray(file);
    } catch (const Error& error) {
        const std::string message = error.what();
        if (message.find(file.string()) != std::string::npos)
            throw;
        throw Error("{}: {}", file.string(), message);
    }
}

void writeNpy(const std::filesystem::path& file, const Tensor& values) {
    std::optional<std::string_view> descr;
    for (const auto& type : kNpyTypes)
        if (type.dtype == values.dtype())
            descr = type.descr;
    if (!descr)
        throw Error("{}: NumPy has no type like {}", file.string(), nameOf(values.dtype()));
    std::string shape;
    for (const auto length : values.shape())
        shape += fmt::format("{},{}", length, values.shape().rank() > 1 ? " " : "");
    if (values.shape().rank() > 1)
        shape.resize(shape.size() - 2); // "(3, 4)", but "(3,)"
    auto header =
        fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", *descr, shape);
    // The numbers begin at a multiple of the alignment, behind a line break.
    const auto used = kMagic.size() + 4 + header.size() + 1;
    header.append((kAlignment - used % kAlignment) % kAlignment, ' ');
    header += '\n';
    std::string start(kMagic);
    start += '\x01';
    start += '\0';
    start += static_cast<char>(header.size() & 0xFFU);
    start += static_cast<char>(header.size() >> 8);
    start += header;
    std::string whole;
    whole.reserve(start.size() + values.bytes().size());
    whole = start;
    whole.append(reinterpret_cast<const char*>(values.bytes().data()), values.bytes().size());
    writeFileAtomically(file, std::string_view(whole));
}

} // namespace gradwright
