// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/dataset.h"
#include "engine/exchange/onnx_export.h"
#include "engine/inference/predictor.h"
#include "engine/project/own_project.h"
#include "engine/project/runs.h"
#include "engine/project/templates.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "engine/support/version.h"
#include "engine/training/checkpoint.h"
#include "engine/training/objective.h"
#include "tests/engine/exchange/onnx_evaluator.h"
#include "tests/support/data_files.h"
#include "tests/support/message_of.h"
#include "tests/support/small_jobs.h"

#include <QTest>

#include <algorithm>
#include <fstream>

using namespace gradwright;
using namespace gradwright::test;

namespace {

onnx_format::ModelProto modelOf(const OnnxExport& made) {
    onnx_format::ModelProto model;
    if (!model.ParseFromString(made.file))
        throw std::runtime_error("the file is no ONNX model");
    return model;
}

/// The text that lies beside the graph under that key; empty where there is none.
std::string metadata(const onnx_format::ModelProto& model, const std::string& key) {
    for (const auto& entry : model.metadata_props())
        if (entry.key() == key)
            return entry.value();
    return {};
}

RunDirectory trained(const Project& project, const std::filesystem::path& folder) {
    EventLog log;
    Trainer(trainingJob(project, folder), log.sink()).run({});
    return RunDirectory::open(log.all<RunStarted>().at(0).run);
}

/// The model's answer to one prepared sample.
std::vector<double> answerOf(const onnx_format::ModelProto& model, const Tensor& sample) {
    OnnxArray array(sample.shape().withBatch(1).dims());
    std::ranges::copy(sample.span<float>(), array.data.begin());
    const auto values = evaluateOnnx(model, {{model.graph().input(0).name(), array}});
    return values.at(model.graph().output(0).name()).data;
}

Tensor sampleOf(const Dataset& data, std::int64_t index) {
    Tensor sample(DType::F32, data.info.input);
    data.test->input(index, sample.span<float>());
    return sample;
}

/// A table whose target lies far from 0, so that it is scaled for training.
std::filesystem::path writeTable(const std::filesystem::path& folder) {
    auto path = folder / "rent.csv";
    std::ofstream file(path);
    file << "area,floor,rent\n";
    for (int i = 0; i < 60; ++i)
        file << 20 + i << ',' << i % 5 << ',' << 400 + 11 * i + 30 * (i % 5) << '\n';
    return path;
}

} // namespace

class OnnxExportTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aRunAnswersAsPredictionDoes() {
        const TemporaryFolder folder;
        const auto project = smallProject(400);
        const auto run = trained(project, folder.path());
        const auto made = exportOnnx(project, run);
        QCOMPARE(made.run, std::optional(run.name()));
        QVERIFY(made.note.empty());
        const auto model = modelOf(made);
        QCOMPARE(model.graph().output(0).name(), std::string("probabilities"));
        QCOMPARE(metadata(model, "gradwright.version"), std::string(kVersion));
        QCOMPARE(metadata(model, "gradwright.run"), run.name());
        QCOMPARE(Json::parse(metadata(model, "classes")).size(), 10U);
        QVERIFY(metadata(model, "preparation").starts_with("pixels: byte / 255"));
        const auto shape = Json::parse(metadata(model, "gradwright.data"))["input"];
        QCOMPARE(shape.get<std::vector<int>>(), (std::vector<int>{1, 28, 28}));

