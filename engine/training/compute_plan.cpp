// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/compute_plan.h"

#include "engine/backend/compute_threads.h"
#include "engine/backend/devices.h"
#include "engine/io/atomic_file.h"
#include "engine/support/error.h"
#include "engine/support/json_numbers.h"
#include "engine/support/posix_file.h"
#include "engine/training/memory.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace gradwright {
namespace {

constexpr std::size_t kMostEntries = 500;
/// Samples of a part: kernels work well from here on, …
constexpr std::int64_t kGoodPart = 8;
/// … and random ops draw for so many together.
constexpr std::int64_t kSmallestPart = 4;
/// What the gradients of further parts may take: so many bytes, or a share of all that the training
/// needs.
constexpr std::int64_t kFewBytes = 64 << 20;
constexpr std::int64_t kShareOfMemory = 3;
/// Elements of a kernel that takes long to prepare, and places in a part that make up for it.
constexpr std::int64_t kLargeKernel = 1 << 18;
constexpr std::int64_t kFewPlaces = 2000;
/// Multiplications of a part's step that outlast a turn on a processor (some milliseconds): where
/// another program takes it, smaller parts leave less to wait for.
constexpr std::int64_t kLongPart = 250'000'000;
constexpr std::int64_t kMostThreads = 1024;

std::filesystem::path cacheFile() {
    const auto folder = [](const char* variable) {
        const char* value = std::getenv(variable);
        return std::filesystem::path(value ? value : "");
    };
    auto base = folder("XDG_CACHE_HOME");
    if (base.empty() && !folder("HOME").empty())
        base = folder("HOME") / ".cache";
    if (base.empty())
        base = std::filesystem::temp_directory_path();
    return base / "gradwright" / "calibration.json";
}

/// FNV-1a, 64 bits.
std::uint64_t digest(std::string_view text) {
    std::uint64_t hash = 14695981039346656037ULL;
    for (const char c : text) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 1099511628211ULL;
    }
    return hash;
}

/// Whether parts of so many samples cost an op much more than the whole batch does: batch
/// normalization, where the parts have to meet, and convolutions with large kernels that are used
/// in few places, since every part prepares the kernel for itself.
bool suffersFromParts(const OpGraph& graph, const Op& op, std::int64_t samples) {
    if (const auto* const norm = std::get_if<BatchNormOp>(&op.attributes))
        return !norm->fixed;
    if (!std::holds_alternative<ConvOp>(op.attributes) || op.weights.empty())
        return false;
    const auto& output = graph.type(op.output()).sample();
    const auto positions = output.elements() / output[0];
    return graph.weight(op.weights[0]).shape.elements() >= kLargeKernel &&
           positions * samples < kFewPlaces;
}

/// Multiplications of a training step per sample: forward, and with respect to inputs and weights.
std::int64_t multiplicationsPerSample(const OpGraph& training) {
    std::int64_t sum = 0;
    for (const auto& op : training.ops())
        sum += macsOf(op.attributes, training.inputTypes(op));
    constexpr int passes = 3;
    return passes * sum;
}

} // namespace

std::string toString(const ComputePlan& plan) {
    auto text = fmt::format("{} thread{}", plan.threads, plan.threads == 1 ? "" : "s");
    if (plan.parts > 1)
        text += fmt::format(", batches in {} parts", plan.parts);
    return text;
}

Json toJson(const ComputePlan& plan) {
    return {{"threads", plan.threads}, {"parts", plan.parts}};
}

std::optional<ComputePlan> computePlanFromJson(const Json& machine) {
    const auto number = [&](const char* key) {
        const auto found = machine.is_object() ? machine.find(key) : machine.end();
        const bool good = found != machine.end() && isInt64(*found);
        const auto value = good ? found->get<std::int64_t>() : 0;
        return value >= 1 && value <= kMostThreads ? static_cast<int>(value) : 0;
    };
    if (number("threads") == 0)
        return {};
    // "replicas" is what earlier versions called it.
    return ComputePlan{number("threads"), std::max({1, number("parts"), number("replicas")})};
}

CalibrationCache::CalibrationCache()
    : CalibrationCache(cacheFile()) {}

CalibrationCache::CalibrationCache(std::filesystem::path file)
    : file_(std::move(file)) {}

