// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/lean_model.h"

#include "engine/exchange/wire_message.h"

#include <algorithm>
#include <array>

namespace gradwright {
namespace {

// Of onnx.proto.
constexpr std::uint32_t kGraphOfModel = 7;
constexpr std::uint32_t kInitializerOfGraph = 5;
constexpr std::uint32_t kRawDataOfTensor = 9;

/// Smaller ones are not worth a read of their own.
constexpr std::uint64_t kLarge = 1024;

struct WireField {
    std::uint32_t number = 0;
    bool isBytes = false;    ///< of a length that is told: a text, bytes or a message
    std::uint64_t begin = 0; ///< of the tag
    std::uint64_t content = 0;
    std::uint64_t end = 0;

    [[nodiscard]] std::uint64_t length() const { return end - content; }
};

void putBytes(std::string& to, std::uint32_t number, const std::string& bytes) {
    constexpr std::uint32_t kBytes = 2;
    addVarint(to, std::uint64_t{number} << 3 | kBytes);
    addVarint(to, bytes.size());
    to += bytes;
}

/// Goes through the fields of messages of a source, of which it reads no more than it has to.
class Scanner {
public:
    explicit Scanner(const ByteSource& source)
        : source_(source) {}

    std::optional<LeanModel> run() {
        const bool isWhole = eachField(0, source_.size(), [&](const WireField& field) {
            if (field.number != kGraphOfModel || !field.isBytes)
                return copy(field, model_.bytes);
            std::string graph;
            if (!scanGraph(field, graph))
                return false;
            putBytes(model_.bytes, field.number, graph);
            return true;
        });
        return isWhole ? std::optional(std::move(model_)) : std::nullopt;
    }

private:
    bool scanGraph(const WireField& whole, std::string& graph) {
        return eachField(whole.content, whole.end, [&](const WireField& field) {
            if (field.number != kInitializerOfGraph || !field.isBytes)
                return copy(field, graph);
            const auto number = initializers_++;
            if (field.length() < kLarge)
                return copy(field, graph);
            std::string tensor;
            if (!scanTensor(field, number, tensor))
                return false;
            putBytes(graph, field.number, tensor);
            return true;
        });
    }

    /// Of several fields of one number the last one counts.
    bool scanTensor(const WireField& whole, std::size_t number, std::string& tensor) {
        return eachField(whole.content, whole.end, [&](const WireField& field) {
            if (field.number != kRawDataOfTensor || !field.isBytes)
                return copy(field, tensor);
            model_.rawData.erase(number);
            if (field.length() < kLarge)
                return copy(field, tensor);
            model_.rawData[number] = {field.content, field.length()};
            return true;
        });
    }

    /// False where the bytes are no fields, or `each` says so.
    template <class Each>
    bool eachField(std::uint64_t begin, std::uint64_t end, const Each& each) {
        for (auto at = begin; at < end;) {
            const auto field = fieldAt(at, end);
            if (!field || !each(*field))
                return false;
            at = field->end;
        }
        return true;
    }

    std::optional<WireField> fieldAt(std::uint64_t at, std::uint64_t end) {
        WireField field{.begin = at};
        std::uint64_t length = 0;
        const auto tag = varintAt(at, end);
        if (!tag || *tag >> 3 == 0 || *tag >> 32 != 0)
            return {};
        field.number = static_cast<std::uint32_t>(*tag >> 3);
        switch (*tag & 7U) {
        case 0:
            if (!varintAt(at, end))
                return {};
            break;
        case 1:
            length = 8;
            break;
        case 2: {
            const auto given = varintAt(at, end);
            if (!given)
                return {};
            length = *given;
            field.isBytes = true;
            break;
        }
        case 5:
            length = 4;
            break;
        default:
            return {};
        }
        if (length > end - at)
            return {};
        field.content = at;
        field.end = at + length;
        return field;
    }

    /// Moves `at` behind it.
    std::optional<std::uint64_t> varintAt(std::uint64_t& at, std::uint64_t end) {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64 && at < end; shift += 7) {
            const auto byte = std::to_integer<std::uint64_t>(byteAt(at++));
            value |= (byte & 0x7FU) << shift;
            if ((byte & 0x80U) == 0)
                return value;
        }
        return {};
    }

    std::byte byteAt(std::uint64_t at) {
        if (at < begin_ || at - begin_ >= read_) {
            begin_ = at;
            read_ = std::min<std::uint64_t>(ahead_.size(), source_.size() - at);
            source_.read(begin_, std::span(ahead_).first(static_cast<std::size_t>(read_)));
        }
        return ahead_[static_cast<std::size_t>(at - begin_)];
    }

    bool copy(const WireField& field, std::string& to) {
        const auto before = to.size();
        const auto length = static_cast<std::size_t>(field.end - field.begin);
        to.resize(before + length);
        source_.read(field.begin, std::as_writable_bytes(std::span(to).subspan(before)));
        return true;
    }

    const ByteSource& source_;
    LeanModel model_;
    std::size_t initializers_ = 0;
    std::array<std::byte, 256> ahead_{};
    std::uint64_t begin_ = 0; ///< of `ahead_`
    std::uint64_t read_ = 0;  ///< bytes in it
};

} // namespace

std::optional<LeanModel> leanModelOf(const ByteSource& source) {
    return Scanner(source).run();
}

} // namespace gradwright
