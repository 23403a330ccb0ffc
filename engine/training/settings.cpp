// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/settings.h"

#include "engine/graph/network_json.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "engine/training/recipes/losses.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/schedules.h"

#include <algorithm>
#include <cmath>

namespace gradwright {
namespace {

Params paramsOf(const TrainingSettings& settings) {
    return {trainingParams(), settings.params};
}

/// What Regularization holds; 0 turns each off.
ParamSpecs regularizationParams() {
    ParamSpecs specs{
        realParam("l1", "L1 penalty", 0.0, 0.0, 1e6,
                  "Weight of the sum of the kernels' absolute values in the loss: drives weights "
                  "to zero (Tibshirani 1996). 0 is off."),
        realParam("l2", "L2 penalty", 0.0, 0.0, 1e6,
                  "Weight of half the sum of the kernels' squares in the loss: keeps weights small "
                  "(Hoerl, Kennard 1970). 0 is off."),
        realParam(
            "max_norm", "Max-norm", 0.0, 0.0, 1e6,
            "The weights into one unit or filter are scaled back to this norm after each step "
            "(Srivastava et al. 2014). 0 is off."),
        realParam("clip_norm", "Clip gradient norm", 0.0, 0.0, 1e12,
                  "The gradients of all weights together are scaled down to this norm, so that no "
                  "step explodes (Pascanu et al. 2013). 0 is off."),
        realParam("clip_value", "Clip gradient values", 0.0, 0.0, 1e12,
                  "Each element of the gradient is kept within ± this. 0 is off."),
        realParam("average_decay", "Weight average", 0.0, 0.0, 1.0,
                  "Validation, test and prediction use an exponential moving average of the "
                  "weights, of which each step keeps this share (Polyak, Juditsky 1992); 0.999 is "
                  "usual, 0 is off."),
    };
    specs.back().maximumExclusive = true;
    for (auto& spec : specs) {
        spec.advanced = spec.key != "l2";
        spec.zeroName = "off";
    }
    return specs;
}

ParamSpecs makeTrainingParams() {
    auto rate = realParam("learning_rate", "Learning rate", 0.001, 0, 1000,
                          "Size of a step against the gradient.");
    rate.logarithmic = true;
    rate.minimumExclusive = true;
    auto warmup = realParam("warmup_epochs", "Warm-up", 0.0, 0.0, 1e6,
                            "Epochs in which the learning rate first rises in a straight line, "
                            "before the schedule begins; fractions are fine (Goyal et al. 2017).");
    warmup.unit = "epochs";
    auto warmupStart = realParam("warmup_start", "Warm-up from", 0.01, 0.0, 1.0,
                                 "The share of the learning rate that the warm-up starts with.");
    warmupStart.advanced = true;
    auto accumulated = intParam(
        "accumulate_batches", "Accumulated batches", 1, 1, 1 << 20,
        "Batches whose gradients are averaged, by their samples, for one step: the step of a batch "
        "so many times as large, in the memory of one. Batch normalization sees each batch for "
        "itself. 1 takes a step after each batch.");
    accumulated.advanced = true;
    auto threads = intParam("threads", "Threads", 0, 0, 1024,
                            "Processor threads that compute; 0 takes what calibration found best, "
                            "or all. The weights do not depend on it, unless the batch is computed "
                            "as a whole (one part).");
    threads.advanced = true;
    threads.zeroName = "automatic";
    auto parts = formerly(
        "replicas",
        intParam(
            "parts", "Batch parts", 0, 0, 1024,
            "Parts that each batch is split into, each computed by one thread at a time; 0 takes "
            "what calibration found best, or one per processor. Another number gives slightly "
            "different weights, since sums are split differently. 1 computes the batch as a whole: "
            "then training cannot yield to other programs and slows down most beside them."));
    parts.advanced = true;
    parts.zeroName = "automatic";
    auto recompute = boolParam(
        "recompute", "Recompute activations", false,
        "Discards the values between the layers and computes them again in the backward pass: less "
        "memory and the same weights, for up to a third more time (Chen et al. 2016). For deep "
        "networks and large batches that do not fit; the reference engine and GPUs keep "
        "everything.");
    recompute.advanced = true;
    auto integers = choiceParam(
        "integers", "Train for integers", "none",
        {{"none", "No", "Numbers are what they are."},
         {"int8", "INT8",
          "What convolutions and dense layers read is rounded as Quantize to INT8 rounds it: "
          "kernels as they are at each step, values in the ranges that they have when training "
          "begins."},
         {"int4", "INT4 weights",
          "Kernels of dense layers are rounded to 4 bits, in groups of 32 with a scale each."}},
        "For a network that loses too much when it is quantized: it is trained on while it reads "
        "numbers as rounded as they will be, and gradients pass the rounding (quantization-aware "
        "training, Jacob et al. 2018). Needs weights to begin with, and FP32 or FP64 on the CPU.");
    integers.advanced = true;
    auto features = intParam(
        "feature_cache", "Feature cache", 1024, 0, 1 << 20,
        "Memory for what frozen layers make of each sample, which is then computed once and not in "
        "each epoch. Only where samples are not augmented and all of it fits; 0 computes it in "
        "each "
        "epoch.");
    features.unit = "MB";
    features.advanced = true;
    features.zeroName = "off";
    auto patience = intParam("patience", "Patience", 5, 1, 10'000,
                             "Epochs without a better validation result before training stops.");
    patience.unit = "epochs";
    patience.visibleWhen = {"early_stopping", {true}};
    auto checkpoint = realParam("checkpoint_seconds", "Checkpoint every", 30, 0, 86'400,
                                "Seconds between two saved states within an epoch; 0 saves each "
                                "step.");
    checkpoint.unit = 's'; // as a text it draws a false warning from GCC 12
    checkpoint.advanced = true;
    auto tensorBoard = boolParam("tensorboard", "TensorBoard events", false,
                                 "Also writes the curves in TensorBoard's format.");
    tensorBoard.advanced = true;
    auto device = choiceParam(
        "device", "Device", "cpu",
        {{"cpu", "CPU", "The processor, by oneDNN."},
         {"cuda", "First GPU",
          "The first NVIDIA GPU, the same as cuda:0; the second is cuda:1, and so on."}},
        "What trains: the processor, or an NVIDIA GPU, in FP32. A run can be resumed on another "
        "one; its weights then differ by rounding. Prediction and evaluation of finished runs are "
        "computed on the processor.");
    device.accepts = [](std::string_view key) { return gpuOrdinal(key).has_value(); };
    auto where = choiceParam(
        "where", "Where", "here",
        {{"here", "This computer", "In one process, on the device below."},
         {"processes", "Several processes here",
          "Open MPI's mpirun starts processes on this computer that share each batch and its "
          "processors. Weights are those of one process but for rounding."}},
        "Who computes a batch: one process, or several of this computer, as if they were computers "
        "of a cluster. A run can be resumed either way. Experiments of the Lab take one.");
    auto processes = intParam("processes", "Processes", 2, 2, 1024,
                              "Processes that share each batch, each with its share of the "
                              "processors; more than there are processors take turns.");
    processes.visibleWhen = {"where", {std::string("processes")}};
    ParamSpecs specs{
        std::move(rate),
        std::move(warmup),
        std::move(warmupStart),
        intParam("epochs", "Epochs", 5, 1, 1'000'000, "Passes over the training data."),
        intParam("batch", "Batch size", 32, 1, 1 << 20,
                 "Samples that are computed together and whose gradients are averaged."),
        std::move(accumulated),
        intParam("seed", "Seed", 1, 0, 9e15,
                 "Seed of all random numbers: the same seed and number of batch parts give the "
                 "same weights."),
        choiceParam("precision", "Precision", "fp32",
                    {{"fp32", "FP32", "Single precision, on the fast CPU engine."},
                     {"bf16", "BF16 mixed",
                      "Convolutions and dense layers multiply in bfloat16 and sum in FP32; all "
                      "else stays in FP32. Faster where the processor has BF16 instructions; "
                      "emulated elsewhere, no faster than FP32."},
                     {"fp16", "FP16 mixed",
                      "Like BF16 mixed, in half precision: more digits, but a smaller range, "
                      "so the loss is scaled while gradients are computed. On NVIDIA GPUs."},
                     {"tf32", "TF32",
                      "FP32, but products of matrices round their operands to 10 fraction bits. "
                      "On NVIDIA GPUs of compute capability 8.0 or later."},
                     {"fp64", "FP64", "Double precision, on the slow reference engine."}},
                    "Number format of the computation."),
        std::move(where),
        std::move(processes),
        std::move(device),
        std::move(threads),
        std::move(parts),
        std::move(recompute),
        std::move(integers),
        std::move(features),
        boolParam("early_stopping", "Early stopping", false,
                  "Stops when validation no longer improves; the best weights are kept."),
        std::move(patience),
        std::move(checkpoint),
        std::move(tensorBoard)};
    const auto place = std::ranges::find(specs, "checkpoint_seconds", &ParamSpec::key);
    const auto regularization = regularizationParams();
    specs.insert(place, regularization.begin(), regularization.end());
    return specs;
}

Json recipeToJson(const Recipe& recipe) {
    Json json = {{"key", recipe.key}, {"params", toJson(recipe.params)}};
    json.update(recipe.extra.json());
    return json;
}

/// `find` looks the key up in the recipe's catalog.
template <class Find>
Recipe recipeFromJson(const Json& json, std::string_view what, Find&& find) {
    if (!json.is_object() || !json.contains("key") || !json["key"].is_string())
        throw Error("{} must be an object with a \"key\", not {}", what, dumpExcerpt(json));
    Recipe recipe;
    recipe.key = json["key"].get<std::string>();
    const auto& def = find(recipe.key);
    if (json.contains("params"))
        recipe.params = paramsFromJson(json["params"], def.params, what);
    recipe.extra = UnknownKeys(json, {"key", "params"});
    return recipe;
}

Json objectiveToJson(const Objective& objective) {
    Json json = {{"output", objective.output},
                 {"loss", recipeToJson(objective.loss)},
                 {"weight", objective.weight}};
    json.update(objective.extra.json());
    return json;
}

Objective objectiveFromJson(const Json& json) {
    if (!json.is_object() || !json.contains("loss"))
        throw Error("a training objective must be an object with a loss, not {}",
                    dumpExcerpt(json));
    Objective objective;
    objective.loss = recipeFromJson(json["loss"], "the loss", loss);
    const auto output = json.value("output", Json(""));
    if (!output.is_string())
        throw Error("a training objective's output must be a name, not {}", dumpExcerpt(output));
    const auto weight = json.value("weight", Json(1.0));
    if (!weight.is_number())
        throw Error("a training objective's weight must be a number, not {}", dumpExcerpt(weight));
    objective.output = output.get<std::string>();
    objective.weight = weight.get<double>();
    objective.extra = UnknownKeys(json, {"output", "loss", "weight"});
    return objective;
}

void requireRecipe(const Recipe& recipe, const ParamSpecs& specs, std::string_view what) {
    if (const auto problems = validate(specs, recipe.params); !problems.empty())
        throw Error("{} {}: {}", what, recipe.key, problems.front().message);
}

} // namespace

const ParamSpecs& trainingParams() {
    static const ParamSpecs specs = makeTrainingParams();
    return specs;
}

double TrainingSettings::learningRate() const {
    return paramsOf(*this).real("learning_rate");
}
double TrainingSettings::scheduledFactor(double epoch) const {
    const auto& def = gradwright::schedule(schedule.key);
    const auto values = paramsOf(*this);
    return warmedUp(def, Params(def.params, schedule.params),
                    {values.real("warmup_epochs"), values.real("warmup_start")}, epoch,
                    static_cast<double>(epochs()));
}
std::int64_t TrainingSettings::epochs() const {
    return paramsOf(*this).integer("epochs");
}
std::int64_t TrainingSettings::batch() const {
    return paramsOf(*this).integer("batch");
}
std::int64_t TrainingSettings::accumulatedBatches() const {
    return paramsOf(*this).integer("accumulate_batches");
}
std::uint64_t TrainingSettings::seed() const {
    return static_cast<std::uint64_t>(paramsOf(*this).integer("seed"));
}
int TrainingSettings::threads() const {
    return static_cast<int>(paramsOf(*this).integer("threads"));
}
int TrainingSettings::parts() const {
    return static_cast<int>(paramsOf(*this).integer("parts"));
}
std::uint64_t TrainingSettings::featureCacheBytes() const {
    constexpr std::uint64_t kMegabyte = 1'000'000;
    return static_cast<std::uint64_t>(paramsOf(*this).integer("feature_cache")) * kMegabyte;
}
bool TrainingSettings::recompute() const {
    return paramsOf(*this).boolean("recompute");
}
TrainedIntegers TrainingSettings::trainedIntegers() const {
    const auto key = paramsOf(*this).text("integers");
    if (key == "int8")
        return TrainedIntegers::Int8;
    return key == "int4" ? TrainedIntegers::Int4 : TrainedIntegers::None;
}
ComputeTarget TrainingSettings::target() const {
    const auto values = paramsOf(*this);
    const auto& device = values.text("device");
    const auto gpu = gpuOrdinal(device);
    return {gpu ? fmt::format("cuda:{}", *gpu) : device, precision()};
}

ComputeTarget TrainingSettings::answerTarget() const {
    const auto trained = target();
    if (!trained.isGpu())
        return trained;
    return {"cpu", needsGpu(trained.precision) ? Precision::F32 : trained.precision};
}

Precision TrainingSettings::precision() const {
    const auto key = paramsOf(*this).text("precision");
    for (const auto precision : {Precision::F64, Precision::Bf16, Precision::F16, Precision::Tf32})
        if (key == nameOf(precision))
            return precision;
    return Precision::F32;
}
bool TrainingSettings::earlyStopping() const {
    return paramsOf(*this).boolean("early_stopping");
}
std::int64_t TrainingSettings::patience() const {
    return paramsOf(*this).integer("patience");
}
double TrainingSettings::checkpointSeconds() const {
    return paramsOf(*this).real("checkpoint_seconds");
}

bool TrainingSettings::tensorBoard() const {
    return paramsOf(*this).boolean("tensorboard");
}

UpdateRule TrainingSettings::updateRule() const {
    const auto& def = gradwright::optimizer(optimizer.key);
    auto rule = def.make(Params(def.params, optimizer.params));
    const auto values = paramsOf(*this);
    rule.regularization = {.l1 = values.real("l1"),
                           .l2 = values.real("l2"),
                           .clipValue = values.real("clip_value"),
                           .clipNorm = values.real("clip_norm"),
                           .maxNorm = values.real("max_norm"),
                           .averageDecay = values.real("average_decay")};
    return rule;
}

void requireValid(const TrainingSettings& settings) {
    if (const auto problems = validate(trainingParams(), settings.params); !problems.empty())
        throw Error(problems.front().message);
    if (settings.objectives.empty())
        throw Error("training needs an objective: an output and a loss");
    for (const auto& objective : settings.objectives) {
        requireRecipe(objective.loss, loss(objective.loss.key).params, "loss");
        if (!(objective.weight > 0) || !std::isfinite(objective.weight))
            throw Error("the weight of a training objective must be greater than 0, not {}",
                        objective.weight);
    }
    requireRecipe(settings.optimizer, optimizer(settings.optimizer.key).params, "optimizer");
    requireRecipe(settings.schedule, schedule(settings.schedule.key).params, "schedule");
    if (settings.accumulatedBatches() > 1 && settings.target().isGpu())
        throw Error("gradients of several batches are accumulated on the processor only: on {}, "
                    "accumulate_batches must be 1, not {}",
                    settings.target().device, settings.accumulatedBatches());
    if (settings.trainedIntegers() == TrainedIntegers::None)
        return;
    const auto precision = settings.precision();
    if (settings.target().isGpu() || (precision != Precision::F32 && precision != Precision::F64))
        throw Error("training for integers is computed on the processor in FP32 or FP64, not in {} "
                    "on {}",
                    nameOf(precision), settings.target().device);
}

Json toJson(const TrainingSettings& settings) {
    Json objectives = Json::array();
    for (const auto& objective : settings.objectives)
        objectives.push_back(objectiveToJson(objective));
    Json json = {{"objectives", std::move(objectives)},
                 {"optimizer", recipeToJson(settings.optimizer)},
                 {"schedule", recipeToJson(settings.schedule)},
                 {"params", toJson(settings.params)}};
    json.update(settings.extra.json());
    return json;
}

TrainingSettings trainingSettingsFromJson(const Json& json) {
    if (!json.is_object())
        throw Error("training must be an object, not {}", dumpExcerpt(json));
    TrainingSettings settings;
    if (json.contains("objectives")) {
        const auto& list = json["objectives"];
        if (!list.is_array() || list.empty())
            throw Error("training objectives must be a list that is not empty, not {}",
                        dumpExcerpt(list));
        settings.objectives.clear();
        for (const auto& entry : list)
            settings.objectives.push_back(objectiveFromJson(entry));
    }
    if (json.contains("optimizer"))
        settings.optimizer = recipeFromJson(json["optimizer"], "the optimizer", optimizer);
    if (json.contains("schedule"))
        settings.schedule = recipeFromJson(json["schedule"], "the schedule", schedule);
    if (json.contains("params"))
        settings.params = paramsFromJson(json["params"], trainingParams(), "training");
    settings.extra = UnknownKeys(json, {"objectives", "optimizer", "schedule", "params"});
    requireValid(settings);
    return settings;
}

std::string_view nameOf(Precision precision) {
    switch (precision) {
    case Precision::F64:
        return "fp64";
    case Precision::Bf16:
        return "bf16";
    case Precision::F16:
        return "fp16";
    case Precision::Tf32:
        return "tf32";
    case Precision::F32:
        break;
    }
    return "fp32";
}

} // namespace gradwright
