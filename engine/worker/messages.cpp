// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/worker/messages.h"

#include "engine/project/project_file.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "engine/worker/wire.h"

#include <algorithm>
#include <limits>

namespace gradwright {
namespace {

constexpr int kMostThreadsToRead = 1 << 20;
constexpr std::int64_t kMostAxes = 32;
/// A project's file may be 64 MB and 64 deep; here are two in one document.
constexpr JsonLimits kJobLimits{.bytes = std::size_t{256} << 20, .depth = 72};

constexpr DType kWeightTypes[] = {DType::F32, DType::F64};

void put(WireWriter& out, const Quality& quality) {
    out.put(quality.metric->key);
    out.put(quality.value);
}
Quality qualityFrom(WireReader& in) {
    const auto* def = &metric(in.text());
    return {def, in.real()};
}

void put(WireWriter& out, const Score& score) {
    out.put(score.loss);
    put(out, score.quality);
    out.put(score.samples);
}
Score scoreFrom(WireReader& in) {
    Score score;
    score.loss = in.real();
    score.quality = qualityFrom(in);
    score.samples = in.integer();
    return score;
}

int threadsFrom(WireReader& in) {
    return static_cast<int>(in.integer(0, kMostThreadsToRead));
}

// Each event's fields, in one order for writing and reading.

void put(WireWriter& out, const RunStarted& event) {
    out.put(event.run.string());
    out.put(event.epochs);
    out.put(event.stepsPerEpoch);
    out.put(event.startStep);
    out.put(event.threads);
    out.put(event.parts);
    out.put(static_cast<std::int64_t>(event.weights.size()));
    for (const auto& key : event.weights)
        out.put(key);
    out.put(event.metric->key);
    out.put(event.gpu);
    out.put(static_cast<std::int64_t>(event.notes.size()));
    for (const auto& note : event.notes)
        out.put(note);
    out.put(event.learningRate);
    out.put(event.setRate);
}
void take(WireReader& in, RunStarted& event) {
    event.run = in.text();
    event.epochs = in.integer();
    event.stepsPerEpoch = in.integer();
    event.startStep = in.integer();
    event.threads = threadsFrom(in);
    event.parts = threadsFrom(in);
    event.weights.resize(in.count(sizeof(std::int64_t)));
    for (auto& key : event.weights)
        key = in.text();
    event.metric = &metric(in.text());
    event.gpu = in.text();
    event.notes.resize(in.count(sizeof(std::int64_t)));
    for (auto& note : event.notes)
        note = in.text();
    event.learningRate = in.real();
    event.setRate = in.real();
}

void put(WireWriter& out, const StepDone& event) {
    out.put(event.step);
    out.put(event.epoch);
    out.put(event.loss);
    put(out, event.quality);
    out.put(event.learningRate);
    out.put(event.samplesPerSecond);
    out.put(event.secondsLeft);
    out.put(event.waitShare);
    out.put(event.gradientNorms != nullptr);
    if (event.gradientNorms)
        out.put(std::as_bytes(std::span(*event.gradientNorms)));
    out.put(event.samples);
    out.put(event.seconds);
}
void take(WireReader& in, StepDone& event) {
    event.step = in.integer();
    event.epoch = in.real();
    event.loss = in.real();
    event.quality = qualityFrom(in);
    event.learningRate = in.real();
    event.samplesPerSecond = in.real();
    event.secondsLeft = in.real();
    event.waitShare = in.real();
    if (in.boolean()) {
        const auto bytes = in.data();
        if (bytes.size() % sizeof(double) != 0)
            throw Error("a message has {} bytes of gradient norms", bytes.size());
        std::vector<double> norms(bytes.size() / sizeof(double));
        std::ranges::copy(bytes, std::as_writable_bytes(std::span(norms)).begin());
        event.gradientNorms = std::make_shared<const std::vector<double>>(std::move(norms));
    }
    event.samples = in.integer();
    event.seconds = in.real();
}

void put(WireWriter& out, const EpochDone& event) {
    out.put(event.epoch);
    out.put(event.step);
    put(out, event.training);
    out.put(event.validation.has_value());
    if (event.validation)
        put(out, *event.validation);
    out.put(event.learningRate);
    out.put(event.seconds);
    out.put(event.samplesPerSecond);
    out.put(event.waitShare);
    out.put(event.best);
}
void take(WireReader& in, EpochDone& event) {
    event.epoch = in.integer();
    event.step = in.integer();
    event.training = scoreFrom(in);
    if (in.boolean())
        event.validation = scoreFrom(in);
    event.learningRate = in.real();
    event.seconds = in.real();
    event.samplesPerSecond = in.real();
    event.waitShare = in.real();
    event.best = in.boolean();
}

void put(WireWriter& out, const LoadChanged& event) {
    out.put(event.step);
    out.put(event.threads);
    out.put(event.othersBusy);
}
void take(WireReader& in, LoadChanged& event) {
    event.step = in.integer();
    event.threads = threadsFrom(in);
    event.othersBusy = threadsFrom(in);
}

void put(WireWriter& out, const HealthChanged& event) {
    out.put(event.step);
    out.put(toJson(event.alarms).dump(-1, ' ', false, Json::error_handler_t::replace));
}
void take(WireReader& in, HealthChanged& event) {
    event.step = in.integer();
    event.alarms = alarmsFromJson(parseJson(in.text(), "the alarms", kJobLimits));
}

void put(WireWriter& out, const LearningRateChanged& event) {
    out.put(event.step);
    out.put(event.learningRate);
    out.put(event.epoch);
    out.put(event.scheduledRate);
}
void take(WireReader& in, LearningRateChanged& event) {
    event.step = in.integer();
    event.learningRate = in.real();
    event.epoch = in.real();
    event.scheduledRate = in.real();
}

void put(WireWriter& out, const CheckpointWritten& event) {
    out.put(event.step);
    out.put(event.file.string());
}
void take(WireReader& in, CheckpointWritten& event) {
    event.step = in.integer();
    event.file = in.text();
}

void put(WireWriter& out, const Paused& event) {
    out.put(event.step);
}
void take(WireReader& in, Paused& event) {
    event.step = in.integer();
}

void put(WireWriter& out, const Resumed& event) {
    out.put(event.step);
}
void take(WireReader& in, Resumed& event) {
    event.step = in.integer();
}

void put(WireWriter& out, const SnapshotTaken& event) {
    out.put(event.step);
}
void take(WireReader& in, SnapshotTaken& event) {
    event.step = in.integer();
}

void put(WireWriter& out, const Stopped& event) {
    out.put(event.step);
    out.put(event.resumable);
}
void take(WireReader& in, Stopped& event) {
    event.step = in.integer();
    event.resumable = in.boolean();
}

void put(WireWriter& out, const Failed& event) {
    out.put(event.step);
    out.put(event.message);
    out.put(event.isInterrupted);
}
void take(WireReader& in, Failed& event) {
    event.step = in.integer();
    event.message = in.text();
    event.isInterrupted = in.boolean();
}

void put(WireWriter& out, const Finished& event) {
    out.put(event.step);
    out.put(event.epochs);
    out.put(event.bestEpoch);
    put(out, event.test);
    out.put(event.seconds);
    out.put(event.runSeconds);
    out.put(event.stoppedAfter);
}
void take(WireReader& in, Finished& event) {
    event.step = in.integer();
    event.epochs = in.integer();
    event.bestEpoch = in.integer();
    event.test = scoreFrom(in);
    event.seconds = in.real();
    event.runSeconds = in.real();
    event.stoppedAfter = in.integer();
}

/// The event that stands at that place in the variant.
template <std::size_t Place = 0>
TrainingEvent eventAt(std::size_t place, WireReader& in) {
    if constexpr (Place + 1 < std::variant_size_v<TrainingEvent>)
        if (place != Place)
            return eventAt<Place + 1>(place, in);
    std::variant_alternative_t<Place, TrainingEvent> event;
    take(in, event);
    return event;
}

} // namespace

std::vector<std::byte> jobBody(const TrainingJob& job) {
    Project project;
    project.name = job.name;
    project.network = job.network;
    project.data = job.data;
    project.training = job.settings;
    project.startWeights = job.startWeights;
    WireWriter out;
    out.put(Json{{"job", toJson(project)}, {"project", job.project}}.dump(
        -1, ' ', false, Json::error_handler_t::replace));
    out.put(job.resume.string());
    out.put(job.runsFolder.string());
    out.put(job.resumeRate.has_value());
    out.put(job.resumeRate.value_or(0));
    return out.bytes();
}

TrainingJob jobFrom(std::span<const std::byte> body) {
    WireReader in(body);
    auto json = parseJson(in.text(), "the job", kJobLimits);
    TrainingJob job;
    job.resume = in.text();
    job.runsFolder = in.text();
    const bool hasRate = in.boolean();
    if (const auto rate = in.real(); hasRate)
        job.resumeRate = rate;
    in.end();
    if (!json.is_object() || !json.contains("job") || !json.contains("project"))
        throw Error("the job has no project");
    auto project = projectFromJson(json["job"]);
    job.network = std::move(project.network);
    job.data = std::move(project.data);
    job.settings = std::move(project.training);
    job.name = std::move(project.name);
    job.startWeights = std::move(project.startWeights);
    job.project = std::move(json["project"]);
    return job;
}

std::vector<std::byte> eventBody(const TrainingEvent& event) {
    WireWriter out;
    out.put(static_cast<std::int64_t>(event.index()));
    std::visit([&](const auto& each) { put(out, each); }, event);
    return out.bytes();
}

TrainingEvent eventFrom(std::span<const std::byte> body) {
    WireReader in(body);
    constexpr auto kLast = static_cast<std::int64_t>(std::variant_size_v<TrainingEvent>) - 1;
    auto event = eventAt(static_cast<std::size_t>(in.integer(0, kLast)), in);
    in.end();
    return event;
}

std::vector<std::byte> weightBody(const std::string& key, const Tensor& values) {
    WireWriter out;
    out.put(key);
    out.put(static_cast<std::int64_t>(std::ranges::find(kWeightTypes, values.dtype()) -
                                      std::begin(kWeightTypes)));
    out.put(static_cast<std::int64_t>(values.shape().rank()));
    for (const auto length : values.shape())
        out.put(length);
    out.put(values.bytes());
    return out.bytes();
}

std::pair<std::string, Tensor> weightFrom(std::span<const std::byte> body) {
    WireReader in(body);
    auto key = in.text();
    const auto type =
        kWeightTypes[in.integer(0, static_cast<std::int64_t>(std::size(kWeightTypes)) - 1)];
    std::vector<std::int64_t> dims(static_cast<std::size_t>(in.integer(0, kMostAxes)));
    for (auto& length : dims)
        length = in.integer();
    const auto bytes = in.data();
    in.end();
    Shape shape(std::move(dims));
    // Before memory is taken for it; elements() refuses lengths that are none.
    if (static_cast<std::size_t>(shape.elements()) * sizeOf(type) != bytes.size())
        throw Error("weight {} of shape {} comes with {} bytes", excerpt(key), toString(shape),
                    bytes.size());
    Tensor values(type, std::move(shape));
    std::ranges::copy(bytes, values.bytes().begin());
    return {std::move(key), std::move(values)};
}

std::vector<std::byte> gpusBody(const GpuSearch& search) {
    WireWriter out;
    out.put(search.why);
    out.put(static_cast<std::int64_t>(search.found.size()));
    for (const auto& gpu : search.found) {
        out.put(gpu.key);
        out.put(gpu.name);
        out.put(static_cast<std::int64_t>(gpu.memory));
        for (const int number : {gpu.major, gpu.minor, gpu.multiprocessors, gpu.driverVersion})
            out.put(number);
        out.put(gpu.whyNot);
        out.put(gpu.clock);
        out.put(gpu.memoryClock);
        out.put(gpu.memoryBits);
    }
    return out.bytes();
}

GpuSearch gpusFrom(std::span<const std::byte> body) {
    constexpr auto kMost = std::numeric_limits<int>::max();
    WireReader in(body);
    GpuSearch search;
    search.why = in.text();
    search.found.resize(in.count(sizeof(std::int64_t)));
    for (auto& gpu : search.found) {
        gpu.key = in.text();
        gpu.name = in.text();
        gpu.memory =
            static_cast<std::size_t>(in.integer(0, std::numeric_limits<std::int64_t>::max()));
        for (int* number : {&gpu.major, &gpu.minor, &gpu.multiprocessors, &gpu.driverVersion})
            *number = static_cast<int>(in.integer(0, kMost));
        gpu.whyNot = in.text();
        gpu.clock = in.real();
        gpu.memoryClock = in.real();
        gpu.memoryBits = static_cast<int>(in.integer(0, kMost));
    }
    in.end();
    return search;
}

std::vector<std::byte> rateBody(const Rate& rate) {
    WireWriter out;
    out.put(static_cast<std::int64_t>(rate.kind));
    out.put(static_cast<std::int64_t>(rate.format));
    out.put(rate.perSecond);
    out.put(rate.how);
    return out.bytes();
}

Rate rateFrom(std::span<const std::byte> body) {
    WireReader in(body);
    Rate rate;
    rate.kind =
        static_cast<Rate::Kind>(in.integer(0, static_cast<std::int64_t>(Rate::Kind::FromDevice)));
    rate.format = static_cast<RateFormat>(in.integer(0, std::int64_t{kRateFormats} - 1));
    rate.perSecond = in.real();
    rate.how = in.text();
    in.end();
    return rate;
}

std::vector<std::byte> caseBody(const CheckedCase& checked) {
    WireWriter out;
    out.put(static_cast<std::int64_t>(checked.number));
    out.put(static_cast<std::int64_t>(checked.count));
    out.put(checked.name);
    out.put(static_cast<std::int64_t>(checked.outcome));
    out.put(checked.difference);
    out.put(checked.detail);
    return out.bytes();
}

CheckedCase caseFrom(std::span<const std::byte> body) {
    constexpr std::int64_t kMost = std::numeric_limits<int>::max();
    WireReader in(body);
    CheckedCase checked;
    checked.number = static_cast<std::size_t>(in.integer(0, kMost));
    checked.count = static_cast<std::size_t>(in.integer(0, kMost));
    checked.name = in.text();
    checked.outcome = static_cast<CheckedCase::Outcome>(
        in.integer(0, static_cast<std::int64_t>(CheckedCase::Outcome::LeftOut)));
    checked.difference = in.real();
    checked.detail = in.text();
    in.end();
    return checked;
}

std::vector<std::byte> textBody(const std::string& text) {
    WireWriter out;
    out.put(text);
    return out.bytes();
}

std::string textFrom(std::span<const std::byte> body) {
    WireReader in(body);
    auto text = in.text();
    in.end();
    return text;
}

std::vector<std::byte> realBody(double value) {
    WireWriter out;
    out.put(value);
    return out.bytes();
}

double realFrom(std::span<const std::byte> body) {
    WireReader in(body);
    const auto value = in.real();
    in.end();
    return value;
}

} // namespace gradwright
