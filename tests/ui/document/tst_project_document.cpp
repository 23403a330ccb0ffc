// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/atomic_file.h"
#include "engine/project/project_file.h"
#include "engine/support/error.h"
#include "ui/document/project_document.h"

#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

using namespace gradwright;

namespace {

ProjectEdit addDense(const ProjectDocument& document) {
    const Graph& graph = document.project().network.main;
    return {NetworkEdit{AddNode{"", Node{.id = graph.freshNodeId(),
                                         .name = graph.freshName("dense"),
                                         .use = LayerUse{"dense"},
                                         .params = {}}}}};
}

ProjectEdit setUnits(std::int64_t units) {
    return {NetworkEdit{SetParam{"", NodeId{1}, "units", ParamValue{units}}}};
}

std::int64_t units(const ProjectDocument& document) {
    return std::get<std::int64_t>(
        document.project().network.main.find(NodeId{1})->params.at("units"));
}

} // namespace

class TestProjectDocument : public QObject {
    Q_OBJECT

private:
    QTemporaryDir folder_;
    [[nodiscard]] std::filesystem::path path(const char* name) const {
        return std::filesystem::path(folder_.path().toStdString()) / name;
    }

private Q_SLOTS:
    void editsAreUndoneAndRedone() {
        ProjectDocument document(path("a"));
        const Project before = document.project();
        QSignalSpy analysed(&document, &ProjectDocument::analysisChanged);
        document.perform(QStringLiteral("Add"), addDense(document));
        QCOMPARE(document.project().network.main.nodes().size(), 1U);
        QCOMPARE(document.analysis().nodes.size(), 1U);
        QCOMPARE(analysed.count(), 1);
        QVERIFY(document.isModified());
        const Project after = document.project();

        document.undoStack().undo();
        QVERIFY(document.project() == before);
        QVERIFY(document.analysis().nodes.empty());
        QVERIFY(!document.isModified());
        document.undoStack().redo();
        QVERIFY(document.project() == after);
        QCOMPARE(document.analysis().nodes.size(), 1U);
    }

    void aRefusedEditChangesNothing() {
        ProjectDocument document(path("b"));
        QSignalSpy changed(&document, &ProjectDocument::changed);
        const Project before = document.project();
        QVERIFY_EXCEPTION_THROWN(document.perform(QStringLiteral("Set"), setUnits(5)), Error);
        QVERIFY(document.project() == before);
        QCOMPARE(document.undoStack().count(), 0);
        QCOMPARE(changed.count(), 0);
    }

    void changesOfOneDragAreOneStep() {
        ProjectDocument document(path("c"));
        document.perform(QStringLiteral("Add"), addDense(document));
        const QString key = QStringLiteral("units");
        for (const std::int64_t value : {10, 20, 30})
            document.performMerged(QStringLiteral("Set"), setUnits(value), key);
        QCOMPARE(document.undoStack().count(), 2);
        document.endMerge();
        document.performMerged(QStringLiteral("Set"), setUnits(40), key);
        QCOMPARE(document.undoStack().count(), 3);

        document.undoStack().undo();
        QCOMPARE(units(document), 30);
        document.undoStack().undo();
        QVERIFY(!document.project().network.main.find(NodeId{1})->params.contains("units"));
        document.undoStack().redo();
        QCOMPARE(units(document), 30);
        document.undoStack().redo();
        QCOMPARE(units(document), 40);
    }

    /// What a crash left behind is there until somebody has decided about it.
    void aCrashsWorkIsNotOverwritten() {
        const auto folder = path("crashed");
        const auto file = path("crash.gradwright");
        ProjectDocument first(path("other"));
        first.newFromTemplate("perceptron");
        first.saveAs(file);
        const std::string uuid = first.project().uuid;
        std::filesystem::create_directories(folder);
        const auto left = folder / (uuid + ".gradwright");
        std::filesystem::copy_file(file, left);
        const auto before = readTextFile(left);

        ProjectDocument document(folder);
        document.open(file);
        document.perform(QStringLiteral("Add"), addDense(document));
        document.autosaveNow();
        QCOMPARE(readTextFile(left), before);
        QCOMPARE(recoverableProjects(folder).size(), 1U);
        document.save(); // takes its own away
        QVERIFY(std::filesystem::exists(left));
    }

    /// Runs are called as their project: not "untitled" while the window says "mine".
    void theFirstFileNamesAnUntitledProject() {
        ProjectDocument document(path("autosave"));
        document.newProject();
        document.saveAs(path("mine.gradwright"));
        QCOMPARE(document.project().name, std::string("mine"));
        QVERIFY(!document.isModified());
        document.saveAs(path("copy.gradwright")); // it has a name now
        QCOMPARE(document.project().name, std::string("mine"));
        ProjectDocument other(path("autosave"));
        other.open(path("copy.gradwright"));
        QCOMPARE(other.project().name, std::string("mine"));
    }

