// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/checkpoint.h"

#include "engine/io/safetensors.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

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
                 {"loss_sum", position.lossSum},
                 {"correct", position.correct},
                 {"samples", position.samples},
                 {"best_epoch", position.bestEpoch},
                 {"epochs_without_gain", position.epochsWithoutGain},
                 {"finished", position.finished}};
    if (position.best)
        json["best"] = {{"loss", position.best->loss},
                        {"accuracy", position.best->accuracy},
                        {"samples", position.best->samples}};
    return json;
}

TrainingPosition positionFromJson(const Json& json) {
    TrainingPosition position;
    json.at("epoch").get_to(position.epoch);
    json.at("batch").get_to(position.batch);
    json.at("step").get_to(position.step);
    json.at("learning_rate_factor").get_to(position.learningRateFactor);
    json.at("loss_sum").get_to(position.lossSum);
    json.at("correct").get_to(position.correct);
    json.at("samples").get_to(position.samples);
    json.at("best_epoch").get_to(position.bestEpoch);
    json.at("epochs_without_gain").get_to(position.epochsWithoutGain);
    json.at("finished").get_to(position.finished);
    if (json.contains("best")) {
        const auto& best = json.at("best");
        position.best = Score{best.at("loss").get<double>(), best.at("accuracy").get<double>(),
                              best.at("samples").get<std::int64_t>()};
    }
    if (position.epoch < 0 || position.batch < 0 || position.step < 0)
        throw Error("its position is negative");
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

} // namespace

bool TrainingPosition::operator==(const TrainingPosition& other) const {
    return toJson(*this) == toJson(other);
}

void writeCheckpoint(const std::filesystem::path& file, const WeightStore& store,
                     const TrainingPosition& position) {
    SafetensorsFile contents;
    contents.metadata[kPositionKey] = toJson(position).dump();
    contents.metadata["format"] = "gradwright checkpoint 1";
    const auto& specs = store.specs();
    for (std::uint32_t i = 0; i < specs.size(); ++i) {
        contents.tensors.emplace_back(specs[i].key, store.read(WeightId{i}));
        for (std::size_t slot = 0; specs[i].trainable && slot < store.slots(); ++slot)
            contents.tensors.emplace_back(slotName(specs[i].key, slot),
                                          store.readSlot(WeightId{i}, slot));
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
        for (std::size_t slot = 0; spec.trainable && slot < store.slots(); ++slot)
            tensorOf(contents, slotName(spec.key, slot), spec.shape, file);
    }
    for (std::uint32_t i = 0; i < specs.size(); ++i) {
        store.write(WeightId{i}, *contents.find(specs[i].key));
        for (std::size_t slot = 0; specs[i].trainable && slot < store.slots(); ++slot)
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
