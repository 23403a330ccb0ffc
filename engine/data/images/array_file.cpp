// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/array_file.h"

#include "engine/data/byte_reader.h"
#include "engine/data/tables/cell.h"
#include "engine/support/error.h"
#include "engine/support/inflate.h"
#include "engine/support/json.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <span>
#include <string_view>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostArrayBytes = std::size_t{1} << 34;
constexpr std::string_view kNpyMagic = "\x93NUMPY";

/// Little-endian.
template <typename Value>
Value numberAt(std::string_view bytes, std::size_t at) {
    Value value = 0;
    for (std::size_t i = sizeof(Value); i-- > 0;)
        value = static_cast<Value>((value << 8U) | static_cast<std::uint8_t>(bytes[at + i]));
    return value;
}

// ---- .npz, which is a ZIP archive

struct ZipMember {
    std::string name{}; ///< without ".npy"
    std::size_t offset = 0;
    std::size_t packed = 0;
    std::size_t size = 0;
    bool isDeflated = false;
};

class ZipDirectory {
public:
    ZipDirectory(std::string_view file, const std::string& name)
        : file_(file)
        , name_(name) {
        // The end record stands last, before a comment of at most 64 KiB.
        constexpr std::size_t kEnd = 22;
        const auto end = file.rfind("PK\x05\x06");
        if (end == std::string_view::npos || file.size() - end < kEnd)
            fail("has no list of its arrays");
        std::size_t count = numberAt<std::uint16_t>(file, end + 10);
        std::size_t at = numberAt<std::uint32_t>(file, end + 16);
        while (count-- > 0)
            at = readEntry(at);
    }
    [[nodiscard]] const std::vector<ZipMember>& members() const { return members_; }
    [[nodiscard]] std::string contents(const ZipMember& member) const {
        constexpr std::size_t kLocal = 30;
        require(member.offset, kLocal);
        const auto begin = member.offset + kLocal +
                           numberAt<std::uint16_t>(file_, member.offset + 26) +
                           numberAt<std::uint16_t>(file_, member.offset + 28);
        require(begin, member.packed);
        const auto packed = file_.substr(begin, member.packed);
        if (!member.isDeflated)
            return std::string(packed);
        auto result = inflated(packed, member.size);
        if (!result)
            fail(fmt::format("the array \"{}\" is damaged", excerpt(member.name)));
        return *std::move(result);
    }

private:
    [[noreturn]] void fail(const std::string& what) const { throw Error("{}: {}", name_, what); }
    void require(std::size_t at, std::size_t size) const {
        if (at > file_.size() || file_.size() - at < size)
            fail("the archive is cut short");
    }
    std::size_t readEntry(std::size_t at) {
        constexpr std::size_t kEntry = 46;
        require(at, kEntry);
        if (file_.substr(at, 4) != "PK\x01\x02")
            fail("the list of its arrays is damaged");
        const auto method = numberAt<std::uint16_t>(file_, at + 10);
        ZipMember member{.packed = numberAt<std::uint32_t>(file_, at + 20),
                         .size = numberAt<std::uint32_t>(file_, at + 24)};
        const std::size_t nameSize = numberAt<std::uint16_t>(file_, at + 28);
        const std::size_t extraSize = numberAt<std::uint16_t>(file_, at + 30);
        const std::size_t commentSize = numberAt<std::uint16_t>(file_, at + 32);
        member.offset = numberAt<std::uint32_t>(file_, at + 42);
        require(at + kEntry, nameSize + extraSize + commentSize);
        const auto name = file_.substr(at + kEntry, nameSize);
        takeLargeSizes(file_.substr(at + kEntry + nameSize, extraSize), member);
        constexpr std::uint16_t kStored = 0;
        constexpr std::uint16_t kDeflated = 8;
        member.isDeflated = method == kDeflated;
        if (name.ends_with(".npy") && (method == kStored || method == kDeflated)) {
            const auto most =
                member.isDeflated
                    ? member.packed * static_cast<std::size_t>(ByteReader::kMaxDeflateRatio)
                    : member.packed;
            if (member.size > std::min(most, kMostArrayBytes))
                fail(fmt::format("the array \"{}\" cannot have {} bytes", excerpt(name),
                                 member.size));
            member.name = name.substr(0, name.size() - 4);
            members_.push_back(std::move(member));
        }
        return at + kEntry + nameSize + extraSize + commentSize;
    }
    /// NumPy writes sizes of 64 bits beside ones of nothing but 1 bits.
    void takeLargeSizes(std::string_view extra, ZipMember& member) const {
        constexpr std::size_t kHead = 4;
        constexpr std::uint32_t kElsewhere = 0xFFFFFFFF;
        while (extra.size() >= kHead) {
            const auto id = numberAt<std::uint16_t>(extra, 0);
            const std::size_t size = numberAt<std::uint16_t>(extra, 2);
            auto field = extra.substr(kHead, std::min(size, extra.size() - kHead));
            if (id == 1)
                for (auto* const each : {&member.size, &member.packed, &member.offset})
                    if (*each == kElsewhere) {
                        if (field.size() < 8)
                            fail("the list of its arrays is damaged");
                        *each = static_cast<std::size_t>(numberAt<std::uint64_t>(field, 0));
                        field.remove_prefix(8);
                    }
            extra.remove_prefix(std::min(kHead + size, extra.size()));
        }
    }

