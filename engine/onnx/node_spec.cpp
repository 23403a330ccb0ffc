// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/onnx/node_spec.h"

#include "engine/onnx/read_nodes.h"
#include "engine/support/json_numbers.h"

#include <array>
#include <cmath>

namespace gradwright {
namespace {

constexpr std::array<std::pair<DType, std::string_view>, 7> kNames = {
    std::pair{DType::F32, std::string_view("float32")},
    std::pair{DType::F64, std::string_view("float64")},
    std::pair{DType::I64, std::string_view("int64")},
    std::pair{DType::I32, std::string_view("int32")},
    std::pair{DType::I8, std::string_view("int8")},
    std::pair{DType::U8, std::string_view("uint8")},
    std::pair{DType::Bool, std::string_view("bool")}};

/// JSON has no infinities.
Json numberJson(double value) {
    if (std::isfinite(value))
        return value;
    return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

double numberFrom(const Json& json) {
    if (json.is_number())
        return json.get<double>();
    const auto text = json.is_string() ? json.get<std::string>() : std::string();
    if (text == "inf" || text == "-inf")
        return text == "inf" ? HUGE_VAL : -HUGE_VAL;
    if (text == "nan")
        return std::nan("");
    throw Error("a number is expected, not {}", dumpExcerpt(json));
}

Json valuesJson(const Tensor& tensor) {
    auto list = Json::array();
    if (tensor.dtype() == DType::F32 || tensor.dtype() == DType::F64) {
        // The shortest that are the same number again.
        const auto wide = tensor.to(DType::F64);
        for (const double value : wide.span<double>())
            list.push_back(numberJson(value));
    } else {
        const auto whole = tensor.to(DType::I64);
        for (const auto value : whole.span<std::int64_t>())
            list.push_back(value);
    }
    return list;
}

Shape shapeFrom(const Json& json) {
    std::vector<std::int64_t> lengths;
    for (const auto& length : json) {
        if (!isInt64(length) || length.get<std::int64_t>() < 0)
            throw Error("a shape is a list of lengths, not {}", dumpExcerpt(json));
        lengths.push_back(length.get<std::int64_t>());
    }
    return Shape(std::move(lengths));
}

Json tensorJson(std::string_view kind, const Tensor& tensor) {
    return {{std::string(kind), onnxElementName(tensor.dtype())},
            {"shape", tensor.shape().dims()},
            {"values", valuesJson(tensor)}};
}

std::shared_ptr<const Tensor> tensorFrom(const Json& json, const std::string& type) {
    const auto shape = shapeFrom(json.at("shape"));
    const auto& values = json.at("values");
    if (!values.is_array() || static_cast<std::int64_t>(values.size()) != shape.elements())
        throw Error("{} values are needed for the shape {}", shape.elements(), toString(shape));
    const auto element = onnxElementFromName(type);
    if (element == DType::F32 || element == DType::F64) {
        Tensor tensor(DType::F64, shape);
        for (std::size_t i = 0; i < values.size(); ++i)
            tensor.span<double>()[i] = numberFrom(values[i]);
        return std::make_shared<const Tensor>(tensor.to(element));
    }
    Tensor tensor(DType::I64, shape);
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (!isInt64(values[i]))
            throw Error("whole numbers are expected, not {}", dumpExcerpt(values[i]));
        tensor.span<std::int64_t>()[i] = values[i].get<std::int64_t>();
    }
    return std::make_shared<const Tensor>(tensor.to(element));
}

std::string hexOf(const std::string& bytes) {
    std::string text;
    for (const char c : bytes)
        text += fmt::format("{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    return text;
}

std::string bytesOf(const std::string& hex) {
    const auto digit = [&](char c) {
        const auto at = std::string_view("0123456789abcdef").find(c);
        if (at == std::string_view::npos)
            throw Error("bytes are hexadecimal digits, not \"{}\"", excerpt(hex));
        return at;
    };
    if (hex.size() % 2 != 0)
        throw Error("bytes are pairs of hexadecimal digits");
    std::string bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2)
        bytes += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
    return bytes;
}

OnnxAttributeValue attributeFrom(const Json& json) {
    // A larger whole number is none of ONNX, and must not become a real one.
    const auto isReal = [](const Json& value) { return value.is_number_float() || isInt64(value); };
    if (isInt64(json))
        return json.get<std::int64_t>();
    if (isReal(json))
        return json.get<double>();
    if (json.is_string())
        return json.get<std::string>();
    if (json.is_object()) {
        if (const auto bytes = json.find("bytes"); bytes != json.end()) {
            return readOnnxAttribute(bytesOf(bytes->get<std::string>()));
        }
        if (const auto type = json.find("tensor"); type != json.end())
            return OnnxTensor{tensorFrom(json, type->get<std::string>()), {}};
        if (const auto number = json.find("number"); number != json.end())
            return numberFrom(*number);
        if (json.contains("ints"))
            return std::vector<std::int64_t>{};
        if (json.contains("floats")) {
            std::vector<double> reals;
            for (const auto& value : json.at("floats"))
                reals.push_back(numberFrom(value));
            return reals;
        }
        if (json.contains("strings"))
            return std::vector<std::string>{};
    }
    if (json.is_array() && !json.empty()) {
        const auto all = [&](auto test) { return std::ranges::all_of(json, test); };
        if (all(isInt64))
            return json.get<std::vector<std::int64_t>>();
        if (all(isReal))
            return json.get<std::vector<double>>();
        if (all([](const Json& value) { return value.is_string(); }))
            return json.get<std::vector<std::string>>();
    }
    throw Error("an attribute is a number, a text or a list of these, not {}", dumpExcerpt(json));
}

Json attributeJson(const OnnxAttributeValue& value) {
    struct Writer {
        Json operator()(const OnnxUnread& unread) const { return {{"bytes", hexOf(unread.bytes)}}; }
        Json operator()(std::int64_t number) const { return number; }
        Json operator()(double number) const {
            return std::isfinite(number) ? Json(number) : Json{{"number", numberJson(number)}};
        }
        Json operator()(const std::string& text) const { return text; }
        Json operator()(const std::vector<std::int64_t>& list) const {
            return list.empty() ? Json{{"ints", Json::array()}} : Json(list);
        }
        Json operator()(const std::vector<double>& list) const {
            auto values = Json::array();
            for (const double each : list)
                values.push_back(numberJson(each));
            return {{"floats", values}};
        }
        Json operator()(const std::vector<std::string>& list) const {
            return list.empty() ? Json{{"strings", Json::array()}} : Json(list);
        }
        Json operator()(const OnnxTensor& tensor) const {
            if (!tensor.values)
                throw Error("{}", tensor.problem);
            return tensorJson("tensor", *tensor.values);
        }
    };
    return std::visit(Writer{}, value);
}

OnnxOperandSpec operandFrom(const Json& json) {
    using Kind = OnnxOperandSpec::Kind;
    OnnxOperandSpec operand;
    if (json.is_null())
        return operand;
    if (json.is_string()) {
        operand.kind = Kind::Port;
        operand.type = onnxElementFromName(json.get<std::string>());
        return operand;
    }
    if (!json.is_object())
        throw Error("an input is null, a type, or an object with \"port\", \"weight\" or "
                    "\"constant\", not {}",
                    dumpExcerpt(json));
    operand.name = json.value("name", "");
    if (json.contains("port")) {
        operand.kind = Kind::Port;
        operand.type = onnxElementFromName(json.at("port").get<std::string>());
        operand.isScalar = json.value("scalar", false);
    } else if (json.contains("weight")) {
        operand.kind = Kind::Weight;
        operand.type = onnxElementFromName(json.at("weight").get<std::string>());
        operand.shape = shapeFrom(json.at("shape"));
    } else {
        operand.kind = Kind::Constant;
        operand.values = tensorFrom(json, json.at("constant").get<std::string>());
        operand.type = operand.values->dtype();
    }
    return operand;
}

Json operandJson(const OnnxOperandSpec& operand) {
    using Kind = OnnxOperandSpec::Kind;
    Json json;
    switch (operand.kind) {
    case Kind::LeftOut:
        return nullptr;
    case Kind::Port:
        if (operand.name.empty() && !operand.isScalar)
            return onnxElementName(operand.type);
        json = {{"port", onnxElementName(operand.type)}};
        if (operand.isScalar)
            json["scalar"] = true;
        break;
    case Kind::Weight:
        json = {{"weight", onnxElementName(operand.type)}, {"shape", operand.shape.dims()}};
        break;
    case Kind::Constant:
        json = tensorJson("constant", *operand.values);
    }
    if (!operand.name.empty())
        json["name"] = operand.name;
    return json;
}

/// The library of JSON refuses texts that are none.
std::string dumped(const Json& json) {
    try {
        return json.dump();
    } catch (const Json::exception&) {
        throw Error("a name or an attribute of it is no text in UTF-8");
    }
}

/// What the library of JSON says of a missing or wrong entry, as an Error.
template <class Read>
auto readJson(std::string_view text, std::string_view what, const Read& read) {
    const auto json = parseJson(text, what);
    try {
        return read(json);
    } catch (const Json::exception& error) {
        throw Error("{}: {}", what, error.what());
    }
}

} // namespace

bool OnnxOperandSpec::operator==(const OnnxOperandSpec& other) const {
    const bool sameValues =
        values && other.values ? *values == *other.values : values == other.values;
    return kind == other.kind && type == other.type && isScalar == other.isScalar &&
           shape == other.shape && name == other.name && sameValues;
}

std::string onnxElementName(DType type) {
    for (const auto& [each, name] : kNames)
        if (each == type)
            return std::string(name);
    throw Error("elements of {} are not computed", nameOf(type));
}

DType onnxElementFromName(std::string_view name) {
    std::string known;
    for (const auto& [type, each] : kNames) {
        if (each == name)
            return type;
        known += (known.empty() ? "" : ", ") + std::string(each);
    }
    throw Error("there is no element type \"{}\"; there are {}", name, known);
}

std::string toText(const std::vector<OnnxOperandSpec>& operands) {
    auto list = Json::array();
    for (const auto& operand : operands)
        list.push_back(operandJson(operand));
    return dumped(list);
}

std::vector<OnnxOperandSpec> onnxOperandsFromText(std::string_view text) {
    return readJson(text, "the inputs", [](const Json& json) {
        if (!json.is_array())
            throw Error("the inputs are a list, not {}", dumpExcerpt(json));
        std::vector<OnnxOperandSpec> operands;
        for (const auto& each : json)
            operands.push_back(operandFrom(each));
        return operands;
    });
}

std::string toText(const std::map<std::string, OnnxAttributeValue, std::less<>>& attributes) {
    if (attributes.empty())
        return {};
    auto object = Json::object();
    for (const auto& [name, value] : attributes)
        object[name] = attributeJson(value);
    return dumped(object);
}

std::map<std::string, OnnxAttributeValue, std::less<>>
onnxAttributesFromText(std::string_view text) {
    if (text.empty())
        return {};
    return readJson(text, "the attributes", [](const Json& json) {
        if (!json.is_object())
            throw Error("the attributes are an object such as {{\"axis\": 1}}, not {}",
                        dumpExcerpt(json));
        std::map<std::string, OnnxAttributeValue, std::less<>> attributes;
        for (const auto& [name, value] : json.items())
            attributes.emplace(name, attributeFrom(value));
        return attributes;
    });
}

} // namespace gradwright
