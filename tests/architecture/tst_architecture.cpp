// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/architecture/rules.h"

#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <QTest>

#include <algorithm>

using namespace architecture;

namespace {

const QByteArray head = "// SPDX-License-Identifier: GPL-3.0-or-later\n";

QStringList sourceFiles() {
    const QDir root(GRADWRIGHT_SOURCE_DIR);
    QStringList files;
    for (const char* folder : {"engine", "app", "ui", "tests"}) {
        QDirIterator walk(root.filePath(folder), {"*.h", "*.cpp", "*.cu", "*.cuh"}, QDir::Files,
                          QDirIterator::Subdirectories);
        while (walk.hasNext())
            files << root.relativeFilePath(walk.next());
    }
    files.sort();
    return files;
}

} // namespace

class ArchitectureTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everySourceKeepsTheRules() {
        const QStringList files = sourceFiles();
        QVERIFY(files.contains("engine/support/error.h"));
        QVERIFY(files.contains("engine/backend/cuda/kernels/element.cuh"));
        QStringList found;
        for (const QString& path : files) {
            QFile file(QDir(GRADWRIGHT_SOURCE_DIR).filePath(path));
            QVERIFY2(file.open(QIODevice::ReadOnly), qPrintable(path));
            found << violations(path, file.readAll());
        }
        for (const QString& line : found)
            qWarning().noquote() << line;
        QCOMPARE(found.size(), 0);
    }

    void modulesFormNoCycle() {
        for (const Module& from : modules()) {
            for (const QString& folder : from.sees) {
                const auto to = std::ranges::find(modules(), folder, &Module::folder);
                QVERIFY2(to != modules().end(), qPrintable(folder));
                QVERIFY2(!sees(*to, from), qPrintable(from.folder + " and " + folder));
            }
        }
    }

    void includesAreJudged_data() {
        QTest::addColumn<QString>("path");
        QTest::addColumn<QByteArray>("include");
        QTest::addColumn<QString>("reason"); // empty: allowed
        const auto row = [](const char* path, const char* include, const char* reason) {
            QTest::addRow("%s in %s", include, path) << path << QByteArray(include) << reason;
        };
        row("engine/ops/a.cpp", "\"engine/ops/op.h\"", "");
        row("engine/ops/a.cpp", "\"engine/support/error.h\"", "");
        row("engine/ops/a.cpp", "\"engine/layers/layer.h\"", "may not look into engine/layers");
        row("engine/layers/a.cpp", "\"engine/backend/backend.h\"", "may not look into");
        row("engine/graph/a.cpp", "\"engine/data/source.h\"", "may not look into engine/data");
        row("engine/metrics/a.cpp", "\"engine/data/feed/batcher.h\"", "");
        row("engine/metrics/a.cpp", "\"engine/training/events.h\"", "may not look into");
        row("engine/metrics/a.cpp", "\"engine/inference/readings.h\"", "may not look into");
        row("engine/inference/a.cpp", "\"engine/metrics/metric.h\"", "");
        row("engine/training/a.cpp", "\"engine/backend/backend.h\"", "");
        row("engine/training/a.cpp", "\"engine/ops/op.h\"", "");
        row("engine/training/a.cpp", "\"engine/backend/update_rule.h\"", "");
        row("engine/training/a.cpp", "\"engine/backend/onednn/arena.h\"", "may not look into");
        row("engine/training/a.cpp", "\"engine/project/project.h\"", "may not look into");
        row("engine/backend/onednn/a.cpp", "\"engine/backend/weights.h\"", "");
        row("engine/backend/onednn/a.cpp", "<dnnl.hpp>", "");
        row("engine/backend/onednn/a.cpp", "\"engine/backend/memory/arena_plan.h\"", "");
        row("engine/backend/memory/a.cpp", "\"engine/backend/backend.h\"", "may not look into");
        row("engine/backend/onednn/a.cpp", "\"engine/backend/reference/kernels.h\"",
            "may not look into");
        row("engine/backend/a.cpp", "\"engine/backend/onednn/arena.h\"", "may not look into");
        row("engine/backend/cuda/kernels/a.cu", "\"engine/optimizers/adam.h\"", "");
        row("engine/backend/cuda/kernels/a.cu", "\"engine/training/loop.h\"", "may not look into");
        row("engine/backend/reference/a.cpp", "<oneapi/dnnl/dnnl.hpp>", "only engine/backend/");
        row("engine/support/a.cpp", "<QString>", "without Qt");
        row("engine/support/a.cpp", "<QtCore/QString>", "without Qt");
        row("engine/support/a.cpp", "<qglobal.h>", "without Qt");
        row("engine/support/a.cpp", "<queue>", "");
        row("engine/support/a.cpp", "\"error.h\"", "not in a known module");
        row("engine/support/a.cpp", "\"engine/magic/wand.h\"", "not in a known module");
        row("engine/support/a.cpp", "\"engine/backend/magic/wand.h\"", "not in a known module");
        row("engine/support/a.cpp", "\"tests/support/numeric.h\"", "nothing but tests");
        row("app/cli/main.cpp", "<CLI/CLI.hpp>", "");
        row("app/cli/main.cpp", "\"engine/inference/inference_session.h\"", "");
        row("app/cli/main.cpp", "\"ui/theme/theme.h\"", "may not look into ui/theme");
        row("app/cli/main.cpp", "<QCoreApplication>", "without Qt");
        row("app/gui/main.cpp", "\"ui/shell/main_window.h\"", "");
        row("app/gui/main.cpp", "\"main.moc\"", "");
        row("ui/plots/plot.cpp", "\"moc_plot.cpp\"", "");
        row("ui/theme/a.cpp", "\"ui/document/project_document.h\"", "may not look into");
        row("ui/plots/a.cpp", "<qcustomplot.h>", "");
        row("ui/training/a.cpp", "<qcustomplot.h>", "only ui/plots");
        row("ui/training/a.cpp", "\"ui/plots/curve.h\"", "");
        row("ui/training/a.cpp", "\"ui/data/page.h\"", "may not look into ui/data");
        row("ui/training/a.cpp", "\"ui/runs/runs_panel.h\"", "");
        row("ui/training/a.cpp", "\"ui/pages/page.h\"", "");
        row("ui/runs/a.cpp", "\"ui/pages/page.h\"", "may not look into ui/pages");
        row("ui/pages/a.cpp", "\"ui/training/train_page.h\"", "may not look into ui/training");
        row("ui/canvas/a.cpp", "\"ui/inspector/inspector.h\"", "may not look into");
        row("ui/canvas/a.cpp", "\"ui/shell/main_window.h\"", "may not look into ui/shell");
    }

    void includesAreJudged() {
        QFETCH(QString, path);
        QFETCH(QByteArray, include);
        QFETCH(QString, reason);
        const QStringList found = violations(path, head + "\n  # include " + include + "\n");
        if (reason.isEmpty()) {
            QVERIFY2(found.isEmpty(), qPrintable(found.join('\n')));
        } else {
            QCOMPARE(found.size(), 1);
            QVERIFY2(found.front().startsWith(path + ":3: "), qPrintable(found.front()));
            QVERIFY2(found.front().contains(reason), qPrintable(found.front()));
        }
    }

    void formIsJudged() {
        const QString path = "engine/ops/a.h";
        const QByteArray good = head + "#pragma once\n";
        QCOMPARE(violations(path, good), QStringList());
        QVERIFY(violations(path, "#pragma once\n" + good).join(' ').contains("first line"));
        QVERIFY(violations(path, head).join(' ').contains("#pragma once"));
        const QString device = "engine/backend/cuda/kernels/a.cuh";
        QVERIFY(violations(device, head).join(' ').contains("#pragma once"));
        QCOMPARE(violations(path, good + QByteArray(498, '\n')), QStringList());
        QVERIFY(violations(path, good + QByteArray(499, '\n')).join(' ').contains("501 lines"));
        QVERIFY(violations("engine/new/a.cpp", head).join(' ').contains("no known module"));
        QVERIFY(violations("ui/a.cpp", head).join(' ').contains("no known module"));
        QVERIFY(violations("tests/a.cpp", head + "#include <QTest>\n").isEmpty());
    }
};

QTEST_APPLESS_MAIN(ArchitectureTest)
#include "tst_architecture.moc"