    std::string_view file_;
    const std::string& name_;
    std::vector<ZipMember> members_;
};

// ---- .npy

struct ElementType {
    std::string_view code; ///< without the order of bytes
    std::size_t bytes;
    std::string_view name;
};
constexpr std::array<ElementType, 12> kElementTypes = {{{"u1", 1, "bytes"},
                                                        {"b1", 1, "truth values"},
                                                        {"i1", 1, "signed bytes"},
                                                        {"u2", 2, "16-bit whole numbers"},
                                                        {"i2", 2, "16-bit whole numbers"},
                                                        {"u4", 4, "32-bit whole numbers"},
                                                        {"i4", 4, "32-bit whole numbers"},
                                                        {"u8", 8, "64-bit whole numbers"},
                                                        {"i8", 8, "64-bit whole numbers"},
                                                        {"f2", 2, "16-bit real numbers"},
                                                        {"f4", 4, "32-bit real numbers"},
                                                        {"f8", 8, "64-bit real numbers"}}};

double halfOf(std::uint16_t bits) {
    const int exponent = (bits >> 10) & 0x1F;
    const double fraction = bits & 0x3FF;
    const double sign = (bits & 0x8000) != 0 ? -1 : 1;
    if (exponent == 0x1F)
        return fraction == 0 ? sign * std::numeric_limits<double>::infinity()
                             : std::numeric_limits<double>::quiet_NaN();
    if (exponent == 0)
        return sign * std::ldexp(fraction, -24);
    return sign * std::ldexp(fraction + 1024, exponent - 25);
}

double elementOf(std::uint64_t bits, std::string_view code) {
    if (code == "i1")
        return static_cast<std::int8_t>(bits);
    if (code == "i2")
        return static_cast<std::int16_t>(bits);
    if (code == "i4")
        return static_cast<std::int32_t>(bits);
    if (code == "i8")
        return static_cast<double>(static_cast<std::int64_t>(bits));
    if (code == "f2")
        return halfOf(static_cast<std::uint16_t>(bits));
    if (code == "f4")
        return double{std::bit_cast<float>(static_cast<std::uint32_t>(bits))};
    if (code == "f8")
        return std::bit_cast<double>(bits);
    return static_cast<double>(bits);
}

/// The text behind 'key': in the header, a Python dictionary.
std::string_view valueOf(std::string_view header, std::string_view key) {
    const auto at = header.find(fmt::format("'{}':", key));
    return at == std::string_view::npos ? std::string_view()
                                        : trimmed(header.substr(at + key.size() + 3));
}

std::vector<std::int64_t> dimsOf(std::string_view header, const std::string& name) {
    const auto shape = valueOf(header, "shape");
    const auto end = shape.find(')');
    if (!shape.starts_with('(') || end == std::string_view::npos)
        throw Error("{}: the header names no shape", name);
    std::vector<std::int64_t> dims;
    std::size_t total = 1;
    for (auto rest = shape.substr(1, end - 1); !trimmed(rest).empty();) {
        const auto comma = std::min(rest.find(','), rest.size());
        const auto text = trimmed(rest.substr(0, comma));
        std::int64_t dim = 0;
        const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), dim);
        if (error != std::errc{} || stop != text.data() + text.size() || dim < 1 ||
            static_cast<std::size_t>(dim) > kMostArrayBytes / total)
            throw Error("{}: an axis cannot have the length {}", name, excerpt(text));
        dims.push_back(dim);
        total *= static_cast<std::size_t>(dim);
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    return dims;
}

