// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/model/model_file.h"

#include "engine/backend/evaluation_batch.h"
#include "engine/data/data_info_json.h"
#include "engine/exchange/answer_check.h"
#include "engine/exchange/model/graph_json.h"
#include "engine/exchange/onnx_export.h"
#include "engine/inference/optimized_network.h"
#include "engine/io/safetensors.h"
#include "engine/passes/eliminate.h"
#include "engine/passes/quantization/quantize.h"
#include "engine/project/project_file.h"
#include "engine/project/runs.h"
#include "engine/support/error.h"
#include "engine/support/json_numbers.h"
#include "engine/support/version.h"
#include "engine/training/checkpoint.h"
#include "engine/training/start_weights.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace gradwright {
namespace {

constexpr int kModelVersion = 1;
constexpr int kIntegersVersion = 2; ///< of models with products in integers, which 1 lacks
constexpr int kPackedVersion = 3;   ///< with means of integers or kernels of 4 bits, which 2 lacks
constexpr const char* kModelFormat = "gradwright model";
constexpr const char* kModelEntry = "gradwright.model";

DType typeFor(Precision precision) {
    return precision == Precision::F64 ? DType::F64 : DType::F32;
}

/// The first version that has all ops of the graph.
int versionOf(const OpGraph& graph) {
    int version = kModelVersion;
    for (const auto& op : graph.ops())
        if (std::holds_alternative<QuantizedPoolOp>(op.attributes) ||
            std::holds_alternative<PackedDenseOp>(op.attributes))
            version = kPackedVersion;
        else if (std::holds_alternative<QuantizedProductOp>(op.attributes))
            version = std::max(version, kIntegersVersion);
    return version;
}

std::string pathOf(const std::filesystem::path& file) {
    return file.string();
}

const Json& modelMember(const Json& json, const char* key) {
    const auto found = json.find(key);
    if (found == json.end())
        throw Error("\"{}\" is missing", key);
    return *found;
}

std::int64_t sizeMember(const Json& json, const char* key) {
    const auto& member = modelMember(json, key);
    if (!isInt64(member) || member.get<std::int64_t>() < 0)
        throw Error("\"{}\" has to be a whole number, not {}", key, dumpExcerpt(member));
    return member.get<std::int64_t>();
}

std::string textMember(const Json& json, const char* key) {
    const auto& member = modelMember(json, key);
    if (!member.is_string())
        throw Error("\"{}\" has to be a text, not {}", key, dumpExcerpt(member));
    return member.get<std::string>();
}

Json networkSizeJson(const NetworkSize& size) {
    return {{"layers", size.layers},
            {"operations", size.operations},
            {"bytes", size.bytes},
            {"weight_bytes", size.weights}};
}

NetworkSize networkSizeOf(const Json& json) {
    return {.layers = sizeMember(json, "layers"),
            .operations = sizeMember(json, "operations"),
            .bytes = sizeMember(json, "bytes"),
            .weights = sizeMember(json, "weight_bytes")};
}

Json numbersOfValues(const std::vector<ValueId>& values) {
    Json list = Json::array();
    for (const auto value : values)
        list.push_back(value.index());
    return list;
}

/// What lies beside the tensors, and the constants among these.
Json modelJson(const OptimizedModel& model,
               std::vector<std::pair<std::string, Tensor>>& constants) {
    const auto& evaluation = model.evaluation;
    Json json = {{"format", kModelFormat},
                 {"version", versionOf(evaluation.graph)},
                 {"made_by", kVersion},
                 {"project", toJson(model.project)},
                 {"as_before", model.project.data.asBefore},
                 {"run", model.run ? Json(*model.run) : Json()},
                 {"note", model.note},
                 {"precision", nameOf(model.precision)},
                 {"data", model.data ? toJson(*model.data) : Json()},
                 {"before", networkSizeJson(model.before)},
                 {"after", networkSizeJson(model.after)},
                 {"graph", graphToJson(evaluation.graph, constants)},
                 {"evaluation", Json()}};
    if (model.data)
        json["evaluation"] = {{"input", evaluation.input.index()},
                              {"targets", numbersOfValues(evaluation.targets)},
                              {"outputs", numbersOfValues(evaluation.outputs)},
                              {"answer", evaluation.answer->index()}};
    return json;
}

Precision precisionOf(const std::string& key) {
    for (const auto precision : {Precision::F32, Precision::F64, Precision::Bf16})
        if (nameOf(precision) == key)
            return precision;
    throw Error("\"precision\" is \"{}\"; it can be {}, {} or {}", excerpt(key),
                nameOf(Precision::F32), nameOf(Precision::F64), nameOf(Precision::Bf16));
}

void requireType(const OpGraph& graph, ValueId value, const ValueType& wanted, const char* what) {
    if (graph.type(value) != wanted)
        throw Error("{} of the graph is {} per sample; the data have {}", what,
                    toString(graph.type(value).dims), toString(wanted.dims));
}

/// What evaluating relies on.
void requireFit(const TrainingGraph& evaluation, const DataInfo& data) {
    const auto& graph = evaluation.graph;
    const auto isInput = [&](ValueId value) {
        return std::ranges::find(graph.inputs(), value, &NamedValue::value) != graph.inputs().end();
    };
    const auto isOutput = [&](ValueId value) {
        return std::ranges::find(graph.outputs(), value, &NamedValue::value) !=
               graph.outputs().end();
    };
    if (!isInput(evaluation.input) || !std::ranges::all_of(evaluation.targets, isInput))
        throw Error("what is fed is no input of the graph");
    if (!isOutput(*evaluation.answer) || !std::ranges::all_of(evaluation.outputs, isOutput))
        throw Error("what is read is no output of the graph");
    if (graph.losses().empty() || evaluation.targets.size() != graph.losses().size() ||
        evaluation.outputs.size() != evaluation.targets.size())
        throw Error("the graph has {} losses, {} targets and {} outputs for them",
                    graph.losses().size(), evaluation.targets.size(), evaluation.outputs.size());
    if (graph.inputs().size() != evaluation.targets.size() + 1)
        throw Error("the graph has {} inputs; one and {} targets are fed", graph.inputs().size(),
                    evaluation.targets.size());
    requireType(graph, evaluation.input, ValueType(data.input), "the input");
    for (const auto target : evaluation.targets)
        requireType(graph, target,
                    data.hasClasses() ? ValueType(Shape{data.labels()}, DType::I32)
                                      : ValueType(data.target),
                    "a target");
    for (const auto value : {*evaluation.answer, evaluation.outputs.front()})
        if (!graph.type(value).isReal() || !graph.type(value).isPerSample())
            throw Error("an output of the graph is no real value of each sample");
    const auto told = graph.type(*evaluation.answer).sample().elements();
    const auto wanted = data.hasClasses()
                            ? static_cast<std::int64_t>(data.classes.size()) * data.labels()
                            : data.target.elements();
    if (told != wanted)
        throw Error("the graph tells {} numbers, its data have {}", told, wanted);
    if (const auto& score = graph.score(); score && (score->output != evaluation.outputs.front() ||
                                                     score->target != evaluation.targets.front()))
        throw Error("the score compares other values than the first loss");
}

TrainingGraph evaluationOf(const Json& json, ReadGraph graph, const std::optional<DataInfo>& data) {
    const auto& entry = modelMember(json, "evaluation");
    TrainingGraph evaluation;
    if (entry.is_null() != !data)
        throw Error("\"evaluation\" and \"data\" go together");
    if (data) {
        evaluation.input = graph.at(modelMember(entry, "input"));
        evaluation.answer = graph.at(modelMember(entry, "answer"));
        for (const auto& target : modelMember(entry, "targets"))
            evaluation.targets.push_back(graph.at(target));
        for (const auto& output : modelMember(entry, "outputs"))
            evaluation.outputs.push_back(graph.at(output));
        evaluation.metric = &qualityMetric(*data);
    }
    evaluation.graph = std::move(graph.graph);
    if (data)
        requireFit(evaluation, *data);
    return evaluation;
}

/// As it is computed with: whole numbers are kept in F32.
Tensor weightOf(const Tensor& stored, const std::string& key, DType wanted, Precision precision) {
    if (stored.dtype() != wanted)
        throw Error("the weight \"{}\" is {}; in {} it has to be {}", excerpt(key),
                    nameOf(stored.dtype()), nameOf(precision), nameOf(wanted));
    if (wanted != DType::I8 && wanted != DType::I32)
        return stored;
    const double most = wanted == DType::I8 ? kMostKernelInteger : kMostBiasInteger;
    for (const double number : numbersOf(stored.to(DType::F64)))
        if (std::abs(number) > most)
            throw Error("the weight \"{}\" holds {}; its integers are from {} to {}", excerpt(key),
                        number, -most, most);
    return stored.to(DType::F32);
}

OptimizedModel modelOfJson(const Json& json, const SafetensorsFile& file) {
    if (!json.is_object() || textMember(json, "format") != kModelFormat)
        throw Error("\"format\" has to be \"{}\"", kModelFormat);
    if (const auto version = sizeMember(json, "version");
        version < kModelVersion || version > kPackedVersion)
        throw Error("it is a model of version {}; this program reads versions {} to {}", version,
                    kModelVersion, kPackedVersion);
    std::map<std::string, const Tensor*> unread;
    for (const auto& [name, tensor] : file.tensors)
        unread.emplace(name, &tensor);
    const auto tensors = unread;
    OptimizedModel model;
    model.project = projectFromJson(modelMember(json, "project"));
    model.project.data.asBefore = modelMember(json, "as_before") == true;
    if (const auto& run = modelMember(json, "run"); !run.is_null())
        model.run = textMember(json, "run");
    model.note = textMember(json, "note");
    model.precision = precisionOf(textMember(json, "precision"));
    if (const auto& data = modelMember(json, "data"); !data.is_null())
        model.data = dataInfoFromJson(data);
    model.before = networkSizeOf(modelMember(json, "before"));
    model.after = networkSizeOf(modelMember(json, "after"));
    auto graph =
        graphFromJson(modelMember(json, "graph"), {[&](const std::string& name) -> const Tensor& {
                          const auto found = tensors.find(name);
                          if (found == tensors.end())
                              throw Error("the tensor \"{}\" is missing", excerpt(name));
                          unread.erase(name);
                          return *found->second;
                      }});
    if (!unread.empty())
        throw Error("nothing reads the tensor \"{}\"", excerpt(unread.begin()->first));
    const auto types = storedTypes(graph.graph, typeFor(model.precision));
    for (std::size_t i = 0; i < types.size(); ++i) {
        const auto& key = graph.graph.weights()[i].key;
        model.weights.push_back(weightOf(*tensors.at(key), key, types[i], model.precision));
    }
    model.evaluation = evaluationOf(json, std::move(graph), model.data);
    return model;
}

bool areEqual(const OptimizedModel& a, const OptimizedModel& b) {
    std::vector<std::pair<std::string, Tensor>> first, second;
    return modelJson(a, first)["graph"]["ops"].size() ==
               modelJson(b, second)["graph"]["ops"].size() &&
           first == second && a.weights == b.weights && a.data == b.data && a.run == b.run;
}

/// The network with its losses and what it answers; without data its own inputs and outputs.
TrainingGraph graphOf(const AnsweringNetwork& network, const Project& project,
                      const TrainingSettings& settings) {
    if (network.data)
        return evaluationGraph(project.network, *network.data, settings);
    return {.graph = network.graph, .input = {}, .targets = {}, .outputs = {}};
}

/// The passes must not change what is answered.
void requireSameAnswers(const InferenceModel& before, const InferenceModel& after,
                        Precision precision) {
    const auto answersOf = [&](const InferenceModel& model) {
        return NetworkRunner(model.graph, weightsOf(model), {.precision = precision}, RunAs::Given)
            .run(randomSamples(before.graph));
    };
    const auto expected = answersOf(before);
    const auto answers = answersOf(after);
    for (const auto& [name, values] : expected)
        (void)farthest(values, answers.at(name), name).required();
}

InferenceModel answeringPart(const OptimizedModel& model, const OpGraph& graph,
                             std::vector<Tensor> weights) {
    InferenceModel part{graph, std::move(weights)};
    if (!model.data)
        return part;
    part.graph.setOutputs({{"probabilities", *model.evaluation.answer}});
    part.graph.clearLosses();
    part.graph.setScore({});
    eliminateDead(part.graph);
    for (const auto target : model.evaluation.targets)
        part.graph.removeInput(target);
    part.dropUnused();
    return part;
}

} // namespace

