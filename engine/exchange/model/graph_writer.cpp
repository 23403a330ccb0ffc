// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/model/graph_json.h"
#include "engine/exchange/model/op_fields.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <cmath>
#include <set>

namespace gradwright {
namespace {

using model_file::Bounds;
using model_file::fields;
using model_file::Names;

Json numberJson(double value) {
    if (std::isnan(value))
        return "nan";
    if (std::isinf(value))
        return value > 0 ? "inf" : "-inf";
    return value;
}

Json dimJson(const Dim& dim) {
    if (dim.isNumber())
        return dim.number();
    return toString(dim);
}

Json dimsJson(const Dims& dims) {
    Json json = Json::array();
    for (const auto& dim : dims)
        json.push_back(dimJson(dim));
    return json;
}

class FieldWriter {
public:
    explicit FieldWriter(Json& json)
        : json_(json) {}

    void operator()(const char* key, std::int64_t value, Bounds) { json_[key] = value; }
    void operator()(const char* key, std::uint32_t value) { json_[key] = value; }
    void operator()(const char* key, bool value) { json_[key] = value; }
    void operator()(const char* key, double value) { json_[key] = numberJson(value); }
    void operator()(const char* key, float value) { json_[key] = numberJson(double{value}); }
    void operator()(const char* key, const Extents& value, Bounds) {
        json_[key] = {value[0], value[1], value[2]};
    }
    void operator()(const char* key, const Padding& value) {
        json_[key] = std::vector<std::int64_t>(value.begin(), value.end());
    }
    void operator()(const char* key, const Dims& value) { json_[key] = dimsJson(value); }
    void operator()(const char* key, const std::vector<std::int64_t>& value, Bounds) {
        json_[key] = value;
    }
    void operator()(const char* key, const std::vector<std::string>& value) { json_[key] = value; }
    void operator()(const char* key, const std::vector<double>& value) {
        json_[key] = Json::array();
        for (const double each : value)
            json_[key].push_back(numberJson(each));
    }
    void operator()(const char* key, const std::vector<float>& value) {
        (*this)(key, std::vector<double>(value.begin(), value.end()));
    }
    void operator()(const char* key, Quantization& value) {
        Json entry = Json::object();
        FieldWriter writer(entry);
        fields(writer, value);
        json_[key] = std::move(entry);
    }
    void operator()(const char* key, std::optional<Quantization>& value) {
        json_[key] = Json();
        if (value)
            (*this)(key, *value);
    }
    template <class Enum, std::size_t N>
    void operator()(const char* key, Enum value, const Names<N>& names) {
        json_[key] = names.at(static_cast<std::size_t>(value));
    }
    void operator()(const char* key, const Activation& value) {
        json_[key] = {{"kind", info(value.kind).key}, {"alpha", numberJson(value.alpha)}};
    }
    void operator()(const char* key, std::vector<AxisMap>& value) {
        json_[key] = Json::array();
        for (auto& map : value) {
            Json entry = Json::object();
            FieldWriter writer(entry);
            fields(writer, map);
            json_[key].push_back(std::move(entry));
        }
    }
    void operator()(const char* key, std::variant<ConvOp, DenseOp>& value) {
        Json entry = {{"op", std::holds_alternative<ConvOp>(value) ? "conv" : "dense"}};
        FieldWriter writer(entry);
        std::visit([&](auto& product) { fields(writer, product); }, value);
        json_[key] = std::move(entry);
    }

private:
    Json& json_;
};

Json opJson(const Op& op) {
    const auto tag = model_file::tagOf(op.attributes);
    if (tag.empty())
        throw Error("{}: {} is no op of a model file", op.path, nameOf(op.attributes));
    const auto numbers = [](const auto& ids) {
        Json list = Json::array();
        for (const auto id : ids)
            list.push_back(id.index());
        return list;
    };
    Json json = {{"op", tag},
                 {"path", op.path},
                 {"inputs", numbers(op.inputs)},
                 {"weights", numbers(op.weights)},
                 {"outputs", numbers(op.outputs)}};
    FieldWriter writer(json);
    auto attributes = op.attributes;
    std::visit(
        [&]<class O>(O& each) {
            if constexpr (model_file::kHasFields<O>)
                fields(writer, each);
        },
        attributes);
    return json;
}

} // namespace

Json graphToJson(const OpGraph& graph, std::vector<std::pair<std::string, Tensor>>& constants) {
    std::set<std::string> taken;
    Json weights = Json::array();
    for (const auto& weight : graph.weights()) {
        weights.push_back(weight.key);
        taken.insert(weight.key);
    }
    Json inputs = Json::array();
    for (const auto& [name, value] : graph.inputs()) {
        const auto& type = graph.type(value);
        inputs.push_back(
            {{"name", name},
             {"value", value.index()},
             {"dims", dimsJson(type.dims)},
             {"type", model_file::kTypeNames.at(static_cast<std::size_t>(type.element))}});
    }
    Json constantValues = Json::array();
    Json weightValues = Json::array();
    for (std::size_t i = 0; i < graph.values().size(); ++i) {
        const auto& value = graph.values()[i];
        const auto id = ValueId{static_cast<std::uint32_t>(i)};
        if (graph.usesOf(id).empty() && !graph.isResult(id))
            continue;
        if (value.weight)
            weightValues.push_back({{"value", i}, {"weight", value.weight->index()}});
        if (!value.constant)
            continue;
        auto name = fmt::format("constant {}", constants.size() + 1);
        while (!taken.insert(name).second)
            name += "'";
        constants.emplace_back(name, *value.constant);
        constantValues.push_back({{"value", i}, {"tensor", name}, {"path", value.path}});
    }
    Json ops = Json::array();
    for (const auto& op : graph.ops())
        ops.push_back(opJson(op));
    Json outputs = Json::array();
    for (const auto& [name, value] : graph.outputs())
        outputs.push_back({{"name", name}, {"value", value.index()}});
    Json losses = Json::array();
    for (const auto& [value, weight] : graph.losses())
        losses.push_back({{"value", value.index()}, {"weight", numberJson(weight)}});
    Json score;
    if (const auto& spec = graph.score())
        score = {{"output", spec->output.index()},
                 {"target", spec->target.index()},
                 {"is_logit", spec->isLogit}};
    return {{"weights", std::move(weights)},
            {"inputs", std::move(inputs)},
            {"constants", std::move(constantValues)},
            {"weight_values", std::move(weightValues)},
            {"ops", std::move(ops)},
            {"outputs", std::move(outputs)},
            {"losses", std::move(losses)},
            {"score", std::move(score)}};
}

} // namespace gradwright