    /// Runs from before a project had a file are still its runs.
    void savingKeepsTheRunsFolderFromBefore() {
        ProjectDocument document(path("runs"));
        document.newFromTemplate("perceptron");
        const auto before = document.runsFolder();
        document.saveAs(path("later.gradwright"));
        const auto folders = document.runsFolders();
        QCOMPARE(folders.size(), 2U);
        QCOMPARE(folders[0], document.runsFolder());
        QCOMPARE(folders[1], before);
        QVERIFY(folders[0] != before);
    }

    void savedAndOpenedItIsTheSame() {
        ProjectDocument document(path("d"));
        QVERIFY_EXCEPTION_THROWN(document.save(), Error);
        document.newFromTemplate("lenet-5");
        QVERIFY(!document.isModified());
        QVERIFY(!document.file());
        document.performMerged(QStringLiteral("Move"), {MoveNodes{"", {{NodeId{1}, Point{4, 8}}}}},
                               {});
        QVERIFY(document.isModified());
        const auto file = path("net.gradwright");
        document.saveAs(file);
        QVERIFY(!document.isModified());
        QCOMPARE(document.displayName(), QStringLiteral("net"));

        ProjectDocument other(path("d2"));
        other.open(file);
        // Values that are the default are not written.
        QCOMPARE(projectText(other.project()), projectText(document.project()));
        QCOMPARE(other.undoStack().count(), 0);
        const Project before = other.project();
        QVERIFY_EXCEPTION_THROWN(other.open(path("missing.gradwright")), Error);
        QVERIFY(other.project() == before);
        QCOMPARE(other.file().value(), file);
    }

    void whatDoesNotFitTheDataIsSaidBeforeTraining() {
        ProjectDocument document(path("data"));
        document.newFromTemplate("lenet-5");
        QVERIFY(!document.analysis().hasErrors());
        const DataChoice choice = document.project().data;
        DataInfo info{Shape{1, 28, 28}, {"a", "b", "c"}, {}};
        QSignalSpy analysed(&document, &ProjectDocument::analysisChanged);
        document.setDataInfo(choice, info);
        QCOMPARE(analysed.count(), 1);
        QVERIFY(document.analysis().hasErrors()); // ten outputs, three classes
        const Diagnostic found = document.analysis().diagnostics.front();
        QCOMPARE(found.fixes.size(), 1U);
        document.perform(QStringLiteral("Fix"), {found.fixes.front().edit});
        QVERIFY(!document.analysis().hasErrors());

        DataChoice other = choice;
        other.dataset = "fashion-mnist";
        document.setDataProblem(other, "gone"); // nobody asked for it
        QVERIFY(!document.analysis().hasErrors());
        document.perform(QStringLiteral("Data"), {SetData{other}});
        QVERIFY(!document.dataInfo());
        document.setDataInfo(choice, info); // the answer comes too late
        QVERIFY(!document.dataInfo());
        document.setDataProblem(other, "the file is broken");
        QCOMPARE(document.analysis().diagnostics.back().message, std::string("the file is broken"));
        QVERIFY(document.analysis().hasErrors());
    }

    void unsavedWorkIsRecoveredAfterACrash() {
        const auto folder = path("autosave");
        const auto file = path("crashed.gradwright");
        Project lost;
        {
            ProjectDocument document(folder);
            document.newFromTemplate("perceptron");
            document.saveAs(file);
            document.perform(QStringLiteral("Add"), addDense(document));
            document.autosaveNow();
            lost = document.project();
            // While its program lives, nobody else is offered it.
            QVERIFY(recoverableProjects(folder).empty());
            // What a crash leaves: the file, and no one who holds its lock.
            const auto kept = folder / (lost.uuid + ".gradwright");
            QVERIFY(std::filesystem::exists(kept));
            std::filesystem::copy_file(kept, folder / "crash.gradwright");
        }
        const auto found = recoverableProjects(folder);
        QCOMPARE(found.size(), 1U); // the orderly end removed the other
        QCOMPARE(found.front().file.value(), file);

        ProjectDocument document(folder);
        document.recover(found.front());
        QVERIFY(document.project() == lost);
        QVERIFY(document.isModified());
        QCOMPARE(document.file().value(), file);
        QVERIFY(!(loadProject(file) == lost));
        document.save();
        QVERIFY(loadProject(file) == lost);
        QVERIFY(recoverableProjects(folder).empty());
    }
};

QTEST_GUILESS_MAIN(TestProjectDocument)
#include "tst_project_document.moc"
