// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/devices.h"

#include "app/cli/commands/commands.h"
#include "app/cli/exit_codes.h"
#include "app/cli/interrupt.h"
#include "app/cli/output.h"
#include "engine/backend/compute_threads.h"
#include "engine/check/check.h"
#include "engine/project/templates.h"
#include "engine/rates/cards.h"
#include "engine/rates/measure.h"
#include "engine/rates/network_speed.h"
#include "engine/rates/peaks.h"
#include "engine/support/byte_text.h"
#include "engine/support/json.h"
#include "engine/training/objective.h"
#include "engine/training/settings.h"
#include "engine/worker/gpu_list.h"
#include "engine/worker/gpu_work.h"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <vector>

namespace gradwright::cli {
namespace {

constexpr std::size_t kNameColumn = 15;
constexpr std::size_t kPeakColumn = 15;

std::string keyOf(RateFormat format) {
    std::string key(nameOf(format));
    std::ranges::transform(key, key.begin(), [](unsigned char c) { return std::tolower(c); });
    return key;
}

/// A row of the tables of peaks.
struct PeakRow {
    std::string name;
    std::array<double, kRateFormats> peaks{}; ///< 0: unknown
    double bandwidth = 0;
};

PeakRow rowOf(std::string name, const Peaks& peaks, const Peak& bandwidth) {
    PeakRow row{std::move(name), {}, bandwidth.perSecond.value_or(0)};
    for (std::size_t i = 0; i < kRateFormats; ++i)
        row.peaks[i] = peaks[i].perSecond.value_or(0);
    return row;
}

/// `none`: what stands for a peak that is not there.
void printPeaks(const std::vector<PeakRow>& rows, std::string_view none) {
    std::string head = padded("", kNameColumn);
    for (const auto format : kAllRateFormats)
        head += padded(nameOf(format), kPeakColumn);
    printLine(head + "memory");
    for (const auto& row : rows) {
        std::string line = padded(row.name, kNameColumn);
        for (const auto format : kAllRateFormats) {
            const double peak = row.peaks[static_cast<std::size_t>(format)];
            line +=
                padded(peak > 0 ? operationsText(peak, format) : std::string(none), kPeakColumn);
        }
        printLine(line +
                  (row.bandwidth > 0 ? bytesPerSecondText(row.bandwidth) : std::string(none)));
    }
}

/// What the list knows of a device, measured or not.
struct ListedDevice {
    std::string key;
    Peaks peaks;
    Peak bandwidth;
    std::string whyNot; ///< what keeps it from being measured
    std::vector<Rate> measured;
};

void addPeaks(Json& json, const ListedDevice& device) {
    for (const auto format : kAllRateFormats) {
        const auto& peak = device.peaks[static_cast<std::size_t>(format)];
        json["peaks"][keyOf(format)] = {
            {"operations_per_second", peak.perSecond ? Json(*peak.perSecond) : Json(nullptr)},
            {"formula", peak.formula}};
    }
    json["bandwidth"] =
        device.bandwidth.perSecond ? Json(*device.bandwidth.perSecond) : Json(nullptr);
    for (const auto& rate : device.measured)
        json["measured"].push_back(
            {{"what", titleOf(rate)},
             {"per_second", rate.perSecond},
             {"unit", rate.kind == Rate::Kind::Product ? "operations" : "bytes"},
             {"how", rate.how}});
}

Json cardsJson() {
    Json list = Json::array();
    for (const auto& card : knownCards()) {
        Json json = {{"name", card.name}, {"year", card.year}};
        for (const auto format : kAllRateFormats) {
            const double peak = card.peaks[static_cast<std::size_t>(format)];
            json["peaks"][keyOf(format)] = peak > 0 ? Json(peak) : Json(nullptr);
        }
        json["bandwidth"] = card.bandwidth;
        json["nvlink"] = card.nvlink > 0 ? Json(card.nvlink) : Json(nullptr);
        json["source"] = card.source;
        list.push_back(std::move(json));
    }
    return list;
}

void printCards() {
    std::vector<PeakRow> rows;
    for (const auto& card : knownCards())
        rows.push_back({std::string(card.name), card.peaks, card.bandwidth});
    printLine("\nFor comparison, as NVIDIA publishes it (dense; FP16 and less on tensor cores "
              "where there are any)");
    printPeaks(rows, "—");
    for (const auto& card : knownCards())
        printLine(fmt::format("{} {}", padded(card.name, kNameColumn), card.source));
}

/// The engines of the processor, one an entry.
Json engineJson(const Backend& backend, bool asJson) {
    const auto device = backend.device();
    Json precisions = Json::array();
    Json emulated = Json::array();
    std::string texts;
    for (const auto precision : device.precisions) {
        precisions.push_back(nameOf(precision));
        texts += (texts.empty() ? "" : ", ") + std::string(nameOf(precision));
        if (std::ranges::find(device.emulated, precision) != device.emulated.end()) {
            emulated.push_back(nameOf(precision));
            texts += " (emulated)";
        }
    }
    if (!asJson)
        printLine(fmt::format("{}  {}  {}, {}, {} ({})", padded(device.key, 4),
                              padded(backend.key(), 10), device.name,
                              groupedCount(availableThreads(), "thread"), texts, device.detail));
    return {{"device", device.key},
            {"engine", backend.key()},
            {"name", device.name},
            {"detail", device.detail},
            {"threads", availableThreads()},
            {"precisions", std::move(precisions)},
            {"emulated", std::move(emulated)}};
}

Json gpuJson(const GpuInfo& gpu, bool asJson) {
    const auto capability = fmt::format("{}.{}", gpu.major, gpu.minor);
    const auto driver =
        fmt::format("{}.{}", gpu.driverVersion / 1000, gpu.driverVersion % 1000 / 10);
    const bool isUsable = gpu.whyNot.empty();
    std::vector<std::string_view> precisions;
    for (const auto each : precisionsOf(gpu))
        precisions.push_back(nameOf(each));
    if (!asJson)
        printLine(fmt::format("{}  {}, {:.1f} GiB, compute capability {}, driver for CUDA {}{}",
                              gpu.key, gpu.name, static_cast<double>(gpu.memory) / 1073741824.0,
                              capability, driver,
                              isUsable ? fmt::format("; trains in {}", fmt::join(precisions, ", "))
                                       : fmt::format("; cannot be used: {}", gpu.whyNot)));
    return {{"device", gpu.key},
            {"engine", isUsable ? "cuda" : "none"},
            {"name", gpu.name},
            {"memory", gpu.memory},
            {"compute_capability", capability},
            {"precisions", precisions},
            {"multiprocessors", gpu.multiprocessors},
            {"driver", driver},
            {"precisions", isUsable ? Json::array({"fp32"}) : Json::array()},
            {"emulated", Json::array()},
            {"unusable", isUsable ? Json(nullptr) : Json(gpu.whyNot)}};
}

void measure(ListedDevice& device, bool asJson, const std::stop_token& stop) {
    const auto sink = [&](const Rate& rate) {
        device.measured.push_back(rate);
        if (asJson)
            return;
        const auto& peak = rate.kind == Rate::Kind::Product
                               ? device.peaks[static_cast<std::size_t>(rate.format)]
                               : device.bandwidth;
        const bool hasPeak =
            peak.perSecond && (rate.kind == Rate::Kind::Product || rate.kind == Rate::Kind::Memory);
        printLine(fmt::format(
            "{}{}{}{}  {}", padded(device.key, 8), padded(titleOf(rate), 23),
            padded(textOf(rate), 15),
            hasPeak ? fmt::format("{:3.0f}% of peak", 100 * rate.perSecond / *peak.perSecond)
                    : std::string(12, ' '),
            rate.how));
    };
    if (device.key == "cpu")
        measureProcessor(sink, stop);
    else
        measureGpu({.device = device.key, .stop = stop}, sink);
}

struct DevicesOptions {
    bool json = false;
    bool measure = false;
    bool cards = false;
    bool check = false;
    std::string network;
    std::string device;
};

void listDevices(const DevicesOptions& options) {
    std::optional<Interrupt> interrupt;
    if (options.measure)
        interrupt.emplace();
    Json list = Json::array();
    std::vector<ListedDevice> devices;
    for (const auto& backend : backends()) {
        list.push_back(engineJson(*backend, options.json));
        if (backend->device().key == "cpu")
            devices.push_back({"cpu",
                               processorPeaks(thisProcessor()),
                               {{}, "the system does not tell the memory's clock and width"},
                               {},
                               {}});
        else
            devices.emplace_back(); // an engine of the processor, which has one entry
    }
    const auto search = listGpus();
    for (const auto& gpu : search.found) {
        list.push_back(gpuJson(gpu, options.json));
        devices.push_back({gpu.key, gpuPeaks(gpu), gpuBandwidth(gpu), gpu.whyNot, {}});
    }
    if (!options.json && search.found.empty())
        printLine(fmt::format("No GPU: {}", search.why));
    const bool isKnown =
        options.device.empty() ||
        std::ranges::any_of(devices, [&](const auto& each) { return each.key == options.device; });
    if (!isKnown)
        throw UsageError("devices: there is no device \"{}\" to measure", options.device);
    if (!options.json) {
        printLine("\nPeaks");
        std::vector<PeakRow> rows;
        for (const auto& device : devices)
            if (!device.key.empty())
                rows.push_back(rowOf(device.key, device.peaks, device.bandwidth));
        printPeaks(rows, "unknown");
        if (options.measure)
            printLine("\nMeasured");
    }
    for (auto& device : devices) {
        const bool isWanted = options.device.empty() || options.device == device.key;
        if (options.measure && isWanted && !device.key.empty() && device.whyNot.empty())
            measure(device, options.json, interrupt->token());
    }
    if (options.json) {
        for (std::size_t i = 0; i < devices.size(); ++i)
            if (!devices[i].key.empty())
                addPeaks(list[i], devices[i]);
        printJson(options.cards ? Json{{"devices", list}, {"cards", cardsJson()}} : list);
    } else if (options.cards) {
        printCards();
    }
}

/// Why a network trains no faster than it does.
void compareNetwork(const DevicesOptions& options) {
    const Interrupt interrupt;
    const auto project = openProject(options.network);
    const auto training =
        trainingGraph(project.network, openDataset(project.data).info, project.training);
    const auto speed = measureNetwork(training.graph, project.training, interrupt.token());
    if (!speed)
        throw Error("stopped");
    const double peak = speed->product.perSecond;
    if (options.json) {
        Json layers = Json::array();
        for (const auto& layer : speed->layers)
            layers.push_back({{"path", layer.path},
                              {"operations", layer.operations},
                              {"bytes", layer.bytes},
                              {"attainable", layer.attainable},
                              {"share_of_peak", layer.attainable / peak},
                              {"predicted_seconds", layer.seconds}});
        printJson({{"peak", peak},
                   {"bandwidth", speed->memory.perSecond},
                   {"batch", speed->batch},
                   {"operations", speed->operations()},
                   {"measured_seconds", speed->measured},
                   {"predicted_seconds", speed->predicted()},
                   {"share_of_peak", speed->shareOfPeak()},
                   {"layers", std::move(layers)}});
        return;
    }
    printLine(fmt::format("{}, batch {}: a training step takes {:.3f} ms, {:.0f}% of the peak; its "
                          "layers at least {:.3f} ms, were all bytes from memory",
                          project.name, speed->batch, 1e3 * speed->measured,
                          100 * speed->shareOfPeak(), 1e3 * speed->predicted()));
    printLine(fmt::format("Roofs, measured: {} ({}), {} ({})", textOf(speed->product),
                          speed->product.how, textOf(speed->memory), speed->memory.how));
    printLine(fmt::format("{}{:>14} {:>10} {:>9} {:>13} {:>8} {:>11}", padded("layer", 28),
                          "operations", "bytes", "per byte", "attainable", "of peak", "at least"));
    for (const auto& layer : speed->layers)
        printLine(fmt::format(
            "{}{:>14} {:>10} {:>9.2f} {:>13} {:>7.0f}% {:>8.3f} ms", padded(layer.path, 28),
            grouped(layer.operations), bytesText(layer.bytes), layer.intensity(),
            operationsText(layer.attainable), 100 * layer.attainable / peak, 1e3 * layer.seconds));
    printLine("Per layer it is predicted (roofline: Williams, Waterman, Patterson 2009), not "
              "measured.");
}

/// Runs the op cases; returns the exit code.
int runCheck(const DevicesOptions& options) {
    const auto device = options.device.empty() ? std::string("cpu") : options.device;
    const bool moves = !options.json && ::isatty(STDERR_FILENO) == 1;
    std::vector<CheckedCase> failed;
    std::size_t passed = 0;
    std::size_t leftOut = 0;
    std::size_t count = 0;
    std::size_t done = 0;
    double largest = 0;
    const Interrupt interrupt;
    const CheckSink sink = [&](const CheckedCase& checked) {
        count = checked.count;
        done = checked.number;
        if (checked.outcome == CheckedCase::Outcome::Failed)
            failed.push_back(checked);
        else
            ++(checked.outcome == CheckedCase::Outcome::Passed ? passed : leftOut);
        if (checked.outcome == CheckedCase::Outcome::Passed)
            largest = std::max(largest, checked.difference);
        if (moves)
            fmt::print(stderr, "\r\033[K{} of {}  {}", done, count, checked.name);
        else if (!options.json && (done % 100 == 0 || done == count))
            printLine(fmt::format("{} of {}", done, count));
        return !interrupt.token().stop_requested();
    };
    if (const auto ordinal = gpuOrdinal(device))
        checkDevice({.device = fmt::format("cuda:{}", *ordinal), .stop = interrupt.token()}, sink);
    else if (device == "cpu")
        checkBackend(*makeOneDnnBackend(), sink);
    else
        throw UsageError("devices --check: there is no device \"{}\" to check; known are cpu, and "
                         "cuda:0 and on for NVIDIA GPUs",
                         device);
    if (moves)
        fmt::print(stderr, "\r\033[K");
    if (options.json) {
        Json failures = Json::array();
        for (const auto& each : failed)
            failures.push_back(
                {{"case", each.name}, {"difference", each.difference}, {"detail", each.detail}});
        printJson({{"device", device},
                   {"cases", count},
                   {"passed", passed},
                   {"failed", failed.size()},
                   {"left_out", leftOut},
                   {"largest_difference", largest},
                   {"failures", std::move(failures)}});
    } else {
        for (const auto& each : failed)
            printLine(fmt::format("FAILED  {}  {:.2e}  {}", padded(each.name, 48), each.difference,
                                  each.detail));
        printLine(fmt::format(
            "{}: {} with the FP64 reference (largest difference {:.1e}), {} do "
            "not, {} left out",
            device, groupedCount(static_cast<std::int64_t>(passed), "case agrees", "cases agree"),
            largest, failed.size(), leftOut));
    }
    if (done < count)
        throw Error("stopped after {} of {} cases", done, count);
    return failed.empty() ? kDone : kFailed;
}

} // namespace

void addDevicesCommand(CLI::App& app, int& exitCode) {
    auto options = std::make_shared<DevicesOptions>();
    auto* command =
        app.add_subcommand("devices", "List what can compute and how fast; measure and check it");
    command->add_flag("--json", options->json, "One JSON document on standard output");
    auto* const measured = command->add_flag(
        "--measure", options->measure,
        "Measure matrix products in each precision, memory, and copies to and from GPUs");
    command->add_flag("--cards", options->cards,
                      "NVIDIA's P100, V100, T4, A100 and H100 beside it, from their data sheets");
    command
        ->add_flag("--check", options->check,
                   "Compute every op on the device and compare it with the reference in FP64; "
                   "fails when one differs")
        ->excludes(measured);
    command
        ->add_option("--network", options->network,
                     "A project file or template:NAME: how near its layers can come to the "
                     "processor's peak, and how near its training steps come")
        ->excludes(measured)
        ->excludes("--check");
    command->add_option("--device", options->device,
                        "The one to measure (all) or to check (cpu): cpu, cuda:0, …");
    command->callback([options, &exitCode] {
        if (!options->network.empty())
            compareNetwork(*options);
        else if (options->check)
            exitCode = runCheck(*options);
        else
            listDevices(*options);
    });
}

} // namespace gradwright::cli
