// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/checkpoint.h"

#include "engine/io/safetensors.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "engine/training/diverged.h"

#include <algorithm>
#include <cmath>

namespace gradwright {
namespace {

constexpr auto kPositionKey = "gradwright.position";
constexpr std::string_view kSlotPrefix = "optimizer/";

std::string slotName(const std::string& key, std::size_t slot) {
    return fmt::format("{}{}/{}", kSlotPrefix, slot, key);
}

Json toJson(const TrainingPosition& position) {
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
                        {"accuracy", position.best->accuracy},
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
        position.best = Score{best.at("loss").get<double>(), best.at("accuracy").get<double>(),
                              best.at("samples").get<std::int64_t>()};
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

const Tensor& tensorOf(const SafetensorsFile& contents, const std::string& name, const Shape& shape,
                       const std::filesystem::path& file) {
    const auto* tensor = contents.find(name);
    if (!tensor)
        throw Error("{} holds no \"{}\"; it belongs to another network or optimizer", file.string(),
                    name);
    if (tensor->shape() != shape)
        throw Error("{}: \"{}\" has shape {}, the network wants {}", file.string(), name,
                    toString(tensor->shape()), toString(shape));
    return *tensor;
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
                     const TrainingPosition& position) {
    SafetensorsFile contents;
    contents.metadata[kPositionKey] = toJson(position).dump();
    contents.metadata["format"] = "gradwright checkpoint 1";
    const auto& specs = store.specs();
    for (std::uint32_t i = 0; i < specs.size(); ++i) {
        contents.tensors.emplace_back(specs[i].key, finite(store.read(WeightId{i}), specs[i].key));
        for (std::size_t slot = 0; specs[i].learns() && slot < store.slots(); ++slot)
            contents.tensors.emplace_back(slotName(specs[i].key, slot),
                                          finite(store.readSlot(WeightId{i}, slot),
                                                 "the optimizer's state of " + specs[i].key));
    }
    writeSafetensors(file, contents);
}

TrainingPosition readCheckpoint(const std::filesystem::path& file, WeightStore& store) {
    const auto contents = readSafetensors(file);
    const auto found = contents.metadata.find(kPositionKey);
    if (found == contents.metadata.end())
        throw Error("{} holds weights but no training position; it is no checkpoint",
                    file.string());
    TrainingPosition position;
    try {
        position = positionFromJson(parseJson(found->second, "the training position"));
    } catch (const std::exception& error) {
        throw Error("{}: its training position cannot be read ({})", file.string(), error.what());
    }
    // Everything is checked before anything is written, so a wrong file changes nothing.
    const auto& specs = store.specs();
    for (const auto& spec : specs) {
        tensorOf(contents, spec.key, spec.shape, file);
        for (std::size_t slot = 0; spec.learns() && slot < store.slots(); ++slot)
            tensorOf(contents, slotName(spec.key, slot), spec.shape, file);
    }
    for (std::uint32_t i = 0; i < specs.size(); ++i) {
        store.write(WeightId{i}, *contents.find(specs[i].key));
        for (std::size_t slot = 0; specs[i].learns() && slot < store.slots(); ++slot)
            store.writeSlot(WeightId{i}, slot, *contents.find(slotName(specs[i].key, slot)));
    }
    return position;
}

Weights readCheckpointWeights(const std::filesystem::path& file) {
    auto contents = readSafetensors(file);
    Weights weights;
    for (auto& [name, tensor] : contents.tensors)
        if (!name.starts_with(kSlotPrefix))
            weights.values.emplace_back(name, std::move(tensor));
    return weights;
}

} // namespace gradwright
