// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/network_texts.h"

#include "ui/theme/text.h"

#include <QCoreApplication>
#include <QLocale>

namespace gradwright {

namespace {

QString networkText(const char* text) {
    return QCoreApplication::translate("NetworkTexts", text);
}

} // namespace

QString whenText(const QDateTime& time) {
    const QDate today = QDate::currentDate();
    if (time.date() == today)
        return networkText("today %1").arg(time.toString(QStringLiteral("HH:mm")));
    if (time.date() == today.addDays(-1))
        return networkText("yesterday");
    return QLocale(QLocale::English)
        .toString(time.date(), time.date().year() == today.year() ? QStringLiteral("d MMMM")
                                                                  : QStringLiteral("d MMM yyyy"));
}

QDateTime localTime(std::chrono::system_clock::time_point time) {
    return QDateTime::fromMSecsSinceEpoch(
        std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count());
}

QString bestText(const RunSummary* best) {
    if (best == nullptr || !best->best)
        return {};
    return qstr(briefText(*best->best));
}

QString runsText(qsizetype count) {
    return count == 1 ? networkText("1 run") : networkText("%1 runs").arg(count);
}

QString shortFacts(const UnsavedNetwork& network) {
    const QString runs = runsText(static_cast<qsizetype>(network.runs.size()));
    const QString best = bestText(network.best());
    return best.isEmpty() ? runs : networkText("%1, best %2").arg(runs, best);
}

QString facts(const UnsavedNetwork& network) {
    QStringList parts{runsText(static_cast<qsizetype>(network.runs.size()))};
    if (const RunSummary* const best = network.best())
        parts << networkText("best %1").arg(qstr(toString(*best->best)));
    parts << networkText("%1 on disk").arg(byteSize(static_cast<std::int64_t>(network.bytes)));
    return parts.join(QStringLiteral(" · "));
}

QString writerText(const RunSummary& run) {
    if (qstr(run.lockOwner) == QString::number(QCoreApplication::applicationPid()))
        return networkText("this program");
    return run.lockOwner.empty() ? networkText("another program")
                                 : networkText("process %1").arg(qstr(run.lockOwner));
}

QString actionText(QString text) {
    return text.replace(QStringLiteral("&"), QStringLiteral("&&"));
}

} // namespace gradwright