std::optional<OptimizedModel> optimizedModel(const Project& project,
                                             const std::optional<RunDirectory>& run,
                                             const ModelWish& wish, const std::stop_token& stop) {
    auto network = answeringNetwork(project, run);
    const auto settings = run ? projectOfRun(*run).training : project.training;
    OptimizedModel model{.project = run ? projectOfRun(*run) : project,
                         .run = network.run,
                         .data = network.data,
                         .note = network.note,
                         .precision = settings.answerTarget().precision};
    model.evaluation = graphOf(network, project, settings);
    auto optimized =
        inferenceModel(model.evaluation.graph, network.weights, typeFor(model.precision));
    model.before = sizeOf(answeringPart(model, optimized.graph, optimized.weights).graph);
    if (!wish.reduction.isNone()) {
        if (!model.data)
            throw Error("a network without data cannot be reduced, since nothing tells what that "
                        "costs: {}",
                        model.note);
        model.evaluation.graph = optimized.graph;
        model.reduced = reduceNetwork(model.evaluation, optimized.weights, wish.reduction,
                                      model.precision, model.project.data, *model.data, stop);
        if (!model.reduced)
            return {};
        optimized.graph = model.evaluation.graph;
    }
    const auto before = answeringPart(model, optimized.graph, optimized.weights);
    optimize(optimized, wish.leftOut);
    model.evaluation.graph = std::move(optimized.graph);
    model.weights = std::move(optimized.weights);
    const auto after = answeringModel(model);
    model.after = sizeOf(after.graph);
    requireSameAnswers(before, after, model.precision);
    return model;
}

