// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/onnx_attributes.h"

#include "engine/exchange/onnx_outline.h"
#include "engine/onnx/onnx_tensors.h"
#include "engine/support/error.h"
#include "engine/support/json_numbers.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <optional>

namespace gradwright {
namespace {

using onnx_format::AttributeProto;

// Fields of the format, by their numbers in onnx/onnx.proto.
constexpr std::uint32_t kEditedAttribute = 5;
constexpr std::uint32_t kEditedName = 1;
constexpr std::uint32_t kEditedTensor = 5;

/// What is written in `text` where the attribute has no type yet.
AttributeProto::AttributeType attributeTypeWritten(const Json& json) {
    const auto all = [&](auto test) { return std::ranges::all_of(json, test); };
    const auto isWhole = [](const Json& value) { return isInt64(value); };
    const auto isNumber = [](const Json& value) {
        return value.is_number_float() || isInt64(value);
    };
    if (isWhole(json))
        return AttributeProto::INT;
    if (isNumber(json))
        return AttributeProto::FLOAT;
    if (json.is_array())
        return all(isWhole) ? AttributeProto::INTS
                            : (all(isNumber) ? AttributeProto::FLOATS : AttributeProto::STRINGS);
    return AttributeProto::STRING;
}

const char* attributeWords(AttributeProto::AttributeType type) {
    switch (type) {
    case AttributeProto::INT:
        return "a whole number such as 1";
    case AttributeProto::FLOAT:
        return "a number such as 0.5";
    case AttributeProto::INTS:
        return "a list of whole numbers such as [0, 2, 1]";
    case AttributeProto::FLOATS:
        return "a list of numbers such as [0.5, 1]";
    default:
        return "a list of texts such as [\"a\", \"b\"]";
    }
}

/// "0, 2, 1" is a list as well; a text is what it says, with or without quotes.
Json attributeJsonOf(const std::string& text, bool isList) {
    auto json = Json::parse(text, nullptr, false);
    if (json.is_discarded() && isList)
        json = Json::parse('[' + text + ']', nullptr, false);
    return json.is_discarded() ? Json(text) : json;
}

float attributeReal(const Json& json) {
    const auto value = json.get<double>();
    if (std::abs(value) > std::numeric_limits<float>::max())
        throw Error("{} is larger than an attribute can be", value);
    return static_cast<float>(value);
}

/// Writes the value, or returns false where it is none of that type.
bool writeAttribute(AttributeProto& to, AttributeProto::AttributeType type, const Json& json) {
    const auto isWhole = [](const Json& value) { return isInt64(value); };
    const auto isNumber = [](const Json& value) {
        return value.is_number_float() || isInt64(value);
    };
    const auto isText = [](const Json& value) { return value.is_string(); };
    const auto isListOf = [&](auto test) {
        return json.is_array() && std::ranges::all_of(json, test);
    };
    to.set_type(type);
    switch (type) {
    case AttributeProto::INT:
        if (isWhole(json))
            to.set_i(json.get<std::int64_t>());
        return isWhole(json);
    case AttributeProto::FLOAT:
        if (isNumber(json))
            to.set_f(attributeReal(json));
        return isNumber(json);
    case AttributeProto::INTS:
        if (!isListOf(isWhole))
            return false;
        for (const auto& value : json)
            to.add_ints(value.get<std::int64_t>());
        return true;
    case AttributeProto::FLOATS:
        if (!isListOf(isNumber))
            return false;
        for (const auto& value : json)
            to.add_floats(attributeReal(value));
        return true;
    default:
        if (!isListOf(isText))
            return false;
        for (const auto& value : json)
            to.add_strings(value.get<std::string>());
        return true;
    }
}

std::optional<AttributeProto> attributeValueOf(const WireMessage& attribute) {
    AttributeProto proto;
    if (!proto.ParseFromString(attribute.bytes()))
        throw Error("the attribute \"{}\" is damaged", attribute.text(kEditedName));
    switch (proto.type()) {
    case AttributeProto::INT:
    case AttributeProto::FLOAT:
    case AttributeProto::STRING:
    case AttributeProto::INTS:
    case AttributeProto::FLOATS:
    case AttributeProto::STRINGS:
        return proto;
    case AttributeProto::UNDEFINED:
        break;
    default:
        return {};
    }
    // Models made before attributes had a type, and types of later versions.
    if (proto.has_i())
        proto.set_type(AttributeProto::INT);
    else if (proto.has_f())
        proto.set_type(AttributeProto::FLOAT);
    else if (proto.has_s())
        proto.set_type(AttributeProto::STRING);
    else if (proto.ints_size() > 0)
        proto.set_type(AttributeProto::INTS);
    else if (proto.floats_size() > 0)
        proto.set_type(AttributeProto::FLOATS);
    else if (proto.strings_size() > 0)
        proto.set_type(AttributeProto::STRINGS);
    else
        return {};
    return proto;
}

/// Large data stay where they are.
bool holdsMessages(const WireMessage& attribute) {
    return std::ranges::any_of(attribute.fields(), [](const WireMessage::Field& field) {
        constexpr std::array<std::uint32_t, 7> kMessages = {5, 6, 10, 11, 14, 15, 22};
        return std::ranges::find(kMessages, field.number) != kMessages.end();
    });
}

std::string attributeRealText(float value) {
    const auto text = fmt::format("{}", value);
    const bool isWhole = text.find_first_not_of("-0123456789") == std::string::npos;
    return isWhole ? text + ".0" : text;
}

} // namespace

bool isOnnxAttributeText(const WireMessage& attribute) {
    return !holdsMessages(attribute) && attributeValueOf(attribute).has_value();
}

std::string onnxAttributeText(const WireMessage& attribute) {
    if (!attribute.texts(kEditedTensor).empty()) {
        const auto tensor = WireMessage::parse(attribute.text(kEditedTensor));
        const auto constant = onnxConstant(tensor);
        return fmt::format("{} {}", constant.type,
                           constant.lengths.empty()
                               ? "number"
                               : fmt::format("{}", fmt::join(constant.lengths, "×")));
    }
    if (holdsMessages(attribute))
        return attribute.has(6) || attribute.has(11) ? "a graph" : "a message";
    const auto proto = attributeValueOf(attribute);
    if (!proto)
        return "empty";
    switch (proto->type()) {
    case AttributeProto::INT:
        return fmt::format("{}", proto->i());
    case AttributeProto::FLOAT:
        return attributeRealText(proto->f());
    case AttributeProto::STRING:
        return proto->s();
    case AttributeProto::INTS:
        return fmt::format("[{}]", fmt::join(proto->ints(), ", "));
    case AttributeProto::FLOATS: {
        std::vector<std::string> reals;
        for (const auto value : proto->floats())
            reals.push_back(attributeRealText(value));
        return fmt::format("[{}]", fmt::join(reals, ", "));
    }
    default: {
        auto texts = Json::array();
        for (const auto& value : proto->strings())
            texts.push_back(value);
        return texts.dump(-1, ' ', false, Json::error_handler_t::replace);
    }
    }
}

void setOnnxAttribute(WireMessage& node, const std::string& name, const std::string& value) {
    WireMessage::Field* found = nullptr;
    for (auto& field : node.fields())
        if (field.number == kEditedAttribute && WireMessage::open(field).text(kEditedName) == name)
            found = &field;
    if (name.empty())
        throw Error("an attribute needs a name");
    if (value.empty()) {
        if (!found)
            throw Error("the node has no attribute \"{}\"", name);
        node.fields().remove_if([&](const WireMessage::Field& field) { return &field == found; });
        return;
    }
    std::optional<AttributeProto::AttributeType> type;
    std::string rest;
    if (found) {
        auto& attribute = WireMessage::open(*found);
        if (!isOnnxAttributeText(attribute))
            throw Error("the attribute \"{}\" is {}, which is not written as text", name,
                        onnxAttributeText(attribute));
        type = attributeValueOf(attribute)->type();
        WireMessage kept;
        for (const auto& field : attribute.fields())
            if (field.number != 20 && (field.number < 2 || field.number > 9))
                kept.fields().push_back(field);
        rest = kept.bytes();
    } else {
        WireMessage made;
        made.addText(kEditedName, name);
        rest = made.bytes();
    }
    const bool isList = type == AttributeProto::INTS || type == AttributeProto::FLOATS;
    const auto json = attributeJsonOf(value, isList);
    AttributeProto proto;
    if (!type)
        type = attributeTypeWritten(json);
    if (type == AttributeProto::STRING) {
        proto.set_type(AttributeProto::STRING);
        proto.set_s(json.is_string() ? json.get<std::string>() : value);
    } else if (!writeAttribute(proto, *type, json)) {
        throw Error("the attribute \"{}\" is {}, not \"{}\"", name, attributeWords(*type),
                    excerpt(value));
    }
    rest += proto.SerializeAsString();
    if (found)
        WireMessage::setText(*found, rest);
    else
        node.addText(kEditedAttribute, rest);
}

} // namespace gradwright
