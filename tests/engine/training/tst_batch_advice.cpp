// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/runs.h"
#include "engine/training/batch_advice.h"
#include "engine/training/checkpoint.h"
#include "tests/support/data_files.h"
#include "tests/support/network_builder.h"
#include "tests/support/small_jobs.h"

#include <QTest>

#include <algorithm>
#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// A network of a normalization behind one layer that learns: of vectors, or of images of 1×1 or
/// 4×4.
Network networkWith(const std::string& layer, ParamValues params, std::int64_t side) {
    NetworkBuilder builder;
    const auto input = builder.layer(
        "input", {{"shape", side > 0 ? IntTuple{2, side, side} : IntTuple{2}}}, "data");
    auto last = side > 0 ? builder.after(input, "conv2d",
                                         {{"filters", std::int64_t{8}}, {"kernel", IntTuple{1, 1}}})
                         : builder.after(input, "dense", {{"units", std::int64_t{8}}});
    last = builder.after(last, layer, std::move(params), "norm");
    if (side > 0)
        last = builder.after(last, "flatten");
    last = builder.after(last, "dense", {{"units", std::int64_t{2}}});
    builder.after(last, "output");
    return builder.network;
}

TrainingSettings settingsOf(std::int64_t batch) {
    TrainingSettings settings;
    settings.params["batch"] = batch;
    return settings;
}

} // namespace

/// What is said of batches from which a normalization learns nothing.
class BatchAdviceTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void singleSamplesAreWarnedOf_data() {
        QTest::addColumn<QString>("layer");
        QTest::addColumn<int>("side");
        QTest::addColumn<bool>("isWarned");
        QTest::newRow("vectors over the batch") << "batch-norm" << 0 << true;
        QTest::newRow("images of one pixel over the batch") << "batch-norm" << 1 << true;
        QTest::newRow("images over the batch") << "batch-norm" << 4 << false;
        QTest::newRow("vectors within the sample") << "layer-norm" << 0 << false;
        QTest::newRow("groups within the sample") << "group-norm" << 4 << false;
        QTest::newRow("channels within the sample") << "instance-norm" << 4 << false;
    }
    void singleSamplesAreWarnedOf() {
        QFETCH(const QString, layer);
        QFETCH(const int, side);
        QFETCH(const bool, isWarned);
        ParamValues params;
        if (layer == "group-norm")
            params["groups"] = std::int64_t{4};
        const auto network = networkWith(layer.toStdString(), params, side);
        const auto analysis = analyze(network);
        QVERIFY(!analysis.hasErrors());
        const auto warned = batchAdvice(analysis, settingsOf(1));
        QCOMPARE(warned.size(), isWarned ? std::size_t{1} : std::size_t{0});
        QVERIFY(batchAdvice(analysis, settingsOf(2)).empty());
        // A last batch of one sample among larger ones.
        const auto note = [&](std::int64_t batch, std::size_t samples) {
            return lastBatchNote(analysis, settingsOf(batch), samples);
        };
        QCOMPARE(note(16, 33),
                 isWarned ? std::string("the last batch of an epoch is 1 sample (33 in batches of "
                                        "16), from which norm learns nothing; another batch size "
                                        "avoids it")
                          : std::string());
        QVERIFY(note(16, 32).empty() && note(16, 34).empty() && note(1, 33).empty());
        QVERIFY(note(16, 17).empty() != isWarned);
        if (isWarned) {
            QVERIFY(warned[0].severity == Severity::Warning);
            QCOMPARE(warned[0].place.path, std::string("norm"));
            QVERIFY(warned[0].fixes.at(0).batch == 16);
        }
    }

    /// Groups, channels and features of one value each leave nothing at any batch size.
    void meansOfSingleValuesAreWarnedOf_data() {
        QTest::addColumn<QString>("layer");
        QTest::addColumn<int>("groups");
        QTest::addColumn<int>("side");
        QTest::newRow("a group for each value of a vector") << "group-norm" << 8 << 0;
        QTest::newRow("a group for each pixel") << "group-norm" << 8 << 1;
        QTest::newRow("channels of one pixel") << "instance-norm" << 0 << 1;
    }
    void meansOfSingleValuesAreWarnedOf() {
        QFETCH(const QString, layer);
        QFETCH(const int, groups);
        QFETCH(const int, side);
        ParamValues params;
        if (groups > 0)
            params["groups"] = std::int64_t{groups};
        const auto analysis = analyze(networkWith(layer.toStdString(), params, side));
        QVERIFY(std::ranges::any_of(analysis.diagnostics, [](const Diagnostic& each) {
            return each.severity == Severity::Warning && contains(each.message, "a single value");
        }));
    }

    /// The training says so where it begins, and its weights stay numbers.
    void aLastBatchOfOneSampleIsNoted() {
        for (const std::int64_t samples : {33, 32}) {
            auto project = smallProject(samples);
            set(project, "batch", std::int64_t{16});
            auto& graph = project.network.main;
            const auto hidden = graph.findByName("hidden")->id;
            const auto dropout = graph.findByName("dropout")->id;
            const NodeId norm{90};
            apply(project.network, removeNodes(project.network, "", {dropout}));
            apply(project.network, {AddNode{"", {norm, "norm", LayerUse{"batch-norm"}, {}}}});
            apply(project.network,
                  {AddLink{"", {graph.freshLinkId(), {hidden, {0}}, {norm, {0}}}}});
            apply(project.network,
                  {AddLink{
                      "",
                      {graph.freshLinkId(), {norm, {0}}, {graph.findByName("scores")->id, {0}}}}});
            const TemporaryFolder folder;
            EventLog log;
            Trainer(trainingJob(project, folder.path()), log.sink()).run({});
            QVERIFY(log.has<Finished>());
            const auto started = log.all<RunStarted>().at(0);
            QCOMPARE(std::ranges::any_of(started.notes,
                                         [](const std::string& note) {
                                             return contains(note, "the last batch of an epoch is "
                                                                   "1 sample (33 in batches of "
                                                                   "16)");
                                         }),
                     samples == 33);
            const auto weights = readCheckpointWeights(started.run / "last.safetensors");
            for (const auto& [key, tensor] : weights.values)
                for (const float value : tensor.span<float>())
                    QVERIFY2(std::isfinite(value), key.c_str());
        }
    }
};

QTEST_APPLESS_MAIN(BatchAdviceTest)
#include "tst_batch_advice.moc"
