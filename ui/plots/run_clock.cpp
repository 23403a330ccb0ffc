// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/run_clock.h"

#include "ui/plots/scale.h"
#include "ui/theme/text.h"

#include <QCoreApplication>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace gradwright {
namespace {

constexpr std::size_t kMostMoments = 4096;
constexpr double kUnknownTime = std::numeric_limits<double>::quiet_NaN();

} // namespace

void RunClock::clear() {
    *this = RunClock();
}

void RunClock::add(double epoch, double step, double seconds) {
    if (epoch > 0)
        stepsPerEpoch_ = step / epoch;
    if (!std::isfinite(seconds))
        return;
    if (epochs_.size() == kMostMoments) {
        for (std::size_t i = 0; i < kMostMoments / 2; ++i) {
            epochs_[i] = epochs_[2 * i + 1];
            seconds_[i] = seconds_[2 * i + 1];
        }
        epochs_.resize(kMostMoments / 2);
        seconds_.resize(kMostMoments / 2);
    }
    epochs_.push_back(epoch);
    seconds_.push_back(seconds);
}

double RunClock::at(double epoch, XUnit unit) const {
    if (unit == XUnit::Epoch)
        return epoch;
    if (unit == XUnit::Step)
        return epoch * stepsPerEpoch_;
    if (epochs_.empty())
        return kUnknownTime;
    const auto after = std::ranges::lower_bound(epochs_, epoch);
    if (after == epochs_.end())
        return epochs_.back() > 0 ? seconds_.back() * (epoch / epochs_.back()) : seconds_.back();
    const auto i = static_cast<std::size_t>(after - epochs_.begin());
    const double from = i == 0 ? 0 : epochs_[i - 1];
    const double secondsFrom = i == 0 ? 0 : seconds_[i - 1];
    if (epochs_[i] <= from)
        return seconds_[i];
    return secondsFrom + (seconds_[i] - secondsFrom) * (epoch - from) / (epochs_[i] - from);
}

std::vector<double> RunClock::at(const std::vector<double>& epochs, XUnit unit) const {
    std::vector<double> places(epochs.size());
    std::ranges::transform(epochs, places.begin(), [&](double epoch) { return at(epoch, unit); });
    return places;
}

QString nameOf(XUnit unit) {
    switch (unit) {
    case XUnit::Step:
        return QCoreApplication::translate("XUnit", "Step");
    case XUnit::Epoch:
        return QCoreApplication::translate("XUnit", "Epoch");
    case XUnit::Time:
        return QCoreApplication::translate("XUnit", "Time");
    }
    return {};
}

double tickStep(XUnit unit, double span, int count) {
    const double least = std::max(span, 1e-9) / count;
    if (unit == XUnit::Step)
        return std::max(1.0, roundUp125(least));
    if (unit == XUnit::Epoch)
        return std::max(roundUp125(least), span < 1 ? 1e-6 : 0.1);
    constexpr std::array kSteps = {1.0,    2.0,    5.0,     10.0,    15.0,   30.0,
                                   60.0,   120.0,  300.0,   600.0,   900.0,  1800.0,
                                   3600.0, 7200.0, 14400.0, 21600.0, 43200.0};
    const auto step = std::ranges::lower_bound(kSteps, least);
    constexpr double kDay = 86400;
    return step == kSteps.end() ? kDay * roundUp125(least / kDay) : *step;
}

QString tickText(XUnit unit, double value) {
    if (unit == XUnit::Epoch)
        return QString::number(std::abs(value) < 1e-9 ? 0 : value, 'g', 4);
    const auto whole = std::llround(value);
    if (unit == XUnit::Step)
        return fullNumber(whole);
    const auto two = [](long long number) {
        return QStringLiteral("%1").arg(number, 2, 10, QLatin1Char('0'));
    };
    const QString sign = whole < 0 ? QStringLiteral("-") : QString();
    const auto size = std::abs(whole);
    const auto seconds = two(size % 60);
    if (size < 3600)
        return sign + QStringLiteral("%1:%2").arg(size / 60).arg(seconds);
    return sign + QStringLiteral("%1:%2:%3").arg(size / 3600).arg(two(size / 60 % 60), seconds);
}

} // namespace gradwright
