// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/zip_archive.h"

#include "engine/support/error.h"
#include "engine/support/inflate.h"
#include "engine/support/json.h"

#include <zlib.h>

#include <algorithm>

namespace gradwright {
namespace {

constexpr std::uint64_t kEndRecord = 22;
constexpr std::uint64_t kEntry = 46;
constexpr std::uint64_t kLocalHeader = 30;
constexpr std::uint64_t kMostComment = 65'535;
constexpr std::uint16_t kStoredMember = 0;
constexpr std::uint16_t kDeflatedMember = 8;
constexpr std::uint64_t kElsewhere = 0xFFFFFFFF; ///< the size is in the field of 64-bit sizes

} // namespace

ZipArchive::ZipArchive(const std::filesystem::path& path)
    : file_(path) {
    readDirectory();
}

/// The end record stands last, in front of a comment.
void ZipArchive::readDirectory() {
    const auto size = file_.size();
    const auto tail = std::min(size, kEndRecord + kMostComment);
    const auto end = file_.text(size - tail, tail);
    const auto found = end.rfind("PK\x05\x06");
    if (found == std::string::npos || end.size() - found < kEndRecord)
        throw Error("{} is no ZIP archive, or is cut short: it has no list of its members",
                    file_.name());
    const auto at = size - tail + found;
    auto count = file_.number(at + 10, 2);
    auto entry = file_.number(at + 16, 4);
    while (count-- > 0)
        entry = readEntry(entry);
}

std::uint64_t ZipArchive::readEntry(std::uint64_t at) {
    if (file_.text(at, 4) != "PK\x01\x02")
        throw Error("{}: the list of the archive's members is damaged", file_.name());
    Member member;
    member.isEncrypted = (file_.number(at + 8, 2) & 1U) != 0;
    member.method = static_cast<std::uint16_t>(file_.number(at + 10, 2));
    member.checksum = static_cast<std::uint32_t>(file_.number(at + 16, 4));
    member.packed = file_.number(at + 20, 4);
    member.size = file_.number(at + 24, 4);
    member.offset = file_.number(at + 42, 4);
    const auto nameSize = file_.number(at + 28, 2);
    const auto extraSize = file_.number(at + 30, 2);
    const auto commentSize = file_.number(at + 32, 2);
    member.name = file_.text(at + kEntry, nameSize);
    const ByteRegion extra(file_.text(at + kEntry + nameSize, extraSize), file_.name());
    for (std::uint64_t field = 0; field + 4 <= extraSize;) {
        const auto length = extra.number(field + 2, 2);
        auto value = field + 4;
        if (extra.number(field, 2) == 1)
            for (auto* const each : {&member.size, &member.packed, &member.offset})
                if (*each == kElsewhere) {
                    *each = extra.number(value, 8);
                    value += 8;
                }
        field += 4 + length;
    }
    members_.push_back(std::move(member));
    return at + kEntry + nameSize + extraSize + commentSize;
}

bool ZipArchive::contains(std::string_view name) const {
    return std::ranges::find(members_, name, &Member::name) != members_.end();
}

std::vector<std::string> ZipArchive::namesEndingIn(std::string_view ending) const {
    std::vector<std::string> names;
    for (const auto& member : members_)
        if (member.name.ends_with(ending))
            names.push_back(member.name);
    return names;
}

ByteRegion ZipArchive::open(std::string_view name, std::uint64_t most) const {
    const auto found = std::ranges::find(members_, name, &Member::name);
    if (found == members_.end())
        throw Error("{}: the archive lacks {}", file_.name(), name);
    const auto& member = *found;
    const auto fail = [&](const std::string& what) {
        throw Error("{}: {} {}", file_.name(), name, what);
    };
    if (member.isEncrypted)
        fail("is encrypted");
    if (member.method != kStoredMember && member.method != kDeflatedMember)
        fail(fmt::format("is packed by method {}; stored and deflated ones can be read",
                         member.method));
    if (member.size > most)
        fail(fmt::format("has {} bytes; up to {} are read", member.size, most));
    if (file_.text(member.offset, 4) != "PK\x03\x04")
        fail("is not where the archive's list says");
    const auto begin = member.offset + kLocalHeader + file_.number(member.offset + 26, 2) +
                       file_.number(member.offset + 28, 2);
    const auto label = fmt::format("{}: {}", file_.name(), name);
    const auto packed = file_.part(begin, member.packed, label);
    if (member.method == kStoredMember) {
        if (member.packed != member.size)
            fail("is stored in another number of bytes than it has");
        return packed;
    }
    if (member.size > member.packed * kMostInflation)
        fail(fmt::format("cannot have {} bytes", member.size));
    auto bytes = inflated(packed.text(0, packed.size()), static_cast<std::size_t>(member.size));
    if (!bytes || crc32_z(crc32(0, nullptr, 0), reinterpret_cast<const Bytef*>(bytes->data()),
                          bytes->size()) != member.checksum)
        fail("is damaged");
    return {*std::move(bytes), label};
}

} // namespace gradwright
