// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"
#include "engine/support/json_fwd.h"
#include "tests/support/data_files.h"

#include <QByteArray>
#include <QProcess>
#include <QStringList>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace gradwright::test {

/// What a call of the program gave.
struct CliResult {
    int code = -1; ///< -1 when it crashed or did not end in time
    QByteArray out;
    QByteArray err;

    /// Standard output as the one JSON document that it must be; null when it is not.
    [[nodiscard]] Json json() const;
    /// Standard error is one line that starts with the program's name.
    [[nodiscard]] bool failsInOneLine() const;
    /// Nothing when it failed with exit code 1 and one line that holds all these parts; else what
    /// it did instead.
    [[nodiscard]] std::string whyNoFailure(const QStringList& parts) const;
    /// Everything, for the message of a failed check.
    [[nodiscard]] std::string text() const;
};

/// The real gradwright-cli in a world of its own: an empty user data folder, and as MNIST only the
/// first samples of it, so that an epoch takes a moment.
class Cli {
public:
    explicit Cli(std::int64_t trainingSamples = 1000, std::int64_t testSamples = 300);

    /// Runs to the end.
    [[nodiscard]] CliResult run(const QStringList& arguments) const;
    /// Starts and leaves it running.
    [[nodiscard]] std::unique_ptr<QProcess> start(const QStringList& arguments) const;
    static CliResult finish(QProcess& process);
    /// Prepared to run; the caller may change redirections before it starts.
    [[nodiscard]] std::unique_ptr<QProcess> prepared(const QStringList& arguments) const;
    static QString program();

    [[nodiscard]] std::filesystem::path operator/(const std::string& name) const {
        return folder_ / name;
    }
    [[nodiscard]] QString path(const std::string& name) const {
        return QString::fromStdString((folder_ / name).string());
    }
    /// Saves a project in the world's folder and returns its path.
    [[nodiscard]] QString save(const Project& project, const std::string& name) const;

private:
    TemporaryFolder folder_;
};

/// The only run in a folder of runs; empty when there is none yet.
std::filesystem::path onlyRun(const std::filesystem::path& runsFolder);

/// The contents of a file as text; empty when there is none.
std::string contentsOf(const std::filesystem::path& file);
void writeText(const std::filesystem::path& file, const std::string& text);

} // namespace gradwright::test
