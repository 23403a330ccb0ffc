// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/compute_probe.h"

#include "engine/backend/compute_threads.h"
#include "engine/support/system_memory.h"
#include "engine/training/calibration.h"
#include "ui/session/training_queue.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <utility>

namespace gradwright {

namespace {

constexpr int kDelay = 1500;             // ms
constexpr std::size_t kMostNodes = 2000; // planning cannot be interrupted
/// A network whose trials need more of the free memory than this is not calibrated.
constexpr std::int64_t kShareOfMemory = 4;

/// One at a time in the program: two would disturb each other.
std::atomic<bool> calibrating = false;

bool wantsCalibration(const TrainingSettings& settings) {
    return settings.threads() == 0 && settings.parts() == 0 &&
           settings.precision() != Precision::F64 && !settings.target().isGpu();
}

/// All trials have their program at the same time.
bool fitsIntoMemory(const MemoryEstimate& memory) {
    const auto available = availableMemory();
    const auto trials = 2 * std::bit_width(static_cast<unsigned>(availableThreads()));
    return !available || memory.weights + trials * memory.activations < *available / kShareOfMemory;
}

std::optional<Calibration> calibrateOnce(const OpGraph& training, const TrainingSettings& settings,
                                         const std::stop_token& stop) {
    if (CalibrationCache().find(calibrationKey(training, settings)) || calibrating.exchange(true))
        return {};
    struct Release {
        ~Release() { calibrating = false; }
    } release;
    return calibrateAndRemember(training, settings, stop);
}

} // namespace

ComputeProbe::ComputeProbe(ProjectDocument& document, TrainingSession& session, QObject* parent)
    : QObject(parent)
    , document_(&document)
    , session_(&session) {
    timer_.setSingleShot(true);
    timer_.setInterval(kDelay);
    connect(&timer_, &QTimer::timeout, this, &ComputeProbe::begin);
    connect(document_, &ProjectDocument::analysisChanged, this, &ComputeProbe::forget);
    connect(session_, &TrainingSession::stateChanged, this, &ComputeProbe::waitAgain);
    waitAgain();
}

void ComputeProbe::forget() {
    tellMemory({});
    tellPlan({});
    waitAgain();
}

void ComputeProbe::tellMemory(const std::optional<MemoryEstimate>& memory) {
    if (std::exchange(knowsMemory_, memory.has_value()) || memory)
        Q_EMIT memoryChanged(memory);
}

void ComputeProbe::tellPlan(const std::optional<ComputePlan>& plan) {
    if (std::exchange(knowsPlan_, plan.has_value()) || plan)
        Q_EMIT planChanged(plan);
}

void ComputeProbe::waitAgain() {
    jobs_.cancel(std::exchange(job_, 0));
    timer_.start();
}

void ComputeProbe::begin() {
    const auto& info = document_->dataInfo();
    if (session_->queue().isBusy() || !info || document_->analysis().hasErrors() ||
        document_->analysis().flat.nodes.size() > kMostNodes)
        return;
    const Project& project = document_->project();
    const int job = jobs_.next();
    job_ = jobs_.start([this, job, network = project.network, settings = project.training,
                        info = *info](const std::stop_token& stop) -> BackgroundJobs::Delivery {
        try {
            const auto report = [&] {
                const auto memory = planTrainingMemory(network, analyze(network), settings);
                if (memory)
                    jobs_.deliver(job, [this, memory] { tellMemory(memory); });
                return memory;
            };
            const auto memory = report();
            if (!memory || stop.stop_requested())
                return {};
            const auto training = trainingGraph(network, info, settings);
            const auto found = wantsCalibration(settings) && fitsIntoMemory(*memory)
                                   ? calibrateOnce(training.graph, settings, stop)
                                   : std::nullopt;
            const auto plan = planFor(training.graph, settings);
            if (!found)
                return [this, plan] { tellPlan(plan); };
            report(); // the plan may have other parts
            const auto best =
                std::ranges::find(found->trials, found->best, &CalibrationTrial::plan);
            return [this, plan, rate = best->samplesPerSecond] {
                tellPlan(plan);
                Q_EMIT calibrated(plan, rate);
            };
        } catch (const std::exception&) {
            return {}; // starting a training will report why it cannot be run
        }
    });
}

} // namespace gradwright

#include "moc_compute_probe.cpp"
