// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/model/graph_json.h"
#include "engine/exchange/model/op_fields.h"
#include "engine/support/error.h"
#include "engine/support/json_numbers.h"

#include <fmt/ranges.h>

#include <cmath>
#include <functional>
#include <limits>

namespace gradwright {
namespace {

using model_file::Bounds;
using model_file::fields;
using model_file::Names;

constexpr std::size_t kMostOps = 100'000;
constexpr std::size_t kMostEntries = 1'000'000; ///< of a list
constexpr std::int64_t kMostElements = std::int64_t{1} << 40;
constexpr std::string_view kTimes = "·"; ///< between the parts of a length, as toString() writes

const Json& memberOf(const Json& json, const std::string& key) {
    const auto found = json.is_object() ? json.find(key) : json.end();
    if (!json.is_object() || found == json.end())
        throw Error("\"{}\" is missing", key);
    return *found;
}

const Json& listOf(const Json& json, const std::string& key) {
    const auto& list = memberOf(json, key);
    if (!list.is_array() || list.size() > kMostEntries)
        throw Error("\"{}\" has to be a list of at most {} entries", key, kMostEntries);
    return list;
}

std::int64_t wholeOf(const Json& json, std::string_view key, Bounds bounds) {
    if (!isInt64(json) || json.get<std::int64_t>() < bounds.least ||
        json.get<std::int64_t>() > bounds.most)
        throw Error("\"{}\" has to be a whole number from {} to {}, not {}", key, bounds.least,
                    bounds.most, dumpExcerpt(json));
    return json.get<std::int64_t>();
}

std::string textOf(const Json& json, std::string_view key) {
    if (!json.is_string())
        throw Error("\"{}\" has to be a text, not {}", key, dumpExcerpt(json));
    return json.get<std::string>();
}

double realOf(const Json& json, std::string_view key) {
    if (json.is_number())
        return json.get<double>();
    if (json == "inf" || json == "-inf")
        return json == "inf" ? std::numeric_limits<double>::infinity()
                             : -std::numeric_limits<double>::infinity();
    if (json == "nan")
        return std::numeric_limits<double>::quiet_NaN();
    throw Error("\"{}\" has to be a number, not {}", key, dumpExcerpt(json));
}

/// A number, or one with names: "2·N·T".
Dim dimOf(const Json& json, std::string_view key) {
    if (!json.is_string())
        return wholeOf(json, key, {0});
    const auto text = json.get<std::string>();
    Dim dim = 1;
    for (std::size_t begin = 0; begin <= text.size();) {
        const auto end = std::min(text.find(kTimes, begin), text.size());
        const auto part = text.substr(begin, end - begin);
        begin = end + kTimes.size();
        if (part.empty() || part.size() > 100)
            throw Error("\"{}\" has a length {}", key, dumpExcerpt(json));
        const bool isNumber = part.find_first_not_of("0123456789") == std::string::npos;
        dim = dim * (isNumber ? Dim(wholeOf(Json::parse(part, nullptr, false), key, {0}))
                              : Dim::named(part));
    }
    return dim;
}

Dims dimsOfJson(const Json& json, std::string_view key) {
    if (!json.is_array() || json.size() > 32)
        throw Error("\"{}\" has to be a list of at most 32 lengths, not {}", key,
                    dumpExcerpt(json));
    std::vector<Dim> dims;
    for (const auto& each : json)
        dims.push_back(dimOf(each, key));
    return Dims(std::move(dims));
}

template <class Enum, std::size_t N>
Enum enumOf(const Json& json, std::string_view key, const Names<N>& names) {
    const auto text = textOf(json, key);
    for (std::size_t i = 0; i < N; ++i)
        if (names[i] == text)
            return static_cast<Enum>(i);
    throw Error("\"{}\" is \"{}\"; it can be {}", key, excerpt(text), fmt::join(names, ", "));
}

class FieldReader {
public:
    explicit FieldReader(const Json& json)
        : json_(json) {}

