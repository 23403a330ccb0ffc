// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/run_record.h"

#include "engine/backend/devices.h"
#include "engine/data/data_info_json.h"
#include "engine/metrics/quality_json.h"
#include "engine/support/json.h"
#include "engine/support/version.h"
#include "engine/training/load_history.h"

namespace gradwright {
namespace {

Json machineJson(const TrainingJob& job, const ComputePlan& plan, const DeviceInfo& device) {
    return {{"device", device.name},
            {"device_key", device.key},
            {"engine", device.detail},
            {"precision", nameOf(job.settings.precision())},
            {"precision_emulated",
             !job.settings.target().isGpu() && isEmulated(job.settings.precision())},
            {"threads", plan.threads},
            {"parts", plan.parts}};
}

} // namespace

bool overlaps(const TrainingJob& job) {
    return job.ranks && job.overlapsSums && !job.sharesStatistics && job.ranks->maySwitchThreads();
}

bool wasOnGpu(const Json& machine) {
    const auto key = machine.find("device_key");
    return key != machine.end() && key->is_string() &&
           gpuOrdinal(key->get_ref<const std::string&>()).has_value();
}

void writeRunRecord(const RunDirectory& directory, const TrainingJob& job, const Dataset& data,
                    const ComputePlan& plan, const DeviceInfo& device) {
    Json record = {{"format", "gradwright run"},
                   {"schema", 1},
                   {"name", job.name},
                   {"version", kVersion},
                   {"machine", machineJson(job, plan, device)},
                   {"data", toJson(data.info)},
                   {std::string(kDataNotes), data.notes},
                   {"project", job.project}};
    if (job.rateScaling)
        record["rate_scaling"] = toJson(*job.rateScaling);
    directory.writeRunJson(record);
}

void updateRunRecord(const RunDirectory& directory, const TrainingJob& job, const ComputePlan& plan,
                     const DeviceInfo& device) {
    auto record = directory.readRunJson();
    record["version"] = kVersion;
    auto history = loadHistoryOf(record);
    record["machine"] = machineJson(job, plan, device);
    if (!history.empty())
        record["machine"]["load"] = std::move(history);
    record["project"] = job.project;
    record.erase("result");
    record.erase("ended_by");
    directory.writeRunJson(record);
}

void recordRanks(const RunDirectory& directory, const TrainingJob& job,
                 const std::vector<RankPlace>& places, bool overlapped) {
    if (!job.ranks)
        return;
    auto hosts = Json::array();
    for (const auto& place : places)
        hosts.push_back(place.host);
    auto waited = Json::array();
    for (const auto time : job.ranks->waitingTimes())
        waited.push_back(std::chrono::duration<double>(time).count());
    auto record = directory.readRunJson();
    record["machine"]["ranks"] = {{"count", job.ranks->size()},
                                  {"hosts", std::move(hosts)},
                                  {"shared_statistics", job.sharesStatistics},
                                  {"rounded_gradients", job.roundsGradients},
                                  {"overlapped", overlapped},
                                  {"waited_seconds", std::move(waited)},
                                  {"bytes_sent", job.ranks->bytesSent()}};
    directory.writeRunJson(record);
}

void recordHealth(const RunDirectory& directory, const Json& health) {
    auto record = directory.readRunJson();
    record["health"] = health;
    directory.writeRunJson(record);
}

void recordStop(const RunDirectory& directory) {
    auto record = directory.readRunJson();
    record["ended_by"] = "stop";
    directory.writeRunJson(record);
}

void recordResult(const RunDirectory& directory, const Finished& result,
                  const TrainingPosition& position) {
    auto record = directory.readRunJson();
    record["ended_by"] = result.stoppedAfter > 0 ? "patience" : "epochs";
    record["result"] = {
        {"epochs", result.epochs},
        {"steps", result.step},
        {"best_epoch", result.bestEpoch},
        {"seconds", result.runSeconds},
        {"test_loss", result.test.loss},
        {qualityKey(*result.test.quality.metric, "test_"), result.test.quality.value},
        {"test_samples", result.test.samples}};
    if (result.stoppedAfter > 0)
        record["result"]["stopped_after"] = result.stoppedAfter;
    if (position.best)
        record["result"][qualityKey(*position.best->quality.metric, "validation_")] =
            position.best->quality.value;
    directory.writeRunJson(record);
}

} // namespace gradwright
