// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/wire_message.h"

#include "engine/support/error.h"

#include <algorithm>

namespace gradwright {
namespace {

constexpr std::uint32_t kVarint = 0;
constexpr std::uint32_t kEightBytes = 1;
constexpr std::uint32_t kBytes = 2;
constexpr std::uint32_t kFourBytes = 5;

[[noreturn]] void refuseBytes() {
    throw Error("it is no message of Protocol Buffers, or it is damaged");
}

std::uint64_t takeVarint(std::string_view& from) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (from.empty())
            refuseBytes();
        const auto byte = static_cast<unsigned char>(from.front());
        from.remove_prefix(1);
        value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
        if ((byte & 0x80U) == 0)
            return value;
    }
    refuseBytes();
}

std::size_t varintSize(std::uint64_t value) {
    std::size_t size = 1;
    for (; value >= 0x80; value >>= 7)
        ++size;
    return size;
}

} // namespace

void addVarint(std::string& to, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7)
        to += static_cast<char>((value & 0x7FU) | 0x80U);
    to += static_cast<char>(value);
}

WireMessage WireMessage::parse(std::string_view bytes) {
    WireMessage message;
    message.isNew_ = false;
    while (!bytes.empty()) {
        const auto before = bytes;
        const auto tag = takeVarint(bytes);
        Field field;
        field.number = static_cast<std::uint32_t>(tag >> 3);
        field.type = static_cast<std::uint32_t>(tag & 7U);
        if (field.number == 0 || tag >> 32 != 0)
            refuseBytes();
        std::size_t length = 0;
        switch (field.type) {
        case kVarint:
            field.value = takeVarint(bytes);
            break;
        case kEightBytes:
            length = 8;
            break;
        case kFourBytes:
            length = 4;
            break;
        case kBytes: {
            const auto given = takeVarint(bytes);
            if (given > bytes.size())
                refuseBytes();
            length = static_cast<std::size_t>(given);
            field.bytes = bytes.substr(0, length);
            break;
        }
        default:
            refuseBytes();
        }
        if (length > bytes.size())
            refuseBytes();
        bytes.remove_prefix(length);
        field.whole = before.substr(0, before.size() - bytes.size());
        message.fields_.push_back(std::move(field));
    }
    message.parsed_ = message.fields_.size();
    return message;
}

std::string_view WireMessage::contentOf(const Field& field) {
    return field.whole.empty() ? std::string_view(field.owned) : field.bytes;
}

WireMessage& WireMessage::open(Field& field) {
    if (field.type != kBytes)
        refuseBytes();
    if (!field.message)
        field.message = std::make_shared<WireMessage>(parse(contentOf(field)));
    return *field.message;
}

std::vector<WireMessage*> WireMessage::open(std::uint32_t number) {
    std::vector<WireMessage*> messages;
    for (auto& field : fields_)
        if (field.number == number)
            messages.push_back(&open(field));
    return messages;
}

WireMessage& WireMessage::only(std::uint32_t number) {
    const auto all = open(number);
    return all.empty() ? add(number) : *all.back();
}

bool WireMessage::has(std::uint32_t number) const {
    return std::ranges::any_of(fields_, [&](const Field& field) { return field.number == number; });
}

std::string_view WireMessage::text(std::uint32_t number) const {
    const auto all = texts(number);
    return all.empty() ? std::string_view() : all.back();
}

std::vector<std::string_view> WireMessage::texts(std::uint32_t number) const {
    std::vector<std::string_view> all;
    for (const auto& field : fields_)
        if (field.number == number && field.type == kBytes)
            all.push_back(contentOf(field));
    return all;
}

std::int64_t WireMessage::integer(std::uint32_t number, std::int64_t otherwise) const {
    for (const auto& field : fields_)
        if (field.number == number && field.type == kVarint)
            otherwise = static_cast<std::int64_t>(field.value);
    return otherwise;
}

void WireMessage::setText(Field& field, std::string text) {
    field.owned = std::move(text);
    field.whole = {};
    field.bytes = {};
    field.message = nullptr;
}

void WireMessage::setText(std::uint32_t number, std::string text) {
    for (auto& field : fields_)
        if (field.number == number && field.type == kBytes) {
            setText(field, std::move(text));
            return;
        }
    addText(number, std::move(text));
}

void WireMessage::setInteger(std::uint32_t number, std::int64_t value) {
    remove(number);
    Field field;
    field.number = number;
    field.value = static_cast<std::uint64_t>(value);
    fields_.push_back(std::move(field));
    isNew_ = true;
}

void WireMessage::addText(std::uint32_t number, std::string text) {
    Field field;
    field.number = number;
    field.type = kBytes;
    field.owned = std::move(text);
    fields_.push_back(std::move(field));
}

WireMessage& WireMessage::add(std::uint32_t number) {
    addText(number, {});
    fields_.back().message = std::make_shared<WireMessage>();
    return *fields_.back().message;
}

void WireMessage::remove(std::uint32_t number) {
    fields_.remove_if([&](const Field& field) { return field.number == number; });
}

bool WireMessage::isChanged() const {
    return isNew_ || fields_.size() != parsed_ ||
           std::ranges::any_of(fields_, [](const Field& field) {
               return field.whole.empty() || (field.message && field.message->isChanged());
           });
}

std::size_t WireMessage::size() const {
    std::size_t size = 0;
    for (const auto& field : fields_) {
        const bool isOpen = field.message && field.message->isChanged();
        if (!field.whole.empty() && !isOpen) {
            size += field.whole.size();
            continue;
        }
        size += varintSize(std::uint64_t{field.number} << 3 | field.type);
        if (field.type == kVarint) {
            size += varintSize(field.value);
            continue;
        }
        const auto content = isOpen ? field.message->size() : contentOf(field).size();
        size += varintSize(content) + content;
    }
    return size;
}

void WireMessage::write(std::string& to) const {
    for (const auto& field : fields_) {
        const bool isOpen = field.message && field.message->isChanged();
        if (!field.whole.empty() && !isOpen) {
            to += field.whole;
            continue;
        }
        addVarint(to, std::uint64_t{field.number} << 3 | field.type);
        if (field.type == kVarint) {
            addVarint(to, field.value);
        } else if (isOpen) {
            addVarint(to, field.message->size());
            field.message->write(to);
        } else {
            addVarint(to, contentOf(field).size());
            to += contentOf(field);
        }
    }
}

std::string WireMessage::bytes() const {
    std::string bytes;
    bytes.reserve(size()); // models are large
    write(bytes);
    return bytes;
}

} // namespace gradwright
