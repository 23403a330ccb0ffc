// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/analysis.h"
#include "engine/io/atomic_file.h"
#include "engine/project/challenge.h"
#include "engine/project/project_file.h"
#include "engine/project/templates.h"
#include "engine/support/json.h"
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
        QVERIFY(training.graph.type(training.input).sample() == info.input);
        const auto inference = inferenceGraph(project.network, info, project.training);
        const auto classes = static_cast<std::int64_t>(info.classes.size());
        const auto& predicted = inference.type(inference.outputs().front().value).sample();
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
            QVERIFY2(info.tryThis.size() > 40 &&
                         (info.tryThis.ends_with('.') || info.tryThis.ends_with('?')),
                     info.key.c_str());
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

    /// Published depths are the layers with weights on the longest way of the template: each but
    /// that of SENet, whose template is a smaller one of the family.
    void challengeDepthsAreTheTemplates() {
        QVERIFY(challengeEntries().size() >= 6);
        int year = 0;
        double error = 100;
        for (const auto& entry : challengeEntries()) {
            QVERIFY(entry.year >= year && entry.top5Error < error);
            year = entry.year;
            error = entry.top5Error;
            const auto project = openTemplate(entry.key);
            if (entry.key == "se-resnet-50")
                continue;
            const auto graph =
                inferenceGraph(project.network, infoOf(project.data), project.training);
            std::vector<int> depth(graph.values().size());
            for (const auto& op : graph.ops()) {
                int most = 0;
                for (const auto input : op.inputs)
                    most = std::max(most, depth[input.index()]);
                const bool hasWeights = std::holds_alternative<ConvOp>(op.attributes) ||
                                        std::holds_alternative<DenseOp>(op.attributes);
                for (const auto output : op.outputs)
                    depth[output.index()] = most + (hasWeights ? 1 : 0);
            }
            QCOMPARE(depth[graph.outputs().front().value.index()], entry.depth);
        }
    }

    /// The files are written by the program, so that a first save changes nothing but the UUID and
    /// where paths begin.
    void everyTemplateIsInTheProgramsOwnForm_data() { everyTemplateWorks_data(); }
    void everyTemplateIsInTheProgramsOwnForm() {
        QFETCH(std::string, key);
        const std::filesystem::path file =
            GRADWRIGHT_SOURCE_DIR "/resources/templates/" + key + ".gradwright";
        const auto text = readTextFile(file);
        const auto project = projectFromJson(parseJson(text, "the template"));
        QCOMPARE(QByteArray::fromStdString(projectText(project)), QByteArray::fromStdString(text));
    }

    void sizesAreThoseOfThePapers_data() {
        QTest::addColumn<std::int64_t>("parameters");
        const auto row = [](const char* key, std::int64_t parameters) {
            QTest::newRow(key) << parameters;
        };
        row("perceptron", 400 * 10 + 10);
        row("logistic-regression", 3);
        row("softmax-regression", 784 * 10 + 10);
        row("lenet-5", 61'706);
        row("denoising-autoencoder", 2 * 784 * 256 + 2 * 256 * 32 + 256 + 32 + 256 + 784);
        // Krizhevsky's network on one processor, as in torchvision.
        row("alexnet", 61'100'840);
        row("zfnet", 62'357'608);
        row("vgg-16", 138'357'544);
        row("vgg-19", 143'667'240);
        row("googlenet", 6'998'552);
        row("inception-v3", 27'161'264);
        row("resnet-18", 11'689'512);
        row("resnet-34", 21'797'672);
        row("resnet-50", 25'557'032);
        row("resnet-101", 44'549'160);
        row("resnet-152", 60'192'808);
        row("se-resnet-50", 28'088'024);
        // He et al. say 0.27 million; with projections in place of padded shortcuts it is this.
        row("cifar-resnet-20", 272'474);
        row("mobilenet-v2", 3'504'872);
    }
    void sizesAreThoseOfThePapers() {
        QFETCH(std::int64_t, parameters);
        const auto network = openTemplate(QTest::currentDataTag()).network;
        QCOMPARE(analyze(network).parameters, parameters);
    }

    void withoutItsAuxiliaryClassifierInceptionHasFewer() {
        auto network = openTemplate("inception-v3").network;
        const auto* aux = network.main.findByName("aux");
        QVERIFY(aux);
        apply(network, removeNodes(network, "", {aux->id}));
        QCOMPARE(analyze(network).parameters, 23'834'568);
    }

    void everyProjectIsAnother() {
        std::set<std::string> uuids;
        for (const auto& key : templateKeys())
            uuids.insert(openTemplate(key).uuid);
        uuids.insert(openTemplate("lenet-5").uuid);
        QCOMPARE(uuids.size(), templateKeys().size() + 1);
    }

    void unknownTemplatesAreNamed() {
        const auto error = errorOf([] { static_cast<void>(openProject("template:alexnot")); });
        QVERIFY2(contains(error, "alexnot") && contains(error, "lenet-5"), error.c_str());
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
