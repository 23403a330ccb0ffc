// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/keras/keras_model.h"

#include "engine/io/zip_archive.h"
#include "engine/support/error.h"
#include "engine/support/file_names.h"
#include "engine/support/json_numbers.h"

#include <algorithm>
#include <map>

namespace gradwright {
namespace {

constexpr std::uint64_t kMostConfigBytes = std::uint64_t{64} << 20;
constexpr std::uint64_t kMostWeightBytes = std::uint64_t{64} << 30;
constexpr int kMostConfigDepth = 200;
constexpr int kMostModels = 32; ///< within each other
constexpr std::size_t kMostKerasLayers = 100'000;

const Json& kerasMember(const Json& json, std::string_view key, std::string_view whose) {
    if (!json.is_object() || !json.contains(key))
        throw Error("{} has no \"{}\"", whose, key);
    return json[key];
}

std::string kerasText(const Json& json, std::string_view key, std::string_view whose) {
    const auto& value = kerasMember(json, key, whose);
    if (!value.is_string())
        throw Error("\"{}\" of {} is {}, and should be a text", key, whose, dumpExcerpt(value));
    return value.get<std::string>();
}

/// ["name", call, output], as inputs and outputs are listed and as a tensor tells where it is from.
KerasTensor kerasTensorOf(const Json& json) {
    if (!json.is_array() || json.size() < 3 || !json[0].is_string() || !isInt64(json[1]) ||
        !isInt64(json[2]))
        throw Error("{} does not say which layer's output it is", dumpExcerpt(json));
    return {json[0].get<std::string>(), json[1].get<std::int64_t>(), json[2].get<std::int64_t>()};
}

bool isKerasTensor(const Json& json) {
    return json.is_object() && json.contains("class_name") &&
           json["class_name"] == "__keras_tensor__";
}

std::vector<KerasTensor> portsOfModel(const Json& config, std::string_view key) {
    const auto& list = kerasMember(config, key, "the model");
    if (list.is_array() && !list.empty() && list[0].is_string())
        return {kerasTensorOf(list)};
    if (!list.is_array() && !list.is_object())
        throw Error("\"{}\" is {}, and should be a list of outputs", key, dumpExcerpt(list));
    std::vector<KerasTensor> ports;
    for (const auto& each : list) // of a dictionary, its values
        ports.push_back(kerasTensorOf(each));
    return ports;
}

/// A tensor, or several in a list or dictionary, or a constant.
KerasArgument kerasArgument(const Json& json, std::string name) {
    KerasArgument argument{std::move(name), {}, nullptr};
    const auto add = [&](const Json& tensor) {
        argument.tensors.push_back(kerasTensorOf(
            kerasMember(kerasMember(tensor, "config", "a tensor"), "keras_history", "a tensor")));
    };
    if (isKerasTensor(json)) {
        add(json);
    } else if ((json.is_array() || json.is_object()) && !json.empty() &&
               std::ranges::all_of(json, isKerasTensor)) {
        for (const auto& each : json)
            add(each);
    } else {
        argument.constant = std::make_shared<const Json>(json);
    }
    return argument;
}

std::vector<KerasCall> kerasCalls(const Json& nodes) {
    if (!nodes.is_array())
        throw Error("its calls are {}, and should be a list", dumpExcerpt(nodes));
    std::vector<KerasCall> calls;
    for (const auto& node : nodes) {
        KerasCall call;
        if (!node.is_object() || !node.contains("args") || !node["args"].is_array())
            throw Error("a call is {}, and should have arguments", dumpExcerpt(node));
        for (const auto& argument : node["args"])
            call.push_back(kerasArgument(argument, {}));
        if (node.contains("kwargs") && node["kwargs"].is_object())
            for (const auto& [name, argument] : node["kwargs"].items())
                if (!argument.is_null())
                    call.push_back(kerasArgument(argument, name));
        calls.push_back(std::move(call));
    }
    return calls;
}

class KerasGraphReader {
public:
    KerasGraph read(const Json& json, const std::string& path) {
        if (++depth_ > kMostModels)
            throw Error("models lie more than {} deep within each other", kMostModels);
        const auto kind = kerasText(json, "class_name", "the model");
        if (kind != "Functional" && kind != "Sequential" && kind != "Model")
            throw Error("it is a model of the class {}, whose structure is not in the file: "
                        "functional and sequential models can be opened",
                        excerpt(kind));
        const auto& config = kerasMember(json, "config", "the model");
        KerasGraph graph;
        graph.name = kerasText(config, "name", "the model");
        const auto& layers = kerasMember(config, "layers", "the model");
        if (!layers.is_array())
            throw Error("the model's layers are {}, and should be a list", dumpExcerpt(layers));
        const bool isSequential = kind == "Sequential";
        if (isSequential)
            addSequentialInput(config, layers, graph);
        std::map<std::string, int> used;
        for (const auto& layer : layers)
            addLayer(layer, path, isSequential, used, graph);
        if (isSequential) {
            graph.inputs = {{graph.layers.front().name}};
            graph.outputs = {{graph.layers.back().name}};
        } else {
            graph.inputs = portsOfModel(config, "input_layers");
            graph.outputs = portsOfModel(config, "output_layers");
        }
        --depth_;
        return graph;
    }

private:
    /// A model that was built when it first saw data has no layer for its input.
    static void addSequentialInput(const Json& config, const Json& layers, KerasGraph& graph) {
        const bool has = !layers.empty() && layers[0].is_object() &&
                         layers[0].contains("class_name") &&
                         layers[0]["class_name"] == "InputLayer";
        if (has)
            return;
        if (!config.contains("build_input_shape") || !config["build_input_shape"].is_array())
            throw Error("the sequential model \"{}\" does not say what its input is like",
                        excerpt(graph.name));
        KerasLayer input;
        input.name = "input";
        input.kind = "InputLayer";
        input.settings = KerasSettings(
            std::make_shared<const Json>(Json{{"batch_shape", config["build_input_shape"]}}));
        input.calls = {{}};
        graph.layers.push_back(std::move(input));
    }

