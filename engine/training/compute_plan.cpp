// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/compute_plan.h"

#include "engine/backend/compute_threads.h"
#include "engine/backend/devices.h"
#include "engine/io/atomic_file.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "engine/support/posix_file.h"

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace gradwright {
namespace {

constexpr std::size_t kMostEntries = 500;
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

} // namespace

std::string toString(const ComputePlan& plan) {
    if (plan.replicas > 1)
        return fmt::format("{} parts side by side", plan.replicas);
    return fmt::format("{} thread{}", plan.threads, plan.threads == 1 ? "" : "s");
}

Json toJson(const ComputePlan& plan) {
    return {{"threads", plan.threads}, {"replicas", plan.replicas}};
}

std::optional<ComputePlan> computePlanFromJson(const Json& machine) {
    const auto number = [&](const char* key) {
        const auto found = machine.is_object() ? machine.find(key) : machine.end();
        const bool good = found != machine.end() && found->is_number_integer();
        const auto value = good ? found->get<std::int64_t>() : 0;
        return value >= 1 && value <= kMostThreads ? static_cast<int>(value) : 0;
    };
    if (number("threads") == 0)
        return {};
    return ComputePlan{number("threads"), std::max(1, number("replicas"))};
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
                            toString(training.type(op.output).shape),
                            macsOf(op.attributes, training.inputTypes(op)), op.inputs.size());
    for (const auto& weight : training.weights())
        text += fmt::format("{} {}\n", toString(weight.shape), weight.learns());
    const auto device = backendFor(settings.precision())->device();
    return fmt::format("{}, {}, {} threads, {}, {}, batch {}{}: {:016x}", device.name,
                       device.detail, availableThreads(), nameOf(settings.precision()),
                       settings.optimizer.key, settings.batch(),
                       settings.recompute() ? ", recomputing" : "", digest(text));
}

CompileOptions trainingOptions(const TrainingSettings& settings, const ComputePlan& plan) {
    return {.batch = settings.batch(),
            .precision = settings.precision(),
            .mode = Mode::Training,
            .update = settings.updateRule(),
            .replicas = plan.replicas,
            .recompute = settings.recompute()};
}

ComputePlan planFor(const OpGraph& training, const TrainingSettings& settings,
                    const CalibrationCache& cache) {
    if (settings.threads() == 0 && settings.replicas() == 0)
        if (const auto known = cache.find(calibrationKey(training, settings)))
            return *known;
    const int threads = settings.threads() > 0 ? settings.threads() : availableThreads();
    return {threads, std::max(1, settings.replicas())};
}

} // namespace gradwright
