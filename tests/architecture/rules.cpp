// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/architecture/rules.h"

#include <QRegularExpression>
#include <QSet>

#include <algorithm>

namespace architecture {

namespace {

constexpr int maximumLines = 500;

const QString spdxLine = QStringLiteral("// SPDX-License-Identifier: GPL-3.0-or-later");

/// Headers of a library that only some modules may know.
struct Library {
    QString header; ///< a regular expression for the whole name
    QStringList modules;
};

const std::vector<Library>& libraries() {
    static const std::vector<Library> all = {
        {"(oneapi/.*|dnnl.*)", {"engine/backend/onednn"}},
        {"(cuda|cudnn|cublas|nccl).*", {"engine/backend/cuda", "engine/distributed"}},
        {"mpi\\.h", {"engine/distributed"}},
        {"onnx/.*", {"engine/io"}},
        {"CLI/.*", {"app/cli"}},
        {"Eigen/.*", {"engine/classical", "engine/lab"}},
        {"qcustomplot\\.h", {"ui/plots"}},
    };
    return all;
}

struct Include {
    int line = 0;
    bool quoted = false;
    QString name;
};

std::vector<Include> includesOf(const QByteArray& text) {
    static const QRegularExpression pattern(
        QStringLiteral("^\\s*#\\s*include\\s*(?:\"([^\"]+)\"|<([^>]+)>)"));
    std::vector<Include> found;
    const auto lines = QString::fromUtf8(text).split(u'\n');
    for (qsizetype i = 0; i < lines.size(); ++i) {
        const auto match = pattern.match(lines[i]);
        if (match.hasMatch()) {
            const bool quoted = match.capturedLength(1) > 0;
            found.push_back({static_cast<int>(i) + 1, quoted, match.captured(quoted ? 1 : 2)});
        }
    }
    return found;
}

bool isQt(const QString& header) {
    static const QRegularExpression pattern(QStringLiteral("^(Q[A-Z]|Qt|q[a-z]+\\.h$)"));
    return pattern.match(header).hasMatch();
}

/// What a file in `from` may not include, with the reason, or nothing.
QString complaint(const QString& path, const Module& from, const Include& include) {
    const QString& name = include.name;
    const bool withoutQt =
        path.startsWith("engine/") || path.startsWith("app/cli/") || path.startsWith("app/worker/");
    for (const Library& library : libraries()) {
        const QRegularExpression header(QRegularExpression::anchoredPattern(library.header));
        if (header.match(name).hasMatch() && !library.modules.contains(from.folder))
            return QStringLiteral("only %1 may know %2").arg(library.modules.join(", "), name);
    }
    if (withoutQt && isQt(name))
        return QStringLiteral("%1 has to build without Qt, yet it includes %2")
            .arg(from.folder, name);
    if (name.startsWith("tests/"))
        return QStringLiteral("nothing but tests may include %1").arg(name);
    const bool isMadeByMoc = name.endsWith(".moc") || name.startsWith("moc_");
    if (!include.quoted || isMadeByMoc)
        return {};

    const Module* const to = moduleOf(name);
    if (to == nullptr)
        return QStringLiteral("\"%1\" is not in a known module: write includes from the project's "
                              "root, and add new modules to tests/architecture/rules.cpp")
            .arg(name);
    if (!sees(from, *to))
        return QStringLiteral("%1 may not look into %2 (%3)").arg(from.folder, to->folder, name);
    return {};
}

QStringList formViolations(const QString& path, const QByteArray& text) {
    QStringList found;
    if (!text.startsWith((spdxLine + u'\n').toUtf8()))
        found << QStringLiteral("%1:1: the first line has to be \"%2\"").arg(path, spdxLine);
    if (const auto lines = text.count('\n'); lines > maximumLines)
        found << QStringLiteral("%1: %2 lines; %3 are the most: split it")
                     .arg(path)
                     .arg(lines)
                     .arg(maximumLines);
    if ((path.endsWith(".h") || path.endsWith(".cuh")) && !text.contains("\n#pragma once\n"))
        found << QStringLiteral("%1: a header needs #pragma once").arg(path);
    return found;
}

} // namespace

const std::vector<Module>& modules() {
    static const QStringList engine = {
        "engine/project",   "engine/inference", "engine/exchange", "engine/quantization",
        "engine/classical", "engine/ensembles", "engine/worker",   "engine/lab"};
    static const QStringList belowPages = {"ui/plots", "ui/session", "ui/document", "ui/forms",
                                           "ui/theme"};
    static const QStringList pages = belowPages + QStringList{"ui/runs", "ui/pages", "ui/drawing"};
    static const std::vector<Module> all = {
        {"engine/support", {}},
        {"engine/tensor", {"engine/support"}},
        {"engine/ops", {"engine/tensor"}},
        {"engine/onnx", {"engine/ops"}},
        {"engine/layers", {"engine/ops", "engine/onnx"}},
        {"engine/graph", {"engine/layers"}},
        // What lies beside backend.h and in memory is for all; what lies below otherwise, for that
        // backend only.
        {"engine/backend", {"engine/passes", "engine/backend/memory", "engine/distributed"}},
        {"engine/backend/memory", {"engine/ops"}},
        {"engine/backend/reference", {"engine/backend"}},
        {"engine/backend/onednn", {"engine/backend"}},
        {"engine/backend/cuda", {"engine/backend", "engine/optimizers"}},
        {"engine/optimizers", {"engine/backend"}},
        {"engine/rates", {"engine/training", "engine/backend"}},
        {"engine/check", {"engine/training", "engine/backend"}},
        {"engine/passes", {"engine/ops"}},
        {"engine/data", {"engine/tensor"}},
        {"engine/metrics", {"engine/data", "engine/ops"}},
        {"engine/distributed", {"engine/tensor"}},
        {"engine/io", {"engine/graph", "engine/tensor"}},
        {"engine/training",
         {"engine/graph", "engine/data", "engine/metrics", "engine/backend", "engine/optimizers",
          "engine/distributed", "engine/io"}},
        {"engine/inference",
         {"engine/graph", "engine/passes", "engine/backend", "engine/data", "engine/metrics",
          "engine/io"}},
        {"engine/project", {"engine/graph", "engine/data", "engine/training", "engine/io"}},
        {"engine/classical", {"engine/training"}},
        {"engine/ensembles", {"engine/classical", "engine/project", "engine/inference"}},
        {"engine/quantization", {"engine/project", "engine/inference", "engine/passes"}},
        {"engine/exchange", {"engine/project", "engine/inference"}},
        {"engine/worker",
         {"engine/project", "engine/training", "engine/backend", "engine/rates", "engine/check"}},
        {"engine/lab", {"engine/project", "engine/inference", "engine/worker", "engine/ensembles"}},

        {"ui/theme", engine},
        {"ui/document", engine},
        {"ui/session", engine + QStringList{"ui/document"}},
        {"ui/glossary", engine + QStringList{"ui/theme"}},
        {"ui/forms", engine + QStringList{"ui/glossary", "ui/theme"}},
        {"ui/plots", engine + QStringList{"ui/forms", "ui/theme"}},
        {"ui/runs", {"ui/plots", "ui/session"}},
        {"ui/pages", {"ui/session", "ui/theme"}},
        {"ui/drawing", {"ui/document", "ui/forms", "ui/session", "ui/theme"}},
        {"ui/canvas", belowPages},
        {"ui/palette", belowPages},
        {"ui/inspector", belowPages},
        {"ui/problems", belowPages},
        {"ui/report", belowPages},
        {"ui/steps", {"ui/canvas"}},
        {"ui/design",
         {"ui/canvas", "ui/palette", "ui/inspector", "ui/problems", "ui/report", "ui/steps",
          "ui/pages"}},
        {"ui/data", pages},
        {"ui/training", pages},
        {"ui/inference", pages},
        {"ui/lab", pages},
        {"ui/devices", belowPages},
        {"ui/optimization", belowPages},
        {"ui/quantization", belowPages},
        {"ui/formats", belowPages},
        {"ui/onnx", belowPages},
        {"ui/shell",
         {"ui/devices", "ui/optimization", "ui/quantization", "ui/formats", "ui/onnx", "ui/design",
          "ui/data", "ui/training", "ui/inference", "ui/lab", "ui/drawing"}},

        {"app/cli", engine + QStringList{"app/worker"}},
        {"app/gui", {"ui/shell"}},
        {"app/worker", {"engine/worker", "engine/check", "engine/backend/cuda"}},
    };
    return all;
}

const Module* moduleOf(const QString& path) {
    const Module* best = nullptr;
    for (const Module& module : modules()) {
        // A module without modules in it may have folders of its own; one with them may not.
        if (path.startsWith(module.folder + u'/') &&
            (best == nullptr || module.folder.size() > best->folder.size()))
            best = &module;
    }
    if (best != nullptr && best->folder == u"engine/backend" &&
        path.mid(best->folder.size() + 1).contains(u'/'))
        return nullptr;
    return best;
}

bool sees(const Module& from, const Module& to) {
    if (from.folder == to.folder)
        return true;
    QSet<QString> visited;
    QStringList open = from.sees;
    while (!open.isEmpty()) {
        const QString folder = open.takeLast();
        if (folder == to.folder)
            return true;
        if (visited.contains(folder))
            continue;
        visited.insert(folder);
        const auto module = std::ranges::find(modules(), folder, &Module::folder);
        if (module != modules().end())
            open << module->sees;
    }
    return false;
}

QStringList violations(const QString& path, const QByteArray& text) {
    QStringList found = formViolations(path, text);
    if (path.startsWith("tests/"))
        return found;
    // What most modules of a layer read, for the compiler alone: nothing includes it.
    static const QStringList forAllModules = {QStringLiteral("engine/precompiled.h"),
                                              QStringLiteral("ui/precompiled.h")};
    if (forAllModules.contains(path))
        return found;
    const Module* const module = moduleOf(path);
    if (module == nullptr) {
        found << QStringLiteral("%1: lies in no known module; add new modules to "
                                "tests/architecture/rules.cpp and docs/design.md")
                     .arg(path);
        return found;
    }
    for (const Include& include : includesOf(text)) {
        const QString reason = complaint(path, *module, include);
        if (!reason.isEmpty())
            found << QStringLiteral("%1:%2: %3").arg(path).arg(include.line).arg(reason);
    }
    return found;
}

} // namespace architecture
