// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/idx_set.h"

#include "engine/data/byte_reader.h"
#include "engine/data/images/array_file.h"
#include "engine/data/tables/cell.h"
#include "engine/data/text/text_encoding.h"
#include "engine/data/text/utf8.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "engine/tensor/shape.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostIdxBytes = std::size_t{1} << 34;
constexpr double kMostByte = 255;

struct IdxType {
    std::uint8_t code;
    std::size_t bytes;
    std::string_view name;
};
constexpr std::array<IdxType, 6> kIdxTypes = {{{0x08, 1, "bytes"},
                                               {0x09, 1, "signed bytes"},
                                               {0x0B, 2, "16-bit whole numbers"},
                                               {0x0C, 4, "32-bit whole numbers"},
                                               {0x0D, 4, "32-bit real numbers"},
                                               {0x0E, 8, "64-bit real numbers"}}};

struct IdxMagic {
    std::uint8_t type = 0;
    std::size_t rank = 0;
};

/// Nothing where the file does not begin as IDX files do; readIdx() then says why.
std::optional<IdxMagic> magicOf(const fs::path& path) {
    ByteReader reader(path);
    std::array<std::uint8_t, 4> magic{};
    if (reader.read(magic) != magic.size() || magic[0] != 0 || magic[1] != 0 ||
        std::ranges::find(kIdxTypes, magic[2], &IdxType::code) == kIdxTypes.end())
        return {};
    return IdxMagic{magic[2], magic[3]};
}

struct IdxNumbers {
    std::vector<std::int64_t> dims;
    std::vector<double> values;
    std::string type;
};

double idxNumber(std::string_view bytes, const IdxType& type) {
    std::uint64_t bits = 0;
    for (const char byte : bytes)
        bits = (bits << 8) | static_cast<std::uint8_t>(byte);
    switch (type.code) {
    case 0x09:
        return static_cast<std::int8_t>(bits);
    case 0x0B:
        return static_cast<std::int16_t>(bits);
    case 0x0C:
        return static_cast<std::int32_t>(bits);
    case 0x0D:
        return double{std::bit_cast<float>(static_cast<std::uint32_t>(bits))};
    case 0x0E:
        return std::bit_cast<double>(bits);
    default:
        return static_cast<double>(bits);
    }
}

IdxNumbers readNumbers(const fs::path& path, const IdxMagic& magic) {
    const auto file = readWholeFile(path, kMostIdxBytes);
    const auto& type = *std::ranges::find(kIdxTypes, magic.type, &IdxType::code);
    const auto start = 4 + 4 * magic.rank;
    if (file.size() < start)
        throw Error("{}: an IDX header has {} bytes, but the file ends after {}", path.string(),
                    start, file.size());
    IdxNumbers numbers{.dims = {}, .values = {}, .type = std::string(type.name)};
    std::size_t total = 1;
    for (std::size_t i = 0; i < magic.rank; ++i) {
        std::uint32_t dim = 0;
        for (std::size_t k = 0; k < 4; ++k)
            dim = (dim << 8) | static_cast<std::uint8_t>(file[4 + 4 * i + k]);
        if (dim == 0 || dim > kMostIdxBytes / total)
            throw Error("{}: dimension {} cannot be {}", path.string(), i + 1, dim);
        numbers.dims.push_back(dim);
        total *= dim;
    }
    if (file.size() - start != total * type.bytes)
        throw Error("{}: the header promises {} bytes of values, but {} follow it", path.string(),
                    total * type.bytes, file.size() - start);
    numbers.values.reserve(total);
    for (std::size_t i = 0; i < total; ++i)
        numbers.values.push_back(
            idxNumber(std::string_view(file).substr(start + i * type.bytes, type.bytes), type));
    return numbers;
}

std::vector<std::uint8_t> asBytes(const IdxNumbers& numbers, const fs::path& path,
                                  std::vector<std::string>& notes) {
    if (numbers.type == kIdxTypes[0].name) // as they are, however dark
        return {numbers.values.begin(), numbers.values.end()};
    double most = 0;
    bool areWhole = true;
    for (const auto value : numbers.values) {
        if (!std::isfinite(value) || value < 0)
            throw Error("{}: an image's values are 0 or more, not {}", path.string(), value);
        most = std::max(most, value);
        areWhole = areWhole && value == std::floor(value);
    }
    const bool areBytes = areWhole && most <= kMostByte && most > 1;
    const double white = areBytes ? kMostByte : most <= 1 ? 1.0 : std::max(most, kMostByte);
    notes.push_back(fmt::format("{}: {}, {}", path.filename().string(), numbers.type,
                                areBytes ? "of which all are bytes"
                                         : fmt::format("scaled to bytes, {} to 255", white)));
    std::vector<std::uint8_t> bytes;
    bytes.reserve(numbers.values.size());
    for (const auto value : numbers.values)
        bytes.push_back(static_cast<std::uint8_t>(std::lround(value * kMostByte / white)));
    return bytes;
}

