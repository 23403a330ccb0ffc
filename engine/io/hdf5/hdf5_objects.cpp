// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/hdf5/hdf5_objects.h"

#include "engine/support/error.h"

#include <algorithm>
#include <optional>
#include <string_view>

namespace gradwright {
namespace {

constexpr std::size_t kMostMessages = 4096; ///< of one object
constexpr std::size_t kMostMembers = 100'000;
constexpr std::size_t kMostName = 1024;
constexpr int kMostLevels = 16; ///< of a B-tree

[[noreturn]] void refuseHdf5(const ByteRegion& file, std::string_view what) {
    throw Error("{}: {}", file.name(), what);
}

void requireSignature(const ByteRegion& file, std::uint64_t at, std::string_view signature) {
    if (file.text(at, signature.size()) != signature)
        throw Error("{} is damaged: there is no \"{}\" at byte {}", file.name(), signature, at);
}

/// The text from there up to a zero byte.
std::string nameAt(const ByteRegion& heap, std::uint64_t offset) {
    if (offset >= heap.size())
        refuseHdf5(heap, "is damaged: a name lies outside");
    auto text = heap.text(offset, std::min<std::uint64_t>(kMostName + 1, heap.size() - offset));
    const auto end = text.find('\0');
    if (end == std::string::npos)
        refuseHdf5(heap, "is damaged: a name does not end");
    text.resize(end);
    return text;
}

using Members = std::vector<std::pair<std::string, std::uint64_t>>;

void addMember(const ByteRegion& file, Members& members, std::string name, std::uint64_t address) {
    if (members.size() == kMostMembers)
        throw Error("{}: a group has more than {} members", file.name(), kMostMembers);
    members.emplace_back(std::move(name), address);
}

void readSymbols(const ByteRegion& file, std::uint64_t at, const ByteRegion& heap,
                 Members& members) {
    constexpr std::uint64_t kSymbol = 40;
    requireSignature(file, at, "SNOD");
    const auto count = file.number(at + 6, 2);
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto entry = at + 8 + i * kSymbol;
        addMember(file, members, nameAt(heap, file.number(entry, 8)), file.number(entry + 8, 8));
    }
}

/// `budget` is the number of nodes that may still be read.
void readTree(const ByteRegion& file, std::uint64_t at, const ByteRegion& heap, int level,
              std::size_t& budget, Members& members) {
    if (budget-- == 0)
        refuseHdf5(file, "is damaged: the list of a group's members does not end");
    requireSignature(file, at, "TREE");
    const auto ownLevel = static_cast<int>(file.number(at + 5, 1));
    if (file.number(at + 4, 1) != 0 || ownLevel > kMostLevels || (level >= 0 && ownLevel != level))
        refuseHdf5(file, "is damaged: the tree of a group is none");
    const auto count = file.number(at + 6, 2);
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto child = file.number(at + 32 + 16 * i, 8);
        if (ownLevel > 0)
            readTree(file, child, heap, ownLevel - 1, budget, members);
        else if (budget-- > 0)
            readSymbols(file, child, heap, members);
        else
            refuseHdf5(file, "is damaged: the list of a group's members does not end");
    }
}

/// A link of version 1 to an object of the same file; nothing for others.
std::optional<std::pair<std::string, std::uint64_t>> hardLink(const ByteRegion& link) {
    const auto flags = link.number(1, 1);
    std::uint64_t at = 2;
    const auto type = (flags & 8U) != 0 ? link.number(at++, 1) : 0;
    if ((flags & 4U) != 0)
        at += 8; // the order in which it was made
    if ((flags & 16U) != 0)
        ++at; // the encoding of its name
    const auto size = std::size_t{1} << (flags & 3U);
    const auto length = link.number(at, size);
    if (length > kMostName)
        refuseHdf5(link, "is damaged: a name is too long");
    if (type != 0)
        return {};
    at += size;
    return std::pair{link.text(at, length), link.number(at + length, 8)};
}

class HeaderReader {
public:
    explicit HeaderReader(const ByteRegion& file)
        : file_(file) {}

    std::vector<Hdf5Message> read(std::uint64_t address) {
        if (file_.text(address, 4) == "OHDR")
            readNew(address);
        else
            readOld(address);
        return std::move(messages_);
    }

private:
    void add(std::uint64_t kind, std::uint64_t flags, std::uint64_t at, std::uint64_t size) {
        if (messages_.size() == kMostMessages)
            throw Error("{}: an object has more than {} messages", file_.name(), kMostMessages);
        messages_.push_back({static_cast<Hdf5MessageKind>(kind), (flags & 2U) != 0,
                             file_.part(at, size, file_.name())});
        if (messages_.back().kind == Hdf5MessageKind::Continuation)
            open_.emplace_back(messages_.back().data.number(0, 8),
                               messages_.back().data.number(8, 8));
    }