OptimizedModel modelInIntegers(const RunDirectory& run, const TrainingGraph& evaluation,
                               const InferenceModel& quantized) {
    OptimizedModel model{
        .project = projectOfRun(run), .run = run.name(), .data = dataInfoOfRun(run)};
    model.evaluation = evaluation;
    model.before = sizeOf(
        answeringPart(model, evaluation.graph, firstModel(evaluation.graph, 0).weights).graph);
    model.evaluation.graph = quantized.graph;
    model.weights = quantized.weights;
    model.after = sizeOf(answeringModel(model).graph);
    return model;
}

InferenceModel answeringModel(const OptimizedModel& model) {
    return answeringPart(model, model.evaluation.graph, model.weights);
}

std::optional<Score> measureModel(const OptimizedModel& model,
                                  std::shared_ptr<const DataSource> source,
                                  std::vector<std::uint32_t> indices, const std::stop_token& stop,
                                  const EvaluationProgress& progress) {
    const ComputeTarget target{.precision = model.precision};
    const auto& graph = model.evaluation.graph;
    ProgramCache programs(backendFor(target), graph, {.precision = target.precision});
    programs.get(evaluationBatch(graph), Mode::Inference);
    writeWeights(*programs.weights(), weightsOf({graph, model.weights}));
    return evaluate(programs, model.evaluation, std::move(source), std::move(indices), stop,
                    progress);
}

