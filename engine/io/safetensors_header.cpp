// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/safetensors_header.h"

#include "engine/support/error.h"
#include "engine/support/json.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <set>
#include <tuple>

namespace gradwright {
namespace {

constexpr std::string_view kMetadataKey = "__metadata__";
constexpr std::array kDTypes = {DType::F64, DType::F32, DType::F16, DType::BF16,
                                DType::I64, DType::I32, DType::I8,  DType::U8};

DType dtypeNamed(std::string_view name) {
    constexpr auto nameOfType = [](DType type) { return nameOf(type); };
    const auto found = std::ranges::find(kDTypes, name, nameOfType);
    if (found != kDTypes.end())
        return *found;
    std::vector<std::string_view> names;
    std::ranges::transform(kDTypes, std::back_inserter(names), nameOfType);
    throw Error("the dtype {} is not supported; supported are {}", quotedText(name),
                fmt::join(names, ", "));
}

/// Takes the header apart while it is parsed. A document tree of a hostile header would need many
/// times its size, and an ordered one quadratic time.
class HeaderReader : public nlohmann::json_sax<Json> {
public:
    HeaderReader(std::string_view what, const SafetensorsLimits& limits)
        : what_(what)
        , limits_(limits) {}

    SafetensorsHeader take() { return std::move(header_); }

    bool null() override { return reject("null"); }
    bool boolean(bool value) override { return reject(value ? "true" : "false"); }
    bool number_integer(number_integer_t value) override {
        return reject(fmt::format("{}", value));
    }
    bool number_float(number_float_t, const string_t& text) override { return reject(text); }
    bool binary(binary_t&) override { return reject("binary data"); }

    bool number_unsigned(number_unsigned_t value) override {
        if (place_ == Place::Shape) {
            if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
                fail(fmt::format("the dimension {} is too large", value));
            if (entry_.shape.size() == limits_.rank)
                fail(fmt::format("more than {} dimensions", limits_.rank));
            entry_.shape.push_back(static_cast<std::int64_t>(value));
            return true;
        }
        if (place_ == Place::Offsets) {
            if (offsets_ == 2)
                fail("data_offsets must hold two numbers, not more");
            (offsets_++ == 0 ? entry_.begin : entry_.end) = value;
            return true;
        }
        return reject(fmt::format("{}", value));
    }

    bool string(string_t& value) override {
        if (place_ == Place::Metadata) {
            header_.metadata[key_] = value;
            return true;
        }
        if (place_ != Place::Entry || key_ != "dtype")
            return reject(quotedText(value));
        try {
            entry_.dtype = dtypeNamed(value);
        } catch (const Error& error) {
            fail(error.what());
        }
        return true;
    }

    bool start_object(std::size_t) override {
        if (place_ == Place::Start) {
            place_ = Place::Root;
        } else if (place_ == Place::Root) {
            place_ = key_ == kMetadataKey ? Place::Metadata : Place::Entry;
            if (place_ == Place::Entry && header_.entries.size() == limits_.tensors)
                throw Error("{}: more than {} tensors", what_, limits_.tensors);
            entry_ = {};
            entry_.name = key_;
            offsets_ = 0;
            entryKeys_.clear();
        } else {
            return reject("an object");
        }
        return true;
    }

    bool key(string_t& value) override {
        key_ = value;
        switch (place_) {
        case Place::Root:
            if (!names_.insert(value).second)
                throw Error("{}: the name {} appears twice", what_, quotedText(value));
            break;
        case Place::Metadata:
            if (header_.metadata.contains(value))
                throw Error("{}: the metadata key {} appears twice", what_, quotedText(value));
            break;
        default:
            if (value != "dtype" && value != "shape" && value != "data_offsets")
                fail(fmt::format("the key {} is unknown; dtype, shape and data_offsets are needed",
                                 quotedText(value)));
            if (!entryKeys_.insert(value).second)
                fail(fmt::format("the key {} appears twice", quotedText(value)));
        }
        return true;
    }

    bool end_object() override {
        if (place_ == Place::Entry) {
            for (const auto* needed : {"dtype", "shape", "data_offsets"})
                if (!entryKeys_.contains(needed))
                    fail(fmt::format("{} is missing", needed));
            checkSize();
            header_.entries.push_back(std::move(entry_));
        }
        place_ = Place::Root;
        return true;
    }

    bool start_array(std::size_t) override {
        if (place_ != Place::Entry || key_ == "dtype")
            return reject("an array");
        place_ = key_ == "shape" ? Place::Shape : Place::Offsets;
        return true;
    }

    bool end_array() override {
        if (place_ == Place::Offsets && offsets_ != 2)
            fail(fmt::format("data_offsets must hold two numbers, not {}", offsets_));
        place_ = Place::Entry;
        return true;
    }

    bool parse_error(std::size_t position, const std::string&,
                     const nlohmann::detail::exception&) override {
        throw Error("{}: the header is not valid JSON at its byte {}", what_, position);
    }

private:
    enum class Place { Start, Root, Metadata, Entry, Shape, Offsets };

    [[noreturn]] void fail(const std::string& rule) const {
        throw Error("{}: tensor {}: {}", what_, quotedText(entry_.name), rule);
    }