    void addLayer(const Json& json, const std::string& path, bool isSequential,
                  std::map<std::string, int>& used, KerasGraph& graph) {
        if (++layers_ > kMostKerasLayers)
            throw Error("the model has more than {} layers", kMostKerasLayers);
        KerasLayer layer;
        layer.kind = kerasText(json, "class_name", "a layer");
        const auto& config = kerasMember(json, "config", layer.kind);
        layer.name = json.contains("name") && json["name"].is_string()
                         ? json["name"].get<std::string>()
                         : kerasText(config, "name", layer.kind);
        layer.isOperation = json.contains("module") && json["module"].is_string() &&
                            json["module"].get<std::string>().starts_with("keras.src.ops");
        layer.settings = KerasSettings(std::make_shared<const Json>(config));
        const auto group = kerasSnakeCase(layer.kind);
        const auto number = used[group]++;
        layer.path = fmt::format("{}layers/{}{}", path, group,
                                 number == 0 ? std::string() : fmt::format("_{}", number));
        if (isSequential && layer.kind == "InputLayer") {
            layer.calls = {{}};
        } else if (isSequential) {
            layer.calls = {{{{}, {{graph.layers.back().name}}, nullptr}}};
        } else {
            try {
                layer.calls = kerasCalls(kerasMember(json, "inbound_nodes", layer.name));
            } catch (const Error& error) {
                throw Error("the layer \"{}\" cannot be read: {}", excerpt(layer.name),
                            error.what());
            }
            if (layer.kind == "InputLayer")
                layer.calls = {{}};
        }
        if (layer.kind == "Functional" || layer.kind == "Sequential")
            layer.graph = std::make_shared<const KerasGraph>(read(json, layer.path + "/"));
        graph.layers.push_back(std::move(layer));
    }

    int depth_ = 0;
    std::size_t layers_ = 0;
};

std::string kerasVersion(const ZipArchive& archive) {
    if (!archive.contains("metadata.json"))
        return {};
    const auto bytes = archive.open("metadata.json", kMostConfigBytes);
    const auto json = parseJson(bytes.text(0, bytes.size()), bytes.name());
    return json.is_object() && json.contains("keras_version") && json["keras_version"].is_string()
               ? json["keras_version"].get<std::string>()
               : std::string();
}

} // namespace

std::string kerasSnakeCase(std::string_view kind) {
    const auto isUpper = [](char c) { return c >= 'A' && c <= 'Z'; };
    const auto isLower = [](char c) { return c >= 'a' && c <= 'z'; };
    std::string name;
    for (std::size_t i = 0; i < kind.size(); ++i) {
        const bool begins = i > 0 && isUpper(kind[i]) &&
                            (isLower(kind[i - 1]) || (i + 1 < kind.size() && isLower(kind[i + 1])));
        if (begins)
            name += '_';
        name += isUpper(kind[i]) ? static_cast<char>(kind[i] - 'A' + 'a') : kind[i];
    }
    return name;
}

bool isKerasName(const std::filesystem::path& file) {
    return hasEnding(file, ".keras");
}

KerasModel readKerasFile(const std::filesystem::path& file) {
    const ZipArchive archive(file);
    KerasModel model;
    model.version = kerasVersion(archive);
    if (!model.version.empty() && model.version.starts_with("2."))
        throw Error("{} was saved by Keras {}; those of Keras 3 can be opened. Load it there and "
                    "save it again",
                    file.string(), excerpt(model.version));
    const auto config = archive.open("config.json", kMostConfigBytes);
    const auto json = parseJson(config.text(0, config.size()), config.name(),
                                {.bytes = kMostConfigBytes, .depth = kMostConfigDepth});
    try {
        model.graph = KerasGraphReader().read(json, {});
    } catch (const Error& error) {
        throw Error("{}: {}", config.name(), error.what());
    }
    const auto weights = archive.open("model.weights.h5", kMostWeightBytes);
    model.fileBytes = static_cast<std::int64_t>(std::filesystem::file_size(file));
    model.arrays = std::make_shared<const Hdf5File>(weights);
    return model;
}

} // namespace gradwright