bool isModelFile(const std::filesystem::path& file) {
    return file.extension() == kModelEnding;
}

void writeModel(const std::filesystem::path& file, const OptimizedModel& model) {
    SafetensorsFile contents;
    contents.metadata = {{"format", kModelFormat},
                         {kModelEntry, modelJson(model, contents.tensors).dump()}};
    const auto& graph = model.evaluation.graph;
    const auto types = storedTypes(graph, typeFor(model.precision));
    for (std::size_t i = 0; i < model.weights.size(); ++i)
        contents.tensors.emplace_back(graph.weights()[i].key, model.weights[i].to(types[i]));
    // What cannot be read again is not written.
    if (!areEqual(modelOfJson(parseJson(contents.metadata[kModelEntry], pathOf(file)), contents),
                  model))
        throw Error("{}: the model would be another one when it is read", pathOf(file));
    writeSafetensors(file, contents);
}

OptimizedModel readModel(const std::filesystem::path& file) {
    const auto contents = readSafetensors(file);
    const auto entry = contents.metadata.find(kModelEntry);
    if (entry == contents.metadata.end())
        throw Error("{} is no model that was optimized: its metadata have no \"{}\"", pathOf(file),
                    kModelEntry);
    for (const auto& [key, value] : contents.metadata)
        if (key != kModelEntry && key != "format")
            throw Error("{}: nothing is known of \"{}\" in its metadata; the file was altered",
                        pathOf(file), excerpt(key));
    const auto json = parseJson(entry->second, pathOf(file) + ", " + kModelEntry);
    try {
        return modelOfJson(json, contents);
    } catch (const Error& error) {
        throw Error("{}: {}", pathOf(file), error.what());
    } catch (const Json::exception& error) {
        throw Error("{}: {}", pathOf(file), error.what());
    }
}

} // namespace gradwright
