// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/app/cli.h"

#include "engine/io/run_directory.h"
#include "engine/project/project_file.h"
#include "engine/support/json.h"
#include "tests/support/small_mnist.h"

#include <QProcessEnvironment>

#include <fstream>
#include <iterator>

namespace gradwright::test {
namespace {

namespace fs = std::filesystem;

constexpr int kPatience = 240'000; // milliseconds

} // namespace

Json CliResult::json() const {
    try {
        return parseJson(out.toStdString(), "standard output");
    } catch (const Error&) {
        return {};
    }
}

bool CliResult::failsInOneLine() const {
    return err.startsWith("gradwright-cli: ") && err.endsWith('\n') && err.count('\n') == 1;
}

std::string CliResult::whyNoFailure(const QStringList& parts) const {
    if (code != 1 || !failsInOneLine())
        return text();
    for (const auto& part : parts)
        if (!err.contains(part.toUtf8()))
            return fmt::format("\"{}\" is missing: {}", part.toStdString(), text());
    return {};
}

std::string CliResult::text() const {
    return fmt::format("exit code {}\n--- stdout\n{}\n--- stderr\n{}", code, out.toStdString(),
                       err.toStdString());
}

Cli::Cli(std::int64_t trainingSamples, std::int64_t testSamples) {
    makeSmallMnist(folder_ / "resources", trainingSamples, testSamples);
}

QString Cli::program() {
    return QStringLiteral(GRADWRIGHT_CLI);
}

std::unique_ptr<QProcess> Cli::prepared(const QStringList& arguments) const {
    auto process = std::make_unique<QProcess>();
    auto environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("XDG_DATA_HOME"), path("data"));
    environment.insert(QStringLiteral("XDG_CACHE_HOME"), path("cache"));
    environment.insert(QStringLiteral("GRADWRIGHT_RESOURCES"), path("resources"));
    process->setProcessEnvironment(environment);
    process->setWorkingDirectory(QString::fromStdString(folder_.path()));
    process->setProgram(program());
    process->setArguments(arguments);
    return process;
}

std::unique_ptr<QProcess> Cli::start(const QStringList& arguments) const {
    auto process = prepared(arguments);
    process->start();
    process->waitForStarted(kPatience);
    return process;
}

CliResult Cli::finish(QProcess& process) {
    const bool ended =
        process.waitForFinished(kPatience) || process.state() == QProcess::NotRunning;
    if (!ended) {
        process.kill();
        process.waitForFinished();
    }
    const bool exited = ended && process.exitStatus() == QProcess::NormalExit;
    return {exited ? process.exitCode() : -1, process.readAllStandardOutput(),
            process.readAllStandardError()};
}

CliResult Cli::run(const QStringList& arguments) const {
    return finish(*start(arguments));
}

QString Cli::save(const Project& project, const std::string& name) const {
    saveProject(folder_ / name, project);
    return path(name);
}

fs::path onlyRun(const fs::path& runsFolder) {
    const auto runs = RunDirectory::list(runsFolder);
    return runs.size() == 1 ? runs.front().path() : fs::path();
}

std::string contentsOf(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

void writeText(const fs::path& file, const std::string& text) {
    std::ofstream(file, std::ios::binary) << text;
}

} // namespace gradwright::test