/// Axis `from` of each image goes to the place that the order gives it.
IdxArray permuted(const IdxArray& images, const std::array<std::size_t, 3>& order) {
    const std::array<std::int64_t, 3> sides = {images.dims[1], images.dims[2], images.dims[3]};
    const std::array<std::int64_t, 3> strides = {sides[1] * sides[2], sides[2], 1};
    IdxArray result{{images.dims[0], sides[order[0]], sides[order[1]], sides[order[2]]}, {}};
    result.values.reserve(images.values.size());
    for (std::int64_t n = 0; n < images.dims[0]; ++n)
        for (std::int64_t a = 0; a < result.dims[1]; ++a)
            for (std::int64_t b = 0; b < result.dims[2]; ++b)
                for (std::int64_t c = 0; c < result.dims[3]; ++c)
                    result.values.push_back(images.values[static_cast<std::size_t>(
                        n * sides[0] * sides[1] * sides[2] + a * strides[order[0]] +
                        b * strides[order[1]] + c * strides[order[2]])]);
    return result;
}

bool isChannels(std::int64_t side) {
    return side == 1 || side == 3;
}

std::vector<double> valuesOf(const ArrayNumbers& numbers) {
    return numbers.bytes.empty() ? numbers.values
                                 : std::vector<double>(numbers.bytes.begin(), numbers.bytes.end());
}

/// Images as they lie in a file of another kind than MNIST's, as N×C×H×W.
IdxImages arranged(IdxArray array, bool isTransposed, const fs::path& path,
                   std::vector<std::string> notes) {
    if (array.dims.size() == 3)
        array.dims.insert(array.dims.begin() + 1, 1);
    const bool isFirst = isChannels(array.dims[1]);
    if (!isFirst && !isChannels(array.dims[3]))
        throw Error("{}: images of 4 dimensions are N×C×H×W or N×H×W×C with 1 or 3 channels, not "
                    "{}",
                    path.string(), toString(Shape(array.dims)));
    if (!isFirst) {
        notes.push_back(fmt::format("{}: channels come last", path.filename().string()));
        array = permuted(array, {2, 0, 1});
    }
    if (isTransposed)
        array = permuted(array, {0, 2, 1});
    return {ImageBytes(std::move(array)), std::move(notes)};
}

IdxImages arrayImages(const fs::path& path, bool isTransposed) {
    auto numbers = readArray(path);
    if (numbers.dims.size() != 3 && numbers.dims.size() != 4)
        throw Error("{}: images have 3 or 4 axes, not {}; save rows of numbers as a table (CSV)",
                    path.string(), toString(Shape(numbers.dims)));
    std::vector<std::string> notes;
    auto bytes = numbers.bytes.empty() || numbers.type != kIdxTypes[0].name
                     ? asBytes({numbers.dims, valuesOf(numbers), numbers.type}, path, notes)
                     : std::move(numbers.bytes);
    return arranged({std::move(numbers.dims), std::move(bytes)}, isTransposed, path,
                    std::move(notes));
}

/// The place of the only 1 among 0s in a row; nothing for other rows.
std::optional<std::size_t> placeOfOne(std::span<const double> row) {
    std::optional<std::size_t> place;
    for (std::size_t i = 0; i < row.size(); ++i)
        if (row[i] == 1 && !place)
            place = i;
        else if (row[i] != 0)
            return {};
    return place;
}

std::string characterOf(std::uint32_t code) {
    if (code < 0x80)
        return std::string(1, static_cast<char>(code));
    std::string text;
    if (code < 0x800) {
        text += static_cast<char>(0xC0 | (code >> 6));
    } else {
        text += static_cast<char>(0xE0 | (code >> 12));
        text += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    }
    text += static_cast<char>(0x80 | (code & 0x3F));
    return text;
}

/// The numbers of a line that holds two or more, and nothing else.
std::vector<std::uint32_t> mappingOf(std::string_view line) {
    std::vector<std::uint32_t> numbers;
    while (!line.empty()) {
        const auto end = std::min(line.find_first_of(" \t,"), line.size());
        std::uint32_t number = 0;
        const auto [stop, error] = std::from_chars(line.data(), line.data() + end, number);
        if (error != std::errc{} || stop != line.data() + end || number > 0xFFFF)
            return {};
        numbers.push_back(number);
        line = trimmed(line.substr(std::min(end + 1, line.size())));
    }
    return numbers.size() < 2 ? std::vector<std::uint32_t>{} : numbers;
}

