// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/analysis.h"
#include "engine/project/project_file.h"
#include "engine/project/templates.h"
#include "engine/training/objective.h"
#include "tests/support/data_files.h"

#include <QTest>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// Fashion-MNIST has the form of MNIST, which is there without a package of Debian's.
DataInfo infoOf(const DataChoice& data) {
    if (data.dataset == "fashion-mnist" &&
        !std::filesystem::exists("/usr/share/datasets/fashion-mnist"))
        return openDataset({}).info;
    return openDataset(data).info;
}

} // namespace

class TemplatesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyTemplateWorks_data() {
        QTest::addColumn<std::string>("key");
        for (const auto& key : templateKeys())
            QTest::newRow(key.c_str()) << key;
    }
    void everyTemplateWorks() {
        QFETCH(std::string, key);
        const auto project = openTemplate(key);
        QVERIFY(project.name != "untitled");
        QVERIFY(project.description.size() > 40);
        QVERIFY(project.description.ends_with('.'));

        const auto analysis = analyze(project.network);
        for (const auto& diagnostic : analysis.diagnostics)
            QVERIFY2(diagnostic.severity == Severity::Info, diagnostic.message.c_str());
        for (const auto& node : analysis.nodes)
            QVERIFY(node.state == ShapeState::Known && node.reachesOutput);
        for (const auto& [id, node] : project.network.main.nodes())
            QVERIFY2(project.canvas.positions.at("").contains(id), node.name.c_str());

        const auto info = infoOf(project.data);
        const auto found = diagnoseTraining(project.network, analysis, info, project.training);
        QVERIFY2(found.empty(), found.empty() ? "" : found.front().message.c_str());
        const auto training = trainingGraph(project.network, info, project.training);
        QVERIFY(training.graph.type(training.input).shape == info.input);
        const auto inference = inferenceGraph(project.network, project.training);
        const auto classes = static_cast<std::int64_t>(info.classes.size());
        const auto& predicted = inference.type(inference.outputs().front().value).shape;
        if (!info.hasClasses())
            QVERIFY(predicted == info.target);
        else
            QVERIFY(predicted ==
                    (info.labels() > 1 ? Shape{info.labels(), classes} : Shape{classes}));
    }

    /// The gallery's headings: each template under one, each heading once, in one piece.
    void everyTemplateHasItsPlaceInTheGallery() {
        std::vector<std::string> sections;
        std::set<std::string> keys;
        for (const auto& info : templates()) {
            QVERIFY2(keys.insert(info.key).second, info.key.c_str());
            QVERIFY2(info.tryThis.size() > 40 && info.tryThis.ends_with('.'), info.key.c_str());
            if (sections.empty() || sections.back() != info.section)
                sections.push_back(info.section);
        }
        QCOMPARE(std::set(sections.begin(), sections.end()).size(), sections.size());
        std::size_t files = 0;
        for (const auto& entry :
             std::filesystem::directory_iterator(GRADWRIGHT_SOURCE_DIR "/resources/templates"))
            files += entry.path().extension() == ".gradwright" ? 1U : 0U;
        QCOMPARE(keys.size(), files);
    }

    /// The files are written by the program, so that a first save changes nothing but the UUID.
    void everyTemplateIsInTheProgramsOwnForm_data() { everyTemplateWorks_data(); }
    void everyTemplateIsInTheProgramsOwnForm() {
        QFETCH(std::string, key);
        const std::filesystem::path file =
            GRADWRIGHT_SOURCE_DIR "/resources/templates/" + key + ".gradwright";
        QCOMPARE(QByteArray::fromStdString(projectText(loadProject(file))),
                 QByteArray(reinterpret_cast<const char*>(readFile(file).data()),
                            static_cast<qsizetype>(readFile(file).size())));
    }

    void sizesAreThoseOfThePapers() {
        const auto parameters = [](const char* key) {
            return analyze(openTemplate(key).network).parameters;
        };
        QCOMPARE(parameters("perceptron"), 400 * 10 + 10);
        QCOMPARE(parameters("softmax-regression"), 784 * 10 + 10);
        QCOMPARE(parameters("lenet-5"), 61'706);
    }

    void everyProjectIsAnother() {
        std::set<std::string> uuids;
        for (const auto& key : templateKeys())
            uuids.insert(openTemplate(key).uuid);
        uuids.insert(openTemplate("lenet-5").uuid);
        QCOMPARE(uuids.size(), templateKeys().size() + 1);
    }

    void unknownTemplatesAreNamed() {
        const auto error = errorOf([] { static_cast<void>(openProject("template:alexnet")); });
        QVERIFY2(contains(error, "alexnet") && contains(error, "lenet-5"), error.c_str());
        // A key is no path.
        QVERIFY(!errorOf([] { static_cast<void>(openTemplate("../templates/lenet-5")); }).empty());
    }

    void filesOpenToo() {
        const TemporaryFolder folder;
        const auto project = openTemplate("perceptron");
        saveProject(folder / "p.gradwright", project);
        QVERIFY(openProject((folder / "p.gradwright").string()) == project);
    }
};

QTEST_APPLESS_MAIN(TemplatesTest)
#include "tst_templates.moc"
