// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/forms/long_work.h"

#include <QCoreApplication>
#include <QEventLoop>
#include <QProgressDialog>
#include <QTimer>

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>

namespace gradwright {
namespace {

constexpr int kQuietMs = 400; ///< of work that no dialog is shown for

QString workText(const char* text) {
    return QCoreApplication::translate("LongWork", text);
}

} // namespace

void workWithProgress(
    QWidget& window, const QString& title,
    const std::function<void(const std::stop_token&, const std::function<void(double)>&)>& work) {
    QEventLoop loop;
    std::stop_source stop;
    std::atomic<int> percent = 0;
    std::atomic<bool> isDone = false;
    std::exception_ptr problem;
    std::jthread thread([&] {
        try {
            work(stop.get_token(), [&](double share) { percent = static_cast<int>(100 * share); });
        } catch (...) {
            problem = std::current_exception();
        }
        isDone = true;
        QMetaObject::invokeMethod(&loop, &QEventLoop::quit, Qt::QueuedConnection);
    });
    QTimer::singleShot(kQuietMs, &loop, &QEventLoop::quit);
    loop.exec(QEventLoop::ExcludeUserInputEvents);
    if (!isDone) {
        QProgressDialog dialog(title, workText("Cancel"), 0, 100, &window);
        dialog.setObjectName(QStringLiteral("progress"));
        dialog.setWindowTitle(workText("Gradwright"));
        dialog.setWindowModality(Qt::WindowModal);
        dialog.setAutoClose(false);
        dialog.setAutoReset(false);
        dialog.setMinimumDuration(0);
        QObject::connect(&dialog, &QProgressDialog::canceled, &dialog,
                         [&] { stop.request_stop(); });
        QTimer ticks;
        QObject::connect(&ticks, &QTimer::timeout, &dialog, [&] {
            if (!dialog.wasCanceled())
                dialog.setValue(std::min<int>(percent, 99));
        });
        constexpr int kTickMs = 50;
        ticks.start(kTickMs);
        dialog.setValue(percent);
        while (!isDone)
            loop.exec();
    }
    thread.join();
    if (problem)
        std::rethrow_exception(problem);
}

} // namespace gradwright