ArrayNumbers parseNpy(std::string_view file, const std::string& name) {
    constexpr std::size_t kHead = 10;
    if (!file.starts_with(kNpyMagic) || file.size() < kHead + 2)
        throw Error("{}: does not begin as an array of NumPy does", name);
    const bool isLong = file[6] > 1;
    const std::size_t begin = isLong ? kHead + 2 : kHead;
    const std::size_t size =
        isLong ? numberAt<std::uint32_t>(file, 8) : numberAt<std::uint16_t>(file, 8);
    if (size > file.size() - begin)
        throw Error("{}: the header is cut short", name);
    const auto header = file.substr(begin, size);
    const auto descr = valueOf(header, "descr");
    const auto code = descr.size() > 3 ? descr.substr(2, 2) : std::string_view();
    const auto type = std::ranges::find(kElementTypes, code, &ElementType::code);
    const char order = descr.size() > 1 ? descr[1] : '\0';
    if (type == kElementTypes.end() || descr.size() < 5 || (descr[4] != '\'' && descr[4] != '"') ||
        (order != '<' && order != '|' && order != '>'))
        throw Error("{}: holds elements of type {}; arrays of numbers can be read", name,
                    excerpt(descr.substr(0, descr.find(',', 1))));
    if (!valueOf(header, "fortran_order").starts_with("False"))
        throw Error("{}: its columns come before its rows (Fortran's order); save it by "
                    "numpy.ascontiguousarray()",
                    name);
    ArrayNumbers numbers{dimsOf(header, name), {}, {}, std::string(type->name)};
    std::size_t total = 1;
    for (const auto dim : numbers.dims)
        total *= static_cast<std::size_t>(dim);
    const auto data = file.substr(begin + size);
    if (total > kMostArrayBytes / type->bytes || data.size() != total * type->bytes)
        throw Error("{}: the header promises {} elements of {} bytes, but {} bytes follow it", name,
                    total, type->bytes, data.size());
    if (code == "u1" || code == "b1") {
        numbers.bytes.assign(data.begin(), data.end());
        return numbers;
    }
    numbers.values.reserve(total);
    for (std::size_t i = 0; i < total; ++i) {
        std::uint64_t bits = 0;
        for (std::size_t k = 0; k < type->bytes; ++k) {
            const auto place = order == '>' ? k : type->bytes - 1 - k;
            bits = (bits << 8U) | static_cast<std::uint8_t>(data[i * type->bytes + place]);
        }
        numbers.values.push_back(elementOf(bits, code));
    }
    return numbers;
}

} // namespace

std::pair<fs::path, std::string> arrayFileAndName(const fs::path& path) {
    const auto text = path.string();
    const auto at = text.rfind(".npz:");
    if (at == std::string::npos)
        return {path, {}};
    return {text.substr(0, at + 4), text.substr(at + 5)};
}

bool namesArray(const fs::path& path) {
    const auto ending = lowerCased(arrayFileAndName(path).first.extension().string());
    return ending == ".npy" || ending == ".npz";
}

ArrayNumbers readArray(const fs::path& path) {
    const auto [file, name] = arrayFileAndName(path);
    return readArray(file, name);
}

ArrayNumbers readArray(const fs::path& file, const std::string& name) {
    const auto bytes = readWholeFile(file, kMostArrayBytes);
    const auto fileName = file.string();
    if (!bytes.starts_with("PK"))
        return parseNpy(bytes, fileName);
    const ZipDirectory directory(bytes, fileName);
    std::vector<std::string> names;
    for (const auto& member : directory.members()) {
        if (member.name == name)
            return parseNpy(directory.contents(member), fileName + ":" + name);
        names.push_back(member.name);
    }
    throw Error("{}{}: name one of its arrays behind a colon, such as \"{}:{}\"; there are {}",
                fileName, name.empty() ? "" : ":" + name, file.filename().string(),
                names.empty() ? "x_train" : names.front(), fmt::join(names, ", "));
}

std::vector<std::string> arraysIn(const fs::path& file) {
    const auto bytes = readWholeFile(file, kMostArrayBytes);
    const auto name = file.string();
    std::vector<std::string> names;
    const ZipDirectory directory(bytes, name);
    for (const auto& member : directory.members())
        names.push_back(member.name);
    return names;
}

} // namespace gradwright
