// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/progress_bar.h"

#include "app/cli/output.h"
#include "engine/backend/thread_governor.h"
#include "engine/support/counted.h"
#include "engine/training/compute_plan.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <variant>

namespace gradwright::cli {
namespace {

constexpr std::size_t kMaxBarWidth = 24;
constexpr std::size_t kMinBarWidth = 4;
constexpr auto kRefresh = std::chrono::milliseconds(100);
/// Weight of the past in the shown loss, so that it can be read while it moves.
constexpr double kSmoothing = 0.98;

std::string bar(double share, std::size_t width) {
    const auto full = static_cast<std::size_t>(
        std::lround(std::clamp(share, 0.0, 1.0) * static_cast<double>(width)));
    std::string text;
    for (std::size_t i = 0; i < width; ++i)
        text += i < full ? "█" : "░";
    return text;
}

std::size_t columnsOfTerminal(std::FILE* terminal) {
    winsize size{};
    const bool known = ioctl(fileno(terminal), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : 80;
}

} // namespace

ProgressBar::ProgressBar(std::FILE* stream)
    : stream_(stream)
    , isTerminal_(isatty(fileno(stream)) == 1) {}

void ProgressBar::show(const TrainingEvent& event) {
    if (const auto* started = std::get_if<RunStarted>(&event))
        showStart(*started);
    else if (const auto* step = std::get_if<StepDone>(&event))
        showStep(*step);
    else if (const auto* epoch = std::get_if<EpochDone>(&event))
        showEpoch(*epoch);
    else if (const auto* health = std::get_if<HealthChanged>(&event))
        showHealth(*health);
    else if (const auto* load = std::get_if<LoadChanged>(&event))
        load_ = load->othersBusy > 0
                    ? fmt::format("  {}", toString(ComputeLoad{load->threads, load->othersBusy}))
                    : std::string();
    else if (std::holds_alternative<Stopped>(event) || std::holds_alternative<Failed>(event))
        clearMovingLine(); // for the message that follows
}

void ProgressBar::showStart(const RunStarted& event) {
    epochs_ = event.epochs;
    smoothedQuality_.metric = event.metric;
    for (const auto& note : event.notes)
        showLastingLine("Data: " + note);
    if (const auto done = event.startStep / std::max<std::int64_t>(1, event.stepsPerEpoch);
        event.startStep > 0 && done >= event.epochs) {
        showLastingLine(fmt::format("Nothing is left to train: the run has had {}, and {} {} asked "
                                    "for (--epochs takes more)",
                                    counted(done, "epoch"), event.epochs,
                                    event.epochs == 1 ? "is" : "are"));
        return;
    }
    showLastingLine(fmt::format(
        "Training {} of {} {} {}{}", counted(event.epochs, "epoch"),
        groupedCount(event.stepsPerEpoch, "step"), event.gpu.empty() ? "with" : "on",
        event.gpu.empty() ? toString(ComputePlan{event.threads, event.parts}) : event.gpu,
        event.startStep > 0
            ? fmt::format(", from step {} with a learning rate of {:.4g}{}",
                          grouped(event.startStep + 1), event.learningRate,
                          event.learningRate == event.setRate
                              ? std::string()
                              : fmt::format(", which the schedule makes of {:.4g}", event.setRate))
            : ""));
}

void ProgressBar::showStep(const StepDone& event) {
    ++smoothedSteps_;
    smoothedLoss_ = kSmoothing * smoothedLoss_ + (1 - kSmoothing) * event.loss;
    smoothedQuality_.value =
        kSmoothing * smoothedQuality_.value + (1 - kSmoothing) * event.quality.value;
    const auto now = std::chrono::steady_clock::now();
    if (!isTerminal_ || now - lastShown_ < kRefresh)
        return;
    lastShown_ = now;
    // Without this correction the first values would be drawn towards zero (Kingma, Ba 2015).
    const double known = 1 - std::pow(kSmoothing, static_cast<double>(smoothedSteps_));
    const auto epoch = std::min(static_cast<std::int64_t>(std::ceil(event.epoch)), epochs_);
    const double share = event.epoch / static_cast<double>(epochs_);
    showMovingLine(fmt::format("Epoch {}/{} ", epoch, epochs_), share,
                   fmt::format("{:3.0f} %  loss {:.4f}  {}  {} samples/s  {} left{}", 100 * share,
                               smoothedLoss_ / known,
                               toString({smoothedQuality_.metric, smoothedQuality_.value / known}),
                               grouped(std::llround(event.samplesPerSecond)),
                               durationText(event.secondsLeft), load_));
}

void ProgressBar::showEpoch(const EpochDone& event) {
    auto line = fmt::format("Epoch {}/{}  loss {:.4f}  {}", event.epoch, epochs_,
                            event.training.loss, toString(event.training.quality));
    if (event.validation)
        line += fmt::format("  validation loss {:.4f}  {}{}", event.validation->loss,
                            toString(event.validation->quality), event.best ? " ★" : "");
    line += fmt::format("  {} samples/s, {:.1f} % waiting for data",
                        grouped(std::llround(event.samplesPerSecond)), 100 * event.waitShare);
    line += load_;
    showLastingLine(line);
}

/// What is new among the alarms.
void ProgressBar::showHealth(const HealthChanged& event) {
    for (const auto& alarm : event.alarms)
        if (auto line = lineOf(alarm); said_.insert(line).second)
            showLastingLine(line);
}

void ProgressBar::showMovingLine(const std::string& head, double share, const std::string& tail) {
    // A line that wraps could not be overwritten.
    const auto columns = columnsOfTerminal(stream_) - 1;
    const auto taken = head.size() + tail.size();
    auto line = head;
    if (taken + kMinBarWidth < columns)
        line += bar(share, std::min(kMaxBarWidth, columns - taken - 1)) + " ";
    line += tail.substr(0, columns - std::min(columns, head.size()));
    fmt::print(stream_, "\r\x1b[K{}", line);
    std::fflush(stream_);
}

void ProgressBar::clearMovingLine() {
    if (!isTerminal_)
        return;
    fmt::print(stream_, "\r\x1b[K");
    std::fflush(stream_);
}

void ProgressBar::showLastingLine(const std::string& line) {
    fmt::print(stream_, "{}{}\n", isTerminal_ ? "\r\x1b[K" : "", line);
    std::fflush(stream_);
}

} // namespace gradwright::cli