        const auto data = openDataset(project.data);
        Predictor predictor(inferenceGraph(project.network, data.info, project.training),
                            readCheckpointWeights(weightsOfRun(run)));
        for (const std::int64_t index : {0, 3}) {
            const auto sample = sampleOf(data, index);
            const auto expected = predictor.predict(sample).probabilities;
            const auto answer = answerOf(model, sample);
            QCOMPARE(answer.size(), expected.size());
            for (std::size_t i = 0; i < answer.size(); ++i)
                QVERIFY(std::abs(answer[i] - static_cast<double>(expected[i])) < 1e-6);
        }
    }

    /// Not in what the loss compares.
    void valuesAreInTheTargetsUnits() {
        const TemporaryFolder folder;
        auto project = projectForData(writeTable(folder.path()));
        set(project, "epochs", std::int64_t{2});
        const auto run = trained(project, folder.path());
        const auto model = modelOf(exportOnnx(project, run));
        QCOMPARE(model.graph().output(0).name(), std::string("values"));
        QCOMPARE(metadata(model, "targets"), std::string("[\"rent\"]"));
        QVERIFY(metadata(model, "preparation").find("area") != std::string::npos);
        const auto info = dataInfoOfRun(run);
        QVERIFY(info.targetScaling.at(0).mean > 400);
        Predictor predictor(inferenceGraph(project.network, info, project.training),
                            readCheckpointWeights(weightsOfRun(run)));
        const auto sample = sampleOf(openDataset(project.data), 1);
        const double expected = info.targetScaling[0].restored(
            static_cast<double>(predictor.predict(sample).probabilities.at(0)));
        QVERIFY2(std::abs(answerOf(model, sample).at(0) - expected) < 1e-3,
                 qPrintable(QString("%1, %2").arg(answerOf(model, sample).at(0)).arg(expected)));
    }

    void theLatestTrainedRunIsTaken() {
        const TemporaryFolder folder;
        const auto file = std::filesystem::path(folder.path()) / "small.gradwright";
        auto project = smallProject(200);
        QVERIFY(!latestTrainedRun(project, file).has_value());
        const auto runs = runsFolder(project, file);
        trained(project, runs);
        const auto second = trained(project, runs);
        const auto untrained = RunDirectory::create(runs, "later");
        untrained.writeRunJson({{"project", Json::object()}});
        QCOMPARE(latestTrainedRun(project, file)->name(), second.name());
    }

    /// Weights of before would be answers of another network.
    void aChangedNetworkIsRefused() {
        const TemporaryFolder folder;
        auto project = smallProject(200);
        const auto run = trained(project, folder.path());
        const auto nodes = project.network.main.nodes();
        for (const auto& [id, node] : nodes)
            if (const auto* use = node.layerUse(); use && use->layer == "dropout")
                project.network.main.at(id).params["rate"] = 0.25;
        QCOMPARE(messageOf([&] { return exportOnnx(project, run).file; }),
                 QString("The network has been changed since its latest training (%1), so that it "
                         "has no weights. Train it again, or undo the changes.")
                     .arg(run.name().c_str()));
    }

    void withoutARunTheFirstWeightsAreWritten() {
        const auto project = openTemplate("lenet-5");
        const auto made = exportOnnx(project, {});
        QVERIFY(!made.run && made.note.empty());
        const auto model = modelOf(made);
        QCOMPARE(metadata(model, "gradwright.run"), std::string());
        QCOMPARE(metadata(model, "classes").empty(), false);
        // The same each time.
        QVERIFY(exportOnnx(project, {}).file == made.file);
    }

    void withoutDataTheNetworksOwnEndsAreWritten() {
        auto project = openTemplate("lenet-5");
        project.data.dataset = "csv";
        project.data.params = {{"file", std::string("/nowhere/rows.csv")}};
        const auto made = exportOnnx(project, {}, {.opset = kOldestOnnxOpset});
        QVERIFY(made.note.find("/nowhere/rows.csv") != std::string::npos);
        const auto model = modelOf(made);
        QCOMPARE(model.opset_import(0).version(), kOldestOnnxOpset);
        QCOMPARE(metadata(model, "classes"), std::string());
        QCOMPARE(model.graph().output_size(), 1);
        QVERIFY(model.graph().output(0).name() != "probabilities");
    }
};

QTEST_GUILESS_MAIN(OnnxExportTest)
#include "tst_onnx_export.moc"
