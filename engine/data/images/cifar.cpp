// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/cifar.h"

#include "engine/data/byte_reader.h"
#include "engine/data/tables/cell.h"
#include "engine/data/text/text_encoding.h"
#include "engine/data/text/utf8.h"
#include "engine/support/error.h"
#include "engine/support/system_memory.h"

#include <algorithm>
#include <utility>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kImageBytes = 3UL * 32 * 32;
constexpr std::size_t kMaxRows = 10'000'000;

/// Images and labels as they are read.
struct Rows {
    std::vector<std::uint8_t> pixels;
    std::vector<std::uint8_t> labels;
};

void readRows(const fs::path& file, const CifarFormat& format, Rows& into) {
    ByteReader reader(file);
    const auto rowBytes = format.labelBytes + kImageBytes;
    std::vector<std::uint8_t> row(rowBytes);
    for (std::size_t number = 0;; ++number) {
        const auto got = reader.read(row);
        if (got < rowBytes) {
            reader.requireWholeStream();
            if (got > 0 || number == 0)
                throw Error("{}: rows have {} bytes, but the file ends {} bytes after the start of "
                            "row {}",
                            reader.name(), rowBytes, got, number + 1);
            return;
        }
        const auto label = row[format.labelAt];
        if (label >= format.classes)
            throw Error("{}, byte {}: label {} of row {} is outside 0 to {}", reader.name(),
                        number * rowBytes + format.labelAt, label, number + 1, format.classes - 1);
        if (into.labels.size() == kMaxRows)
            throw Error("{}: more than {} rows", reader.name(), kMaxRows);
        into.labels.push_back(label);
        into.pixels.insert(into.pixels.end(),
                           row.begin() + static_cast<std::ptrdiff_t>(format.labelBytes), row.end());
    }
}

} // namespace

LabelledImages readCifar(const std::vector<fs::path>& files, const CifarFormat& format) {
    Rows rows;
    std::uintmax_t bytes = 0;
    for (const auto& file : files) {
        std::error_code error;
        const auto size = fs::file_size(file, error);
        bytes += error ? 0 : size;
    }
    rows.pixels.reserve(static_cast<std::size_t>(
        std::min<std::uintmax_t>(bytes, kMaxRows * (format.labelBytes + kImageBytes))));
    preferLargePages(rows.pixels.data(), rows.pixels.capacity()); // they are read in any order
    for (const auto& file : files)
        readRows(file, format, rows);
    const auto count = static_cast<std::int64_t>(rows.labels.size());
    return {ImageBytes({{count, 3, 32, 32}, std::move(rows.pixels)}), std::move(rows.labels)};
}

std::vector<std::string> readClassNames(const fs::path& file, std::size_t classes) {
    const auto text = inUtf8(readWholeFile(file, std::size_t{1} << 20));
    requireText(text, file.string());
    std::vector<std::string> names;
    std::string_view rest = text;
    if (rest.starts_with("\xEF\xBB\xBF"))
        rest.remove_prefix(3);
    while (!rest.empty()) {
        const auto end = std::min(rest.find('\n'), rest.size());
        if (const auto name = trimmed(rest.substr(0, end)); !name.empty())
            names.emplace_back(name);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (names.size() != classes)
        throw Error("{}: {} names, one per line, but there are {} classes", file.string(),
                    names.size(), classes);
    return names;
}

} // namespace gradwright
