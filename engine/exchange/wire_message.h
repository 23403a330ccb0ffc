// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// Appends a whole number as messages hold it, in 1 to 10 bytes of 7 bits each, the lowest first.
void addVarint(std::string& to, std::uint64_t value);

/// A message of Protocol Buffers as its fields, which are read without a schema and written back as
/// they were, to the bit, unless they are changed. It refers to the bytes that it is read from
/// (https://protobuf.dev/programming-guides/encoding).
class WireMessage {
public:
    WireMessage() = default;
    /// Throws Error for bytes that are no message.
    static WireMessage parse(std::string_view bytes);

    struct Field {
        std::uint32_t number = 0;
        std::uint32_t type = 0;   ///< 0: whole number, 1: 8 bytes, 2: bytes, 5: 4 bytes
        std::string_view whole{}; ///< tag, length and all; empty: changed
        std::string_view bytes{}; ///< of type 2
        std::uint64_t value = 0;  ///< of type 0
        std::string owned{};      ///< of type 2, when changed
        std::shared_ptr<WireMessage> message{}; ///< of type 2, when opened
    };
    [[nodiscard]] std::list<Field>& fields() { return fields_; }
    [[nodiscard]] const std::list<Field>& fields() const { return fields_; }

    /// The field's message, which may then be changed. Throws Error for bytes that are none.
    static WireMessage& open(Field& field);
    /// The messages of that number, opened.
    std::vector<WireMessage*> open(std::uint32_t number);
    /// The last one of that number, as readers take it; made where there is none.
    WireMessage& only(std::uint32_t number);
    [[nodiscard]] bool has(std::uint32_t number) const;
    /// The last text of that number; empty where there is none.
    [[nodiscard]] std::string_view text(std::uint32_t number) const;
    [[nodiscard]] std::vector<std::string_view> texts(std::uint32_t number) const;
    /// The last whole number of that number.
    [[nodiscard]] std::int64_t integer(std::uint32_t number, std::int64_t otherwise = 0) const;

    static void setText(Field& field, std::string text);
    /// In the place of all of that number.
    void setText(std::uint32_t number, std::string text);
    void setInteger(std::uint32_t number, std::int64_t value);
    void addText(std::uint32_t number, std::string text);
    /// A new message at the end.
    WireMessage& add(std::uint32_t number);
    void remove(std::uint32_t number);

    [[nodiscard]] std::string bytes() const;

private:
    [[nodiscard]] static std::string_view contentOf(const Field& field);
    [[nodiscard]] std::size_t size() const; ///< bytes that it takes once written
    void write(std::string& to) const;
    [[nodiscard]] bool isChanged() const;

    std::list<Field> fields_;
    std::size_t parsed_ = 0; ///< fields when it was read
    bool isNew_ = true;
};

} // namespace gradwright
