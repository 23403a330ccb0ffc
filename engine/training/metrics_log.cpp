// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/metrics_log.h"

#include "engine/io/line_scan.h"
#include "engine/metrics/quality_json.h"
#include "engine/support/json.h"
#include "engine/training/checkpoint.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>

namespace gradwright {
namespace {

constexpr std::int64_t kPointsPerEpoch = 200;

} // namespace

MetricsLog::MetricsLog(const RunDirectory& run, bool resuming, std::int64_t stepsPerEpoch,
                       const MetricDef& metric, bool forTensorBoard)
    : lines_(run.metrics(), resuming ? JsonLinesMode::Append : JsonLinesMode::Create)
    , metric_(&metric)
    , stepsPerEpoch_(stepsPerEpoch)
    , interval_(std::max<std::int64_t>(1, stepsPerEpoch / kPointsPerEpoch)) {
    if (forTensorBoard)
        tensorBoard_.emplace(run.path(), std::chrono::system_clock::now(),
                             resuming ? stepsOfCheckpoint(run.lastWeights()) + 1 : 0);
}

bool MetricsLog::endsPoint(std::int64_t stepOfEpoch) const {
    return stepOfEpoch % interval_ == 0 || stepOfEpoch == stepsPerEpoch_;
}

void MetricsLog::add(const StepDone& event) {
    const auto samples = static_cast<double>(event.samples);
    gathered_.loss += event.loss * samples;
    gathered_.quality.value += event.quality.value * samples;
    gathered_.samples += event.samples;
    if (!event.gradientNorms)
        return;
    const auto count = static_cast<double>(gathered_.samples);
    const double loss = gathered_.loss / count;
    const double quality = gathered_.quality.value / count;
    gathered_ = {};
    lines_.write({{"step", event.step},
                  {"epoch", event.epoch},
                  {"loss", loss},
                  {qualityKey(*metric_), quality},
                  {"learning_rate", event.learningRate},
                  {"seconds", event.seconds},
                  {"gradient_norms", *event.gradientNorms}});
    scalar("loss/training", event.step, loss);
    scalar(metric_->key + "/training", event.step, quality);
    scalar("learning_rate", event.step, event.learningRate);
}

void MetricsLog::add(const EpochDone& event) {
    Json line = {{"step", event.step},
                 {"epoch", event.epoch},
                 {"epoch_loss", event.training.loss},
                 {qualityKey(*metric_, "epoch_"), event.training.quality.value},
                 {"samples_per_second", event.samplesPerSecond},
                 {"data_wait_share", event.waitShare},
                 {"best", event.best}};
    if (event.validation) {
        line["validation_loss"] = event.validation->loss;
        const double quality = event.validation->quality.value;
        line[qualityKey(*metric_, "validation_")] = quality;
        scalar("loss/validation", event.step, event.validation->loss);
        scalar(metric_->key + "/validation", event.step, quality);
    }
    lines_.write(line);
}

void MetricsLog::add(const LearningRateChanged& event) {
    lines_.write({{"step", event.step},
                  {"epoch", event.epoch},
                  {"learning_rate_set", event.learningRate},
                  {"learning_rate", event.scheduledRate}});
}

void MetricsLog::scalar(std::string_view tag, std::int64_t step, double value) {
    if (tensorBoard_)
        tensorBoard_->scalar(tag, step, value);
}

double loggedSeconds(const RunDirectory& run, std::int64_t step) {
    std::error_code none;
    if (!std::filesystem::exists(run.metrics(), none))
        return 0;
    double seconds = 0;
    scanLines(run.metrics(), [&](std::string_view line, std::size_t /*number*/) {
        const auto at = isInLine(line, "loss") ? numberInLine(line, "step") : std::nullopt;
        const auto time = at ? numberInLine(line, "seconds") : std::nullopt;
        // Steps after the checkpoint are made again.
        if (time && *at <= static_cast<double>(step))
            seconds = *time;
    });
    return seconds;
}

} // namespace gradwright