    /// Always throws; returns for the callers' sake.
    bool reject(const std::string& received) const {
        switch (place_) {
        case Place::Start:
            throw Error("{}: the header must be a JSON object, not {}", what_, received);
        case Place::Root:
            throw Error("{}: {} must be a JSON object, not {}", what_,
                        key_ == kMetadataKey ? key_ : fmt::format("tensor {}", quotedText(key_)),
                        received);
        case Place::Metadata:
            throw Error("{}: the metadata value of {} must be text, not {}", what_,
                        quotedText(key_), received);
        case Place::Shape:
            fail(fmt::format("shape must hold whole numbers from 0 up, not {}", received));
        case Place::Offsets:
            fail(fmt::format("data_offsets must hold whole numbers from 0 up, not {}", received));
        case Place::Entry:
            break;
        }
        fail(fmt::format("{} must be {}, not {}", key_, key_ == "dtype" ? "text" : "an array",
                         received));
    }

    void checkSize() const {
        if (entry_.begin > entry_.end)
            fail(fmt::format("data_offsets must not decrease, as from {} to {}", entry_.begin,
                             entry_.end));
        const Shape shape(entry_.shape);
        std::uint64_t elements = 0;
        try {
            elements = static_cast<std::uint64_t>(shape.elements());
        } catch (const Error& error) {
            fail(error.what());
        }
        const std::uint64_t size = sizeOf(entry_.dtype);
        const auto bytes = entry_.end - entry_.begin;
        if (bytes % size != 0 || bytes / size != elements)
            fail(fmt::format("data_offsets from {} to {} hold {} bytes, but {} elements ({}) of {} "
                             "need {} bytes each",
                             entry_.begin, entry_.end, bytes, elements, toString(shape),
                             nameOf(entry_.dtype), size));
    }

    std::string_view what_;
    const SafetensorsLimits& limits_;
    SafetensorsHeader header_;
    Place place_ = Place::Start;
    std::string key_;
    SafetensorsEntry entry_;
    int offsets_ = 0;
    std::set<std::string, std::less<>> names_;
    std::set<std::string, std::less<>> entryKeys_;
};

/// Tensors must fill the payload in order, without holes or overlaps.
void checkLayout(const std::vector<SafetensorsEntry>& entries, std::uint64_t payloadBytes,
                 std::string_view what) {
    std::uint64_t filled = 0;
    for (const auto& entry : entries) {
        if (entry.begin > filled)
            throw Error("{}: tensor {}: starts at byte {} of the payload and leaves a hole after "
                        "byte {}",
                        what, quotedText(entry.name), entry.begin, filled);
        if (entry.begin < filled)
            throw Error("{}: tensor {}: starts at byte {} of the payload and overlaps the tensor "
                        "before, which ends at {}",
                        what, quotedText(entry.name), entry.begin, filled);
        filled = entry.end;
    }
    if (filled > payloadBytes)
        throw Error("{}: is truncated: the tensors need {} bytes, {} are there", what, filled,
                    payloadBytes);
    if (filled < payloadBytes)
        throw Error("{}: {} bytes follow the last tensor, which ends at byte {} of the payload",
                    what, payloadBytes - filled, filled);
}

std::string jsonText(const std::string& text, std::string_view what) {
    try {
        return Json(text).dump();
    } catch (const Json::exception&) {
        throw Error("{}: {} is not valid UTF-8 and cannot be stored", what, quotedText(text));
    }
}

} // namespace

std::string quotedText(std::string_view text) {
    constexpr std::size_t shown = 100;
    return Json(text.substr(0, shown)).dump(-1, ' ', false, Json::error_handler_t::replace) +
           (text.size() > shown ? "…" : "");
}

SafetensorsHeader parseSafetensorsHeader(std::string_view text, std::uint64_t payloadBytes,
                                         std::string_view what, const SafetensorsLimits& limits) {
    if (!text.starts_with('{'))
        throw Error("{}: the header must start with {{, not {}", what,
                    quotedText(text.substr(0, 1)));
    HeaderReader reader(what, limits);
    Json::sax_parse(text.begin(), text.end(), &reader);
    auto header = reader.take();
    // By end too: an empty tensor may share its place with the one that follows.
    std::ranges::sort(header.entries, {}, [](const SafetensorsEntry& entry) {
        return std::tie(entry.begin, entry.end, entry.name);
    });
    checkLayout(header.entries, payloadBytes, what);
    return header;
}

std::string formatSafetensorsHeader(const SafetensorsHeader& header, std::string_view what) {
    std::string text = fmt::format("{{\"{}\":{{", kMetadataKey);
    for (std::string_view separator; const auto& [key, value] : header.metadata) {
        text += fmt::format("{}{}:{}", separator, jsonText(key, what), jsonText(value, what));
        separator = ",";
    }
    text += '}';
    for (const auto& entry : header.entries)
        text += fmt::format(R"(,{}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})",
                            jsonText(entry.name, what), nameOf(entry.dtype),
                            fmt::join(entry.shape, ","), entry.begin, entry.end);
    text += '}';
    return text;
}

} // namespace gradwright
