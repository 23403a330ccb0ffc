// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDir>
#include <QFile>
#include <QProcess>
#include <QStandardPaths>
#include <QString>
#include <QUuid>

#include <sys/types.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace gradwright::test {

/// A mark in the environment of this process, which processes that it starts have, too.
class RankMark {
public:
    RankMark() { qputenv("GRADWRIGHT_TEST_MARK", mark_); }

    /// The processes with the mark that mpirun has started, in the order of their ranks.
    [[nodiscard]] std::vector<pid_t> ranks() const {
        std::vector<std::pair<int, pid_t>> found;
        for (const QString& name : QDir(QStringLiteral("/proc")).entryList(QDir::Dirs)) {
            bool isNumber = false;
            const auto id = name.toInt(&isNumber);
            QFile environment(QStringLiteral("/proc/%1/environ").arg(name));
            if (!isNumber || !environment.open(QIODevice::ReadOnly))
                continue;
            const auto variables = environment.readAll().split('\0');
            if (!variables.contains("GRADWRIGHT_TEST_MARK=" + mark_))
                continue;
            for (const QByteArray& variable : variables)
                if (variable.startsWith("OMPI_COMM_WORLD_RANK="))
                    found.emplace_back(variable.mid(variable.indexOf('=') + 1).toInt(), id);
        }
        std::ranges::sort(found);
        std::vector<pid_t> processes;
        for (const auto& [rank, id] : found)
            processes.push_back(id);
        return processes;
    }

private:
    const QByteArray mark_ = QUuid::createUuid().toByteArray();
};

/// Why mpirun starts no processes here; empty where it does.
inline QString whyNoMpirun() {
    if (QStandardPaths::findExecutable(QStringLiteral("mpirun")).isEmpty())
        return QStringLiteral("mpirun is not installed (openmpi-bin)");
    qputenv("OMPI_ALLOW_RUN_AS_ROOT", "1");
    qputenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    QProcess probe; // without our program
    probe.start(QStringLiteral("mpirun"),
                {QStringLiteral("-n"), QStringLiteral("2"), QStringLiteral("--map-by"),
                 QStringLiteral(":OVERSUBSCRIBE"), QStringLiteral("--bind-to"),
                 QStringLiteral("none"), QStringLiteral("true")});
    const bool starts = probe.waitForFinished(60'000) && probe.exitCode() == 0;
    qunsetenv("OMPI_ALLOW_RUN_AS_ROOT"); // the program asks for itself
    qunsetenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM");
    return starts ? QString() : QStringLiteral("mpirun cannot start processes here");
}

} // namespace gradwright::test