Json CalibrationCache::read() const {
    std::ifstream stream(file_, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(stream)), {});
    try {
        auto json = parseJson(text, file_.string(), {.bytes = 1 << 20, .depth = 8});
        return json.is_object() ? json : Json::object();
    } catch (const Error&) {
        return Json::object();
    }
}

std::optional<ComputePlan> CalibrationCache::find(const std::string& key) const {
    const auto all = read();
    const auto found = all.find(key);
    return found == all.end() ? std::nullopt : computePlanFromJson(*found);
}

void CalibrationCache::remember(const std::string& key, const ComputePlan& plan,
                                double samplesPerSecond) const {
    auto all = read();
    all.erase(key); // the newest last
    while (all.size() >= kMostEntries)
        all.erase(all.begin());
    all[key] = toJson(plan);
    all[key]["samples_per_second"] = samplesPerSecond;
    std::error_code ignored;
    std::filesystem::create_directories(file_.parent_path(), ignored);
    AtomicFile file(file_);
    file.write(all.dump(1) + "\n");
    file.commit();
}

std::string calibrationKey(const OpGraph& training, const TrainingSettings& settings) {
    std::string text;
    for (const auto& op : training.ops())
        text += fmt::format("{} {} {} {}\n", nameOf(op.attributes),
                            toString(training.type(op.output()).sample()),
                            macsOf(op.attributes, training.inputTypes(op)), op.inputs.size());
    for (const auto& weight : training.weights())
        text += fmt::format("{} {}\n", toString(weight.shape), weight.learns());
    const auto device = backendFor(settings.target())->device();
    return fmt::format("{}, {}, {} processors, {}, {}, batch {}{}: {:016x}", device.name,
                       device.detail, availableThreads(), nameOf(settings.precision()),
                       settings.optimizer.key, settings.batch(),
                       settings.recompute() ? ", recomputing" : "", digest(text));
}

std::shared_ptr<const Backend> trainingBackend(const TrainingSettings& settings,
                                               const ComputePlan& plan) {
    return backendFor(settings.target(), {.parts = plan.parts});
}

CompileOptions trainingOptions(const TrainingSettings& settings) {
    return {.batch = settings.batch(),
            .precision = settings.precision(),
            .mode = Mode::Training,
            .update = settings.updateRule(),
            .recompute = settings.recompute()};
}

int defaultParts(const OpGraph& training, const TrainingSettings& settings) {
    if (settings.precision() == Precision::F64)
        return 1;
    const auto batch = settings.batch();
    const auto most = batch >= 2 * kGoodPart ? batch / kGoodPart : batch / kSmallestPart;
    auto parts = std::min<std::int64_t>(availableThreads(), most);
    if (2 * parts <= most && parts > 1 &&
        multiplicationsPerSample(training) * (batch / parts) > kLongPart)
        parts *= 2;
    // Every part but the first has gradients of its own.
    const auto memory =
        estimateTrainingMemory(training, batch, settings.updateRule().allSlots()).total();
    const auto gradients = training.parameters() * std::int64_t{sizeof(float)};
    while (parts > 1 && (parts - 1) * gradients > std::max(kFewBytes, memory / kShareOfMemory))
        --parts;
    if (parts < 2 || std::ranges::any_of(training.ops(), [&](const Op& op) {
            return suffersFromParts(training, op, batch / parts);
        }))
        return 1;
    return static_cast<int>(parts);
}

ComputePlan planFor(const OpGraph& training, const TrainingSettings& settings,
                    const CalibrationCache& cache) {
    if (settings.target().isGpu()) // which takes a batch as a whole; threads load its data
        return {settings.threads() > 0 ? settings.threads() : availableThreads(), 1};
    if (settings.threads() == 0 && settings.parts() == 0)
        if (const auto known = cache.find(calibrationKey(training, settings)))
            return *known;
    const int threads = settings.threads() > 0 ? settings.threads() : availableThreads();
    return {threads, settings.parts() > 0 ? settings.parts() : defaultParts(training, settings)};
}

ComputePlan planForResuming(const ComputePlan& recorded, const TrainingSettings& settings) {
    if (settings.target().isGpu())
        return {settings.threads() > 0 ? settings.threads() : availableThreads(), 1};
    const int parts = settings.parts() > 0 ? settings.parts() : recorded.parts;
    if (settings.threads() > 0)
        return {settings.threads(), parts};
    return {parts > 1 ? availableThreads() : recorded.threads, parts};
}

} // namespace gradwright