/// The class of rows with a 1 in its place; nothing where there are other rows.
std::vector<std::uint8_t> placesOfOnes(std::span<const double> values, std::size_t columns) {
    std::vector<std::uint8_t> places;
    for (; columns > 1 && columns <= 256 && !values.empty(); values = values.subspan(columns)) {
        const auto place = placeOfOne(values.first(columns));
        if (!place)
            return {};
        places.push_back(static_cast<std::uint8_t>(*place));
    }
    return places;
}

/// Labels, rows with a 1 in the place of the class, or rows whose first column is the class.
IdxLabels labelsOf(const IdxNumbers& numbers, const fs::path& path) {
    IdxLabels result;
    const auto columns =
        numbers.dims.size() == 2 ? static_cast<std::size_t>(numbers.dims[1]) : std::size_t{1};
    result.labels = placesOfOnes(numbers.values, columns);
    if (!result.labels.empty()) {
        result.notes.push_back(fmt::format("{}: each row has a 1 in the place of its class",
                                           path.filename().string()));
        return result;
    }
    if (columns > 1)
        result.notes.push_back(fmt::format("{}: the first of {} columns is the class",
                                           path.filename().string(), columns));
    for (std::size_t i = 0; i < numbers.values.size(); i += columns) {
        const auto label = numbers.values[i];
        if (!(label >= 0 && label <= kMostByte) || label != std::floor(label))
            throw Error("{}: labels are whole numbers from 0 to 255, not {} (sample {})",
                        path.string(), label, i / columns);
        result.labels.push_back(static_cast<std::uint8_t>(label));
    }
    return result;
}

IdxLabels arrayLabels(const fs::path& path) {
    const auto numbers = readArray(path);
    if (numbers.dims.size() != 1 && numbers.dims.size() != 2)
        throw Error("{}: labels have 1 or 2 axes, not {}", path.string(),
                    toString(Shape(numbers.dims)));
    return labelsOf({numbers.dims, valuesOf(numbers), numbers.type}, path);
}

} // namespace

IdxImages readIdxImages(const fs::path& path, bool isTransposed) {
    if (namesArray(path))
        return arrayImages(path, isTransposed);
    const auto magic = magicOf(path);
    const bool isUsual = !magic || (magic->type == kIdxTypes[0].code && magic->rank == 3);
    const bool isKnown = magic && (magic->rank == 3 || magic->rank == 4);
    if ((isUsual && !isTransposed) || !isKnown)
        return {ImageBytes::open(path), {}};
    std::vector<std::string> notes;
    const auto numbers = readNumbers(path, *magic);
    IdxArray array{numbers.dims, asBytes(numbers, path, notes)};
    return arranged(std::move(array), isTransposed, path, std::move(notes));
}

IdxLabels readIdxLabels(const fs::path& path) {
    if (namesArray(path))
        return arrayLabels(path);
    const auto magic = magicOf(path);
    const bool isUsual = !magic || (magic->type == kIdxTypes[0].code && magic->rank == 1);
    if (isUsual || magic->rank < 1 || magic->rank > 2)
        return {readIdx(path, 1).values, {}};
    return labelsOf(readNumbers(path, *magic), path);
}

std::vector<std::string> readClassNames(const fs::path& path) {
    constexpr std::size_t kMost = std::size_t{1} << 20;
    const auto text = inUtf8(readWholeFile(path, kMost));
    requireText(text, path.string());
    std::vector<std::string_view> lines;
    std::string_view rest = text;
    if (rest.starts_with("\xEF\xBB\xBF"))
        rest.remove_prefix(3);
    while (!rest.empty()) {
        const auto end = std::min(rest.find_first_of("\r\n"), rest.size());
        if (const auto line = trimmed(rest.substr(0, end)); !line.empty())
            lines.push_back(line);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (lines.empty())
        throw Error("{}: the file has no names of classes", path.string());
    std::vector<std::string> names;
    const bool isMapping =
        std::ranges::all_of(lines, [](std::string_view line) { return !mappingOf(line).empty(); });
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (!isMapping) {
            names.emplace_back(lines[i]);
            continue;
        }
        const auto numbers = mappingOf(lines[i]);
        if (numbers[0] > kMostByte)
            throw Error("{}, line {}: labels are 0 to 255, not {}", path.string(), i + 1,
                        numbers[0]);
        while (names.size() <= numbers[0])
            names.push_back(std::to_string(names.size()));
        names[numbers[0]] = characterOf(numbers[1]);
    }
    return names;
}

} // namespace gradwright