    void operator()(const char* key, std::int64_t& value, Bounds bounds) const {
        value = wholeOf(memberOf(json_, key), key, bounds);
    }
    void operator()(const char* key, std::uint32_t& value) const {
        value = static_cast<std::uint32_t>(
            wholeOf(memberOf(json_, key), key, {0, std::numeric_limits<std::uint32_t>::max()}));
    }
    void operator()(const char* key, bool& value) const {
        const auto& json = memberOf(json_, key);
        if (!json.is_boolean())
            throw Error("\"{}\" has to be true or false, not {}", key, dumpExcerpt(json));
        value = json.get<bool>();
    }
    void operator()(const char* key, double& value) const {
        value = realOf(memberOf(json_, key), key);
    }
    void operator()(const char* key, float& value) const {
        value = static_cast<float>(realOf(memberOf(json_, key), key));
    }
    void operator()(const char* key, std::int32_t& value, Bounds bounds) const {
        value = static_cast<std::int32_t>(wholeOf(memberOf(json_, key), key, bounds));
    }
    void operator()(const char* key, Extents& value, Bounds bounds) const {
        value = Extents(wholes(key, bounds, 3));
    }
    void operator()(const char* key, Padding& value) const {
        value = Padding(wholes(key, model_file::kSide, 6));
    }
    void operator()(const char* key, Dims& value) const {
        value = dimsOfJson(memberOf(json_, key), key);
    }
    void operator()(const char* key, std::vector<std::int64_t>& value, Bounds bounds) const {
        value = wholes(key, bounds, listOf(json_, key).size());
    }
    void operator()(const char* key, std::vector<std::string>& value) const {
        value.clear();
        for (const auto& each : listOf(json_, key))
            value.push_back(textOf(each, key));
    }
    void operator()(const char* key, std::vector<double>& value) const {
        value.clear();
        for (const auto& each : listOf(json_, key))
            value.push_back(realOf(each, key));
    }
    void operator()(const char* key, std::vector<float>& value) const {
        value.clear();
        for (const auto& each : listOf(json_, key))
            value.push_back(static_cast<float>(realOf(each, key)));
    }
    void operator()(const char* key, Quantization& value) const {
        const FieldReader reader(memberOf(json_, key));
        fields(reader, value);
    }
    void operator()(const char* key, std::optional<Quantization>& value) const {
        value.reset();
        if (!memberOf(json_, key).is_null())
            (*this)(key, value.emplace());
    }
    template <class Enum, std::size_t N>
    void operator()(const char* key, Enum& value, const Names<N>& names) const {
        value = enumOf<Enum>(memberOf(json_, key), key, names);
    }
    void operator()(const char* key, Activation& value) const {
        const auto& json = memberOf(json_, key);
        value.kind = activationFromKey(textOf(memberOf(json, "kind"), key));
        value.alpha = realOf(memberOf(json, "alpha"), key);
    }
    void operator()(const char* key, std::vector<AxisMap>& value) const {
        value.clear();
        for (const auto& each : listOf(json_, key)) {
            const FieldReader reader(each);
            fields(reader, value.emplace_back());
        }
    }
    void operator()(const char* key, std::variant<ConvOp, DenseOp>& value) const {
        const auto& json = memberOf(json_, key);
        const auto kind = textOf(memberOf(json, "op"), key);
        if (kind == "conv")
            value = ConvOp{};
        else if (kind == "dense")
            value = DenseOp{};
        else
            throw Error("\"{}\" is a \"{}\"; it can be conv or dense", key, excerpt(kind));
        const FieldReader reader(json);
        std::visit([&](auto& product) { fields(reader, product); }, value);
    }

private:
    [[nodiscard]] std::vector<std::int64_t> wholes(const char* key, Bounds bounds,
                                                   std::size_t count) const {
        const auto& list = listOf(json_, key);
        if (list.size() != count)
            throw Error("\"{}\" has to have {} numbers, not {}", key, count, list.size());
        std::vector<std::int64_t> values;
        for (const auto& each : list)
            values.push_back(wholeOf(each, key, bounds));
        return values;
    }

    const Json& json_;
};

/// An op of that name with the fields in `json`.
template <std::size_t I = 0>
OpAttributes attributesOf(const std::string& tag, const Json& json) {
    if constexpr (I < std::variant_size_v<AnyOp>) {
        using Op = std::variant_alternative_t<I, AnyOp>;
        if constexpr (model_file::kHasFields<Op>) {
            Op op;
            if (model_file::tagOf(OpAttributes(op)) == tag) {
                const FieldReader reader(json);
                fields(reader, op);
                return op;
            }
        }
        return attributesOf<I + 1>(tag, json);
    } else {
        throw Error("there is no op \"{}\"", excerpt(tag));
    }
}

class GraphReader {
public:
    GraphReader(const Json& json, const GraphParts& parts)
        : json_(json)
        , parts_(parts) {}

