// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/checkpoint.h"

#include "engine/io/safetensors.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "engine/support/stopped.h"
#include "engine/training/diverged.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

namespace gradwright {
namespace {

constexpr auto kPositionKey = "gradwright.position";
constexpr auto kOptimizerKey = "gradwright.optimizer";
constexpr std::string_view kSlotPrefix = "optimizer/";

std::string slotName(const std::string& key, std::size_t slot) {
    return fmt::format("{}{}/{}", kSlotPrefix, slot, key);
}

Json positionJson(const TrainingPosition& position) {
    Json json = {{"epoch", position.epoch},
                 {"batch", position.batch},
                 {"step", position.step},
                 {"learning_rate_factor", position.learningRateFactor},
                 {"loss_sum", position.running.loss},
                 {"correct", position.running.correct},
                 {"samples", position.running.samples},
                 {"best_epoch", position.bestEpoch},
                 {"epochs_without_gain", position.epochsWithoutGain},
                 {"finished", position.finished}};
    if (position.running.labels > 0)
        json["labels"] = position.running.labels;
    if (!position.running.targets.empty())
        json["values"] = {{"squared_errors", position.running.squaredErrors},
                          {"target_squares", position.running.targetSquares},
                          {"targets", position.running.targets}};
    if (position.best)
        json["best"] = {{"loss", position.best->loss},
                        {"accuracy", position.best->quality.value},
                        {"samples", position.best->samples}};
    if (position.plateau != PlateauState{}) {
        json["plateau"] = {{"factor", position.plateau.factor},
                           {"wait", position.plateau.wait},
                           {"cooldown", position.plateau.cooldown}};
        if (position.plateau.best)
            json["plateau"]["best"] = *position.plateau.best;
    }
    return json;
}

Json stateJson(const TrainingPosition& position, const WeightStore& store) {
    auto json = positionJson(position);
    if (const auto scale = store.lossScale())
        json["loss_scale"] = {{"scale", scale->scale}, {"good_steps", scale->goodSteps}};
    return json;
}

/// Of a training in FP16.
std::optional<LossScale> lossScaleFromJson(const Json& json) {
    if (!json.contains("loss_scale"))
        return {};
    LossScale scale;
    json.at("loss_scale").at("scale").get_to(scale.scale);
    json.at("loss_scale").at("good_steps").get_to(scale.goodSteps);
    int exponent = 0;
    if (!(scale.scale >= 1 && std::isfinite(scale.scale)) ||
        std::frexp(scale.scale, &exponent) != 0.5)
        throw Error("the loss scale must be a power of two, 1 at least, not {}", scale.scale);
    return scale;
}

void requireSensible(const TrainingPosition& position) {
    if (position.epoch < 0 || position.batch < 0 || position.step < 0 ||
        position.epochsWithoutGain < 0)
        throw Error("a count is negative");
    if (!(position.learningRateFactor > 0))
        throw Error("the learning rate's factor must be greater than 0, not {}",
                    position.learningRateFactor);
    if (!(position.plateau.factor >= 0 && position.plateau.factor <= 1) ||
        position.plateau.wait < 0 || position.plateau.cooldown < 0)
        throw Error("the schedule's state is out of range");
    // The running means of the epoch are taken over these.
    if (position.running.correct < 0 || position.running.correct > position.running.labels ||
        (position.running.samples > 0) != (position.batch > 0))
        throw Error("{} correct of {} samples in {} batches cannot be", position.running.correct,
                    position.running.samples, position.batch);
    if (position.bestEpoch < 0 || position.bestEpoch > position.epoch)
        throw Error("epoch {} cannot be the best of {}", position.bestEpoch, position.epoch);
}

TrainingPosition positionFromJson(const Json& json) {
    TrainingPosition position;
    json.at("epoch").get_to(position.epoch);
    json.at("batch").get_to(position.batch);
    json.at("step").get_to(position.step);
    json.at("learning_rate_factor").get_to(position.learningRateFactor);
    json.at("loss_sum").get_to(position.running.loss);
    json.at("correct").get_to(position.running.correct);
    json.at("samples").get_to(position.running.samples);
    // Written by older versions without it: then each sample has one.
    position.running.labels =
        json.value("labels", json.contains("values") ? std::int64_t{0} : position.running.samples);
    json.at("best_epoch").get_to(position.bestEpoch);
    json.at("epochs_without_gain").get_to(position.epochsWithoutGain);
    json.at("finished").get_to(position.finished);
    if (json.contains("values")) {
        const auto& values = json.at("values");
        values.at("squared_errors").get_to(position.running.squaredErrors);
        values.at("target_squares").get_to(position.running.targetSquares);
        values.at("targets").get_to(position.running.targets);
    }
    if (json.contains("best")) {
        const auto& best = json.at("best");
        // The key is from when there was accuracy alone; which metric it is, the reader knows.
        Quality quality;
        best.at("accuracy").get_to(quality.value);
        position.best =
            Score{best.at("loss").get<double>(), quality, best.at("samples").get<std::int64_t>()};
    }
    if (json.contains("plateau")) {
        const auto& plateau = json.at("plateau");
        plateau.at("factor").get_to(position.plateau.factor);
        plateau.at("wait").get_to(position.plateau.wait);
        plateau.at("cooldown").get_to(position.plateau.cooldown);
        if (plateau.contains("best"))
            position.plateau.best = plateau.at("best").get<double>();
    }
    requireSensible(position);
    return position;
}

struct TrainingState {
    TrainingPosition position;
    std::optional<LossScale> lossScale;
};
TrainingState stateIn(const std::map<std::string, std::string>& metadata,
                      const std::filesystem::path& file) {
    const auto found = metadata.find(kPositionKey);
    if (found == metadata.end())
        throw Error("{} holds weights but no training position; it is not a checkpoint",
                    file.string());
    try {
        const auto json = parseJson(found->second, "the training position");
        return {positionFromJson(json), lossScaleFromJson(json)};
    } catch (const std::exception& error) {
        throw Error("{}: its training position cannot be read ({})", file.string(), error.what());
    }
}

/// Whose slots they are and how many; what each is for follows from that.
Json optimizerJson(const UpdateRule& rule) {
    return {{"key", rule.key},
            {"slots", rule.slots},
            {"average", rule.regularization.averageDecay > 0}};
}

/// Files of earlier versions do not say whose slots they hold.
void requireOptimizer(const std::map<std::string, std::string>& metadata, const UpdateRule& rule,
                      const std::filesystem::path& file) {
    const auto found = metadata.find(kOptimizerKey);
    if (found == metadata.end())
        return;
    const auto held = parseJson(found->second, file.string() + ": its optimizer");
    const auto wanted = optimizerJson(rule);
    if (held == wanted)
        return;
    const auto named = [](const Json& json) {
        const auto slots = json.value("slots", std::size_t{0});
        return fmt::format("\"{}\" ({} per weight{})", json.value("key", std::string()),
                           slots == 1 ? "1 value" : fmt::format("{} values", slots),
                           json.value("average", false) ? " and its average" : "");
    };
    throw Error("{} holds the state of the optimizer {}; this training uses {}. A training can be "
                "resumed only with the optimizer that it began with.",
                file.string(), named(held), named(wanted));
}

void requireTensor(const SafetensorsContents& contents, const std::string& name, const Shape& shape,
                   const std::filesystem::path& file) {
    const auto found = contents.shapes.find(name);
    if (found == contents.shapes.end())
        throw Error("{} holds no \"{}\"; it belongs to another network or optimizer", file.string(),
                    name);
    if (found->second != shape)
        throw Error("{}: \"{}\" has shape {}, the network wants {}", file.string(), name,
                    toString(found->second), toString(shape));
}

/// Where a tensor of a checkpoint belongs.
struct Home {
    WeightId weight;
    std::optional<std::size_t> slot;
};
std::map<std::string, Home, std::less<>> homesIn(const WeightStore& store) {
    std::map<std::string, Home, std::less<>> homes;
    const auto& specs = store.specs();
    for (std::uint32_t i = 0; i < specs.size(); ++i) {
        homes.emplace(specs[i].key, Home{WeightId{i}, {}});
        for (std::size_t slot = 0; specs[i].learns() && slot < store.slots(); ++slot)
            homes.emplace(slotName(specs[i].key, slot), Home{WeightId{i}, slot});
    }
    return homes;
}

template <class T>
bool allFinite(const Tensor& tensor) {
    return std::ranges::all_of(tensor.span<T>(), [](T value) { return std::isfinite(value); });
}

Tensor finite(Tensor tensor, const std::string& what) {
    const bool good =
        tensor.dtype() == DType::F64 ? allFinite<double>(tensor) : allFinite<float>(tensor);
    if (!good)
        throw DivergedError("{} holds a value that is not finite", what);
    return tensor;
}

} // namespace

void writeCheckpoint(const std::filesystem::path& file, const WeightStore& store,
                     const TrainingPosition& position, const UpdateRule& rule,
                     const std::stop_token& stop) {
    std::vector<LazyTensor> tensors;
    for (const auto& [name, home] : homesIn(store)) {
        const auto& spec = store.specs()[home.weight.index()];
        tensors.push_back({name, store.dtype(), spec.shape, [&store, &spec, &stop, home = home] {
                               throwIfStopped(stop);
                               return home.slot ? finite(store.readSlot(home.weight, *home.slot),
                                                         "the optimizer's state of " + spec.key)
                                                : finite(store.read(home.weight), spec.key);
                           }});
    }
    writeSafetensors(file,
                     {{kPositionKey, stateJson(position, store).dump()},
                      {kOptimizerKey, optimizerJson(rule).dump()},
                      {"format", "gradwright checkpoint 1"}},
                     std::move(tensors));
}

std::int64_t stepsOfCheckpoint(const std::filesystem::path& file) {
    return stateIn(readSafetensorsMetadata(file), file).position.step;
}

TrainingPosition readCheckpoint(const std::filesystem::path& file, WeightStore& store,
                                const MetricDef& metric, const UpdateRule& rule) {
    TrainingState state;
    const auto homes = homesIn(store);
    // Everything is checked before anything is written, so a wrong file changes nothing.
    const auto check = [&](SafetensorsContents& contents) {
        state = stateIn(contents.metadata, file);
        requireOptimizer(contents.metadata, rule, file);
        if (state.position.best)
            state.position.best->quality.metric = &metric;
        for (const auto& spec : store.specs()) {
            requireTensor(contents, spec.key, spec.shape, file);
            for (std::size_t slot = 0; spec.learns() && slot < store.slots(); ++slot)
                requireTensor(contents, slotName(spec.key, slot), spec.shape, file);
        }
        std::erase_if(contents.shapes,
                      [&](const auto& entry) { return !homes.contains(entry.first); });
    };
    readSafetensors(file, check, [&](const std::string& name, const Tensor& tensor) {
        const auto& home = homes.find(name)->second;
        if (home.slot)
            store.writeSlot(home.weight, *home.slot, tensor);
        else
            store.write(home.weight, tensor);
    });
    if (state.lossScale)
        store.setLossScale(*state.lossScale);
    return std::move(state.position);
}

void readCheckpointWeights(const std::filesystem::path& file, WeightStore& store) {
    const auto& specs = store.specs();
    std::map<std::string, WeightId, std::less<>> ids;
    for (std::uint32_t i = 0; i < specs.size(); ++i)
        ids.emplace(specs[i].key, WeightId{i});
    const auto check = [&](SafetensorsContents& contents) {
        for (const auto& spec : specs)
            requireTensor(contents, spec.key, spec.shape, file);
        std::erase_if(contents.shapes,
                      [&](const auto& entry) { return !ids.contains(entry.first); });
    };
    readSafetensors(file, check, [&](const std::string& name, const Tensor& tensor) {
        store.write(ids.find(name)->second, tensor);
    });
}

Weights readCheckpointWeights(const std::filesystem::path& file) {
    Weights weights;
    const auto check = [](SafetensorsContents& contents) {
        std::erase_if(contents.shapes,
                      [](const auto& entry) { return entry.first.starts_with(kSlotPrefix); });
    };
    readSafetensors(file, check, [&](const std::string& name, const Tensor& tensor) {
        weights.values.emplace_back(name, tensor);
    });
    return weights;
}

} // namespace gradwright
