// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/quantization/quantized_file.h"

#include "engine/data/data_info_json.h"
#include "engine/inference/optimized_network.h"
#include "engine/io/safetensors.h"
#include "engine/project/project_file.h"
#include "engine/project/runs.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace gradwright {
namespace {

constexpr int kQuantizedSchema = 2;
constexpr int kProductsSchema = 1; ///< where the plan has products alone
constexpr const char* kFormatKey = "format";
constexpr const char* kFormat = "gradwright.int8";
constexpr const char* kRecordKey = "gradwright.record";

Json quantizationJson(const Quantization& how) {
    return {{"type", std::string(nameOf(how.type))}, {"scale", how.scale}, {"zero", how.zero}};
}

Quantization quantizationFrom(const Json& json) {
    Quantization how;
    const auto type = json.at("type").get<std::string>();
    if (type != nameOf(DType::U8) && type != nameOf(DType::I8))
        throw Error("values are quantized to U8 or I8, not \"{}\"", type);
    how.type = type == nameOf(DType::U8) ? DType::U8 : DType::I8;
    how.scale = json.at("scale").get<float>();
    how.zero = json.at("zero").get<std::int32_t>();
    if (!std::isfinite(how.scale) || how.scale <= 0)
        throw Error("a scale is {}; scales are above 0", how.scale);
    return how;
}

Json planJson(const QuantizationPlan& plan) {
    Json json = Json::object();
    for (const auto& [name, layer] : plan) {
        json[name]["x"] = quantizationJson(layer.x);
        if (layer.addend)
            json[name]["addend"] = quantizationJson(*layer.addend);
    }
    return json;
}

QuantizationPlan planFrom(const Json& json) {
    QuantizationPlan plan;
    for (const auto& [name, entry] : json.items()) {
        LayerQuantization layer{.x = quantizationFrom(entry.at("x"))};
        if (entry.contains("addend"))
            layer.addend = quantizationFrom(entry.at("addend"));
        plan.emplace(name, layer);
    }
    return plan;
}

/// The kernels' scales are attributes of their ops: they are stored beside the kernels.
std::string scaleKey(const std::string& kernel) {
    return kernel + "/scale";
}

/// The first schema that has all of the plan.
int schemaOf(const QuantizationPlan& plan, const InferenceModel& model) {
    std::set<std::string, std::less<>> kernels;
    for (const auto& op : model.graph.ops())
        if (std::holds_alternative<QuantizedProductOp>(op.attributes))
            kernels.insert(model.graph.weight(op.weights[0]).key);
    const bool hasOthers = std::ranges::any_of(plan, [&](const auto& entry) {
        return !kernels.contains(entry.first.substr(0, entry.first.find('#')) + "/int8");
    });
    return hasOthers ? kQuantizedSchema : kProductsSchema;
}

} // namespace

bool isQuantizedFile(const std::filesystem::path& path) {
    std::error_code none;
    if (path.extension() != ".safetensors" || !std::filesystem::is_regular_file(path, none))
        return false;
    const auto metadata = readSafetensorsMetadata(path);
    const auto found = metadata.find(kFormatKey);
    return found != metadata.end() && found->second == kFormat;
}

void writeQuantizedFile(const std::filesystem::path& path, const RunDirectory& run,
                        const std::string& method, const QuantizationPlan& plan,
                        const InferenceModel& model) {
    const auto of = run.readRunJson();
    Json record{{"schema", schemaOf(plan, model)},
                {"run", run.name()},
                {"method", method},
                {"project", of.at("project")},
                {"data", toJson(dataInfoOfRun(run))},
                {"quantization", planJson(plan)}};
    if (const auto notes = of.find(kDataNotes); notes != of.end())
        record[std::string(kDataNotes)] = *notes;
    SafetensorsFile file;
    file.metadata = {{kFormatKey, kFormat}, {kRecordKey, record.dump()}};
    const auto types = storedTypes(model.graph);
    for (std::size_t i = 0; i < model.weights.size(); ++i)
        file.tensors.emplace_back(model.graph.weights()[i].key, model.weights[i].to(types[i]));
    for (const auto& op : model.graph.ops())
        if (const auto* product = std::get_if<QuantizedProductOp>(&op.attributes))
            file.tensors.emplace_back(scaleKey(model.graph.weight(op.weights[0]).key),
                                      Tensor::of<float>({product->outChannels()}, product->scales));
    writeSafetensors(path, file);
}

QuantizedFile readQuantizedFile(const std::filesystem::path& path) {
    auto file = readSafetensors(path);
    if (const auto found = file.metadata.find(kFormatKey);
        found == file.metadata.end() || found->second != kFormat)
        throw Error("{} is no network that was quantized here", path.string());
    try {
        const auto record = Json::parse(file.metadata.at(kRecordKey));
        if (const auto schema = record.at("schema").get<int>(); schema > kQuantizedSchema)
            throw Error("it was written by a newer version (schema {})", schema);
        QuantizedFile made{.project = projectFromJson(record.at("project")),
                           .data = dataInfoFromJson(record.at("data")),
                           .run = record.at("run").get<std::string>(),
                           .method = record.at("method").get<std::string>(),
                           .plan = planFrom(record.at("quantization")),
                           .weights = std::move(file.tensors)};
        made.project.data.asBefore = !record.contains(kDataNotes);
        return made;
    } catch (const Error& error) {
        throw Error("{}: {}", path.string(), error.what());
    } catch (const std::exception& error) {
        throw Error("{}: its description is damaged ({})", path.string(), error.what());
    }
}

InferenceModel quantizedModel(OpGraph graph, const QuantizedFile& file) {
    auto model = firstModel(std::move(graph), 0);
    prepareForQuantization(model);
    quantize(model, file.plan);
    std::map<std::string_view, const Tensor*> found;
    for (const auto& [key, values] : file.weights)
        found.emplace(key, &values);
    const auto fetch = [&](const std::string& key, const Shape& shape, DType type) {
        const auto entry = found.find(key);
        if (entry == found.end())
            throw Error("the file lacks \"{}\"", key);
        if (entry->second->shape() != shape || entry->second->dtype() != type)
            throw Error("\"{}\" is {} {} in the file, the network wants {} {}", key,
                        nameOf(entry->second->dtype()), toString(entry->second->shape()),
                        nameOf(type), toString(shape));
        return entry->second->to(DType::F32);
    };
    const auto types = storedTypes(model.graph);
    for (std::size_t i = 0; i < model.weights.size(); ++i) {
        const auto& spec = model.graph.weights()[i];
        model.weights[i] = fetch(spec.key, spec.shape, types[i]);
    }
    for (std::size_t place = 0; place < model.graph.ops().size(); ++place) {
        const auto op = model.graph.ops()[place];
        const auto* product = std::get_if<QuantizedProductOp>(&op.attributes);
        if (!product)
            continue;
        auto own = *product;
        const auto scales =
            fetch(scaleKey(model.graph.weight(op.weights[0]).key), {own.outChannels()}, DType::F32);
        own.scales.assign(scales.span<float>().begin(), scales.span<float>().end());
        model.graph.replace(place, std::move(own), op.inputs, op.weights);
    }
    return model;
}

} // namespace gradwright