    ReadGraph run() {
        readWeights();
        for (const auto& input : listOf(json_, "inputs"))
            bind(input,
                 made_.graph.addInput(textOf(memberOf(input, "name"), "name"), typeOf(input)));
        for (const auto& constant : listOf(json_, "constants")) {
            const auto name = textOf(memberOf(constant, "tensor"), "tensor");
            bind(constant, made_.graph.addConstant(parts_.tensor(name),
                                                   textOf(memberOf(constant, "path"), "path")));
        }
        for (const auto& value : listOf(json_, "weight_values"))
            bind(value, made_.graph.weightValue(weightAt(memberOf(value, "weight"))));
        const auto& ops = listOf(json_, "ops");
        if (ops.size() > kMostOps)
            throw Error("{} ops are more than {}", ops.size(), kMostOps);
        for (const auto& op : ops)
            readOp(op);
        readResults();
        return std::move(made_);
    }

private:
    static ValueType typeOf(const Json& json) {
        return ValueType::of(dimsOfJson(memberOf(json, "dims"), "dims"),
                             enumOf<DType>(memberOf(json, "type"), "type", model_file::kTypeNames));
    }

    void readWeights() {
        for (const auto& entry : listOf(json_, "weights")) {
            const auto key = textOf(entry, "weights");
            const auto& tensor = parts_.tensor(key);
            for (const auto& other : made_.graph.weights())
                if (other.key == key)
                    throw Error("the weight \"{}\" is listed twice", excerpt(key));
            made_.graph.addWeight(
                {.key = key, .shape = tensor.shape(), .initializer = {}, .fans = {}});
        }
    }

    [[nodiscard]] WeightId weightAt(const Json& json) const {
        const auto most = static_cast<std::int64_t>(made_.graph.weights().size()) - 1;
        return WeightId{static_cast<std::uint32_t>(wholeOf(json, "weight", {0, most}))};
    }

    void bind(const Json& json, ValueId value) { bindNumber(memberOf(json, "value"), value); }

    void bindNumber(const Json& json, ValueId value) {
        const auto number = static_cast<std::size_t>(
            wholeOf(json, "value", {0, static_cast<std::int64_t>(kMostEntries)}));
        if (number >= made_.values.size())
            made_.values.resize(number + 1);
        if (made_.values[number])
            throw Error("value {} is made twice", number);
        made_.values[number] = value;
        requireSize(value);
    }

    /// So that no later sum of lengths overflows.
    void requireSize(ValueId value) const {
        double elements = 1;
        for (const auto& dim : made_.graph.type(value).dims)
            elements *= static_cast<double>(std::max<std::int64_t>(dim.factor(), 1));
        if (elements > static_cast<double>(kMostElements))
            throw Error("{} has more than 2^40 elements per sample", made_.graph.value(value).path);
    }

    [[nodiscard]] ValueId valueAt(const Json& json) const { return made_.at(json); }

    void readOp(const Json& json) {
        const auto path = textOf(memberOf(json, "path"), "path");
        const auto tag = textOf(memberOf(json, "op"), "op");
        try {
            std::vector<ValueId> inputs;
            for (const auto& input : listOf(json, "inputs"))
                inputs.push_back(valueAt(input));
            std::vector<WeightId> weights;
            for (const auto& weight : listOf(json, "weights"))
                weights.push_back(weightAt(weight));
            const auto outputs =
                made_.graph.insert(made_.graph.ops().size(), attributesOf(tag, json),
                                   std::move(inputs), path, std::move(weights));
            const auto& numbers = listOf(json, "outputs");
            if (numbers.size() != outputs.size())
                throw Error("it makes {} values, not {}", outputs.size(), numbers.size());
            for (std::size_t i = 0; i < outputs.size(); ++i)
                bindNumber(numbers[i], outputs[i]);
        } catch (const Error& error) {
            throw Error("the op {} ({}): {}", excerpt(path), excerpt(tag), error.what());
        }
    }

    void readResults() {
        for (const auto& output : listOf(json_, "outputs"))
            made_.graph.addOutput(textOf(memberOf(output, "name"), "name"),
                                  valueAt(memberOf(output, "value")));
        for (const auto& loss : listOf(json_, "losses"))
            made_.graph.addLoss(valueAt(memberOf(loss, "value")),
                                realOf(memberOf(loss, "weight"), "weight"));
        if (const auto& score = memberOf(json_, "score"); !score.is_null()) {
            bool isLogit = false;
            const FieldReader reader(score);
            reader("is_logit", isLogit);
            made_.graph.setScore(ScoreSpec{valueAt(memberOf(score, "output")),
                                           valueAt(memberOf(score, "target")), isLogit});
        }
    }

    const Json& json_;
    const GraphParts& parts_;
    ReadGraph made_;
};

} // namespace

ValueId ReadGraph::at(const Json& number) const {
    const auto most = static_cast<std::int64_t>(values.size()) - 1;
    const auto at = static_cast<std::size_t>(wholeOf(number, "value", {0, most}));
    if (!values[at])
        throw Error("value {} is read before it is made", at);
    return *values[at];
}

ReadGraph graphFromJson(const Json& json, const GraphParts& parts) {
    return GraphReader(json, parts).run();
}

} // namespace gradwright
