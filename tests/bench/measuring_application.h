// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/bench/quantile.h"

#include <QAction>
#include <QApplication>
#include <QElapsedTimer>
#include <QEvent>
#include <QJsonObject>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <vector>

namespace gradwright::test {

inline constexpr double kWantedMs = 16; ///< of 99 % of event handlers: a frame at 60 Hz
inline constexpr double kMostMs = 50;   ///< of all of them

/// Measures how long each event keeps the GUI thread.
class MeasuringApplication final : public QApplication {
public:
    using QApplication::QApplication;

    bool notify(QObject* receiver, QEvent* event) override {
        if (depth_ > 0 || !measuring)
            return QApplication::notify(receiver, event);
        ++depth_;
        QElapsedTimer timer;
        timer.start();
        // The receiver may be gone afterwards.
        QString who = QString::fromLatin1(receiver->metaObject()->className());
        if (const auto* const action = qobject_cast<QAction*>(receiver))
            who += QStringLiteral(" \"%1\"").arg(action->text());
        const auto what = event->type();
        const bool handled = QApplication::notify(receiver, event);
        const double ms = static_cast<double>(timer.nsecsElapsed()) * 1e-6;
        handlers.push_back(ms);
        if (ms > kWantedMs)
            slow.push_back(
                {ms, QStringLiteral("%1: event %2 of %3").arg(doing, QString::number(what), who)});
        --depth_;
        return handled;
    }

    struct Slow {
        double ms;
        QString what;
    };
    bool measuring = false;
    QString doing{QStringLiteral("the Train page")}; ///< for the names of slow handlers
    std::vector<double> handlers;                    ///< ms
    std::vector<Slow> slow;                          ///< those above kWantedMs

    /// Prints and forgets what was measured.
    void tell(const char* where, const char* key, QJsonObject& results) {
        if (handlers.empty())
            qFatal("no event was handled");
        const double worst = *std::ranges::max_element(handlers);
        const auto within =
            std::ranges::count_if(handlers, [](double ms) { return ms <= kWantedMs; });
        const double share =
            100 * static_cast<double>(within) / static_cast<double>(handlers.size());
        std::printf(
            "event handlers %-18s %6zu: %.3f %% within %.0f ms (wanted: 99%s); median %.3f, "
            "99 %% %.2f, worst %.1f ms (wanted: %.0f at most%s)\n",
            where, handlers.size(), share, kWantedMs, share >= 99 ? "" : ", missed",
            quantile(handlers, 0.5), quantile(handlers, 0.99), worst, kMostMs,
            worst <= kMostMs ? "" : ", missed");
        std::ranges::sort(slow, std::ranges::greater(), &Slow::ms);
        for (std::size_t i = 0; i < std::min<std::size_t>(slow.size(), 8); ++i)
            std::printf("    %6.1f ms  %s\n", slow[i].ms, qPrintable(slow[i].what));
        const auto insert = [&](const char* name, double value) {
            results.insert(QLatin1String(key) + QLatin1String(name), value);
        };
        insert("s", static_cast<double>(handlers.size()));
        insert("s_within_16_ms_percent", share);
        insert("_99_ms", quantile(handlers, 0.99));
        insert("_worst_ms", worst);
        handlers.clear();
        slow.clear();
    }

private:
    int depth_ = 0;
};

} // namespace gradwright::test
