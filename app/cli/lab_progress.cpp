// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/lab_progress.h"

#include "app/cli/output.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace gradwright::cli {
namespace {

constexpr auto kLabRefresh = std::chrono::milliseconds(100);

std::size_t widthOf(std::FILE* terminal) {
    winsize size{};
    const bool isKnown = ioctl(fileno(terminal), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return isKnown ? size.ws_col : 80;
}

/// Cut to so many columns, never within a character.
std::string cutTo(const std::string& text, std::size_t columns) {
    std::string cut;
    for (const char c : text) {
        if ((static_cast<unsigned char>(c) & 0xC0) != 0x80 && columnsOf(cut) == columns)
            break;
        cut += c;
    }
    return cut;
}

} // namespace

LabProgress::LabProgress(std::FILE* stream)
    : stream_(stream)
    , isTerminal_(stream && isatty(fileno(stream)) == 1) {}

LabProgress::~LabProgress() {
    clearLine();
}

ExperimentSink LabProgress::sink() {
    if (!stream_)
        return {};
    return {[this](const ExperimentProgress& progress) { showMoving(progress); },
            [this](const TrialResult& result) { showDone(result); }};
}

void LabProgress::showMoving(const ExperimentProgress& progress) {
    trials_ = progress.trials;
    left_ = progress.secondsLeft ? durationText(*progress.secondsLeft) + " left" : std::string();
    const auto now = std::chrono::steady_clock::now();
    if (!isTerminal_ || now - lastShown_ < kLabRefresh)
        return;
    lastShown_ = now;
    auto line = fmt::format("{:3.0f} %  trial {} of {}: {}", progress.share * 100,
                            progress.done + 1, progress.trials, progress.title);
    if (!progress.note.empty())
        line += ", " + progress.note;
    if (!left_.empty())
        line += "  " + left_;
    fmt::print(stream_, "\r\x1b[K{}", cutTo(line, widthOf(stream_) - 1));
    std::fflush(stream_);
}

void LabProgress::showDone(const TrialResult& result) {
    clearLine();
    fmt::print(stream_, "Trial {} of {}: {} ({}{}){}\n", result.trial.number + 1, trials_,
               result.trial.title, durationText(result.seconds), left_.empty() ? "" : ", " + left_,
               result.hasFailed() ? ": " + result.error : std::string());
    std::fflush(stream_);
}

void LabProgress::clearLine() {
    if (isTerminal_) {
        fmt::print(stream_, "\r\x1b[K");
        std::fflush(stream_);
    }
}

} // namespace gradwright::cli