    void readOld(std::uint64_t address) {
        if (file_.number(address, 1) != 1)
            throw Error("{} is damaged: there is no object at byte {}", file_.name(), address);
        const auto count = file_.number(address + 2, 2);
        open_.emplace_back(address + 16, file_.number(address + 8, 4));
        while (!open_.empty() && messages_.size() < count) {
            auto [at, left] = open_.back();
            open_.pop_back();
            while (left >= 8 && messages_.size() < count) {
                const auto size = file_.number(at + 2, 2);
                add(file_.number(at, 2), file_.number(at + 4, 1), at + 8, size);
                if (size + 8 > left)
                    throw Error("{} is damaged: a message is longer than its object", file_.name());
                at += 8 + size;
                left -= 8 + size;
            }
        }
    }

    void readNew(std::uint64_t address) {
        const auto flags = file_.number(address + 5, 1);
        auto at = address + 6;
        if ((flags & 0x20U) != 0)
            at += 16; // times
        if ((flags & 0x10U) != 0)
            at += 4; // when attributes move
        const auto width = std::size_t{1} << (flags & 3U);
        const auto size = file_.number(at, width);
        readBlock(at + width, size, flags);
        while (!open_.empty()) {
            const auto [next, length] = open_.back();
            open_.pop_back();
            requireSignature(file_, next, "OCHK");
            if (length < 8)
                throw Error("{} is damaged: an object goes on in nothing", file_.name());
            readBlock(next + 4, length - 8, flags);
        }
    }

    void readBlock(std::uint64_t at, std::uint64_t left, std::uint64_t flags) {
        const std::uint64_t head = (flags & 4U) != 0 ? 6 : 4;
        while (left >= head) {
            const auto size = file_.number(at + 1, 2);
            if (size + head > left)
                throw Error("{} is damaged: a message is longer than its object", file_.name());
            add(file_.number(at, 1), file_.number(at + 3, 1), at + head, size);
            at += head + size;
            left -= head + size;
        }
    }

    const ByteRegion& file_;
    std::vector<Hdf5Message> messages_;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> open_; ///< where it goes on
};

} // namespace

std::uint64_t hdf5Root(const ByteRegion& file) {
    constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n";
    if (file.size() < kSignature.size() || file.text(0, kSignature.size()) != kSignature)
        refuseHdf5(file, "is no HDF5 file");
    const auto version = file.number(8, 1);
    if (version > 3)
        throw Error("{}: its superblock has version {}; 0 to 3 can be read", file.name(), version);
    const bool isOld = version < 2;
    const auto sizes = file.number(isOld ? 13 : 9, 2);
    if (sizes != 0x0808)
        throw Error("{}: addresses and lengths have {} and {} bytes; 8 can be read", file.name(),
                    sizes & 0xFFU, sizes >> 8U);
    const std::uint64_t base = file.number(isOld ? 24 + 4 * version : 12, 8);
    if (base != 0)
        refuseHdf5(file, "its addresses do not count from its first byte");
    return isOld ? file.number(64 + 4 * version, 8) : file.number(36, 8);
}

std::vector<Hdf5Message> hdf5Messages(const ByteRegion& file, std::uint64_t address) {
    return HeaderReader(file).read(address);
}

Members hdf5Members(const ByteRegion& file, const std::vector<Hdf5Message>& messages) {
    Members members;
    for (const auto& message : messages) {
        if (message.kind == Hdf5MessageKind::SymbolTable) {
            const auto heap = message.data.number(8, 8);
            requireSignature(file, heap, "HEAP");
            const auto names = file.part(file.number(heap + 24, 8), file.number(heap + 8, 8),
                                         file.name() + ": its list of names");
            auto budget = kMostMembers;
            readTree(file, message.data.number(0, 8), names, -1, budget, members);
        } else if (message.kind == Hdf5MessageKind::Link) {
            if (auto link = hardLink(message.data))
                addMember(file, members, std::move(link->first), link->second);
        } else if (message.kind == Hdf5MessageKind::LinkInfo) {
            const auto flags = message.data.number(1, 1);
            if (message.data.number((flags & 1U) != 0 ? 10 : 2, 8) != kHdf5Undefined)
                refuseHdf5(file, "a group lists its members in a fractal heap, which is not read; "
                                 "write the file without libver=\"latest\"");
        }
    }
    return members;
}

} // namespace gradwright
