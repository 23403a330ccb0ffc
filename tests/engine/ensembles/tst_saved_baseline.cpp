// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/classical/baseline.h"
#include "engine/ensembles/saved_baseline.h"
#include "engine/io/safetensors.h"
#include "engine/project/project.h"
#include "engine/support/rng.h"
#include "tests/support/message_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <numeric>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kFeatures = 6;
constexpr std::size_t kClasses = 3;
constexpr std::size_t kValues = 2;

/// Clouds around a place for each class, or two smooth functions.
Samples someSamples(bool classes, std::size_t count, std::uint64_t seed) {
    const Rng rng(seed, RngStream::Test);
    Samples samples;
    samples.features = kFeatures;
    samples.classes = classes ? kClasses : 0;
    samples.width = classes ? 0 : kValues;
    std::uint64_t counter = 0;
    for (std::size_t n = 0; n < count; ++n) {
        const auto label = static_cast<std::int32_t>(n % kClasses);
        double sum = 0;
        for (std::size_t i = 0; i < kFeatures; ++i) {
            const bool isOwn = i % kClasses == static_cast<std::size_t>(label);
            const double value = rng.uniform(counter++) + (classes && isOwn ? 0.7 : 0);
            samples.inputs.push_back(i == 1 && n % 4 == 0 ? 0.0F : static_cast<float>(value));
            sum += value * static_cast<double>(i);
        }
        if (classes) {
            samples.labels.push_back(label);
        } else {
            samples.targets.push_back(static_cast<float>(std::sin(sum)));
            samples.targets.push_back(static_cast<float>(sum));
        }
    }
    return samples;
}

DataInfo infoFor(bool classes) {
    DataInfo info;
    info.input = Shape{kFeatures};
    if (classes)
        info.classes = {"left", "middle", "right"};
    else
        info.target = Shape{kValues};
    return info;
}

} // namespace

/// Fitted methods as files.
class SavedBaselineTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void methodsAnswerAsBefore_data() {
        QTest::addColumn<QString>("key");
        QTest::addColumn<bool>("classes");
        for (const auto& method : classicalMethods())
            for (const bool classes : {true, false})
                if (classes ? method.forClasses : method.forValues)
                    QTest::addRow("%s of %s", method.key.c_str(), classes ? "classes" : "values")
                        << QString::fromStdString(method.key) << classes;
    }
    void methodsAnswerAsBefore() {
        QFETCH(QString, key);
        QFETCH(bool, classes);
        const auto& method = classicalMethod(key.toStdString());
        if (method.whyMissing && !method.whyMissing().empty())
            QSKIP(method.whyMissing().c_str());
        const auto learned = someSamples(classes, 120, 1);
        const auto asked = someSamples(classes, 60, 2);
        const auto file = fs::path(folder_.path().toStdString()) / "one.baseline";
        SavedBaseline saved = fitted(method, learned, classes);
        saveBaseline(file, saved);
        const auto opened = openBaseline(file);
        QCOMPARE(opened.method, &method);
        QCOMPARE(opened.learned, std::size_t{120});
        QCOMPARE(opened.seed, std::uint64_t{5});
        QVERIFY(opened.info == saved.info);
        QCOMPARE(opened.project.data.dataset, saved.project.data.dataset);
        QCOMPARE(opened.title(), saved.title());
        const auto before = answersOf(*saved.model, asked, {});
        const auto after = answersOf(*opened.model, asked, {});
        QVERIFY(before == after); // to the bit
        // As the Inference page asks: one prepared sample after the other.
        Predictor predictor(opened.answers());
        QVERIFY(predictor.inputShape() == Shape{kFeatures});
        QCOMPARE(predictor.classes(), classes ? kClasses : kValues);
        for (std::size_t n = 0; n < asked.count(); ++n) {
            const auto row = asked.row(n);
            const auto said = predictor.predict(Tensor::of<float>(Shape{kFeatures}, row));
            for (std::size_t i = 0; i < predictor.classes(); ++i)
                QCOMPARE(said.probabilities[i],
                         static_cast<float>(before[n * predictor.classes() + i]));
        }
        // What has been learned is not nothing.
        if (classes) {
            const auto outcomes = outcomesOf(asked, after);
            QVERIFY(*qualityMetric(MetricKind::Classes).value(outcomes) > 0.6);
        }
    }

    /// A part of the samples that no Input gets is not given to the method either.
    void leftOutPartsStayOut() {
        const auto& method = classicalMethod("knn");
        auto learned = someSamples(true, 30, 1);
        Samples narrow = learned;
        narrow.features = kFeatures - 1;
        narrow.inputs.clear();
        for (std::size_t n = 0; n < learned.count(); ++n)
            for (std::size_t i = 0; i < kFeatures; ++i)
                if (i != 2)
                    narrow.inputs.push_back(learned.row(n)[i]);
        auto saved = fitted(method, narrow, true);
        saved.info.assignment.leftOut = {"2"};
        const auto file = fs::path(folder_.path().toStdString()) / "narrow.baseline";
        saveBaseline(file, saved);
        Predictor predictor(openBaseline(file).answers());
        std::vector<float> row(learned.row(0).begin(), learned.row(0).end());
        const auto said = predictor.predict(Tensor::of<float>(Shape{kFeatures}, row));
        row[2] = 1e6F;
        const auto again = predictor.predict(Tensor::of<float>(Shape{kFeatures}, row));
        QVERIFY(said.probabilities == again.probabilities);
    }

    void damagedFilesAreRefused() {
        const auto file = fs::path(folder_.path().toStdString()) / "damaged.baseline";
        const auto refusal = [&](const char* method, const auto& damage) {
            saveBaseline(file, fitted(classicalMethod(method), someSamples(true, 30, 1), true));
            auto contents = readSafetensors(file);
            damage(contents);
            writeSafetensors(file, contents);
            return messageOf([&] { return openBaseline(file).learned; });
        };
        const auto replaced = [](SafetensorsFile& contents, const char* name, Tensor tensor) {
            for (auto& [key, value] : contents.tensors)
                if (key == name)
                    value = std::move(tensor);
        };
        const auto wholes = [](const std::vector<std::int64_t>& values) {
            return Tensor::of<std::int64_t>(Shape{static_cast<std::int64_t>(values.size())},
                                            values);
        };
        const auto named =
            refusal("knn", [](auto& contents) { contents.metadata["format"] = "something else"; });
        QVERIFY(named.contains("damaged.baseline") && named.contains("no file of a fitted method"));
        QVERIFY(refusal("knn", [](auto& contents) {
                    contents.metadata["schema"] = "7";
                }).contains("its schema is 7"));
        QVERIFY(refusal("knn", [](auto& contents) {
                    contents.metadata["method"] = "oracle";
                }).contains("oracle"));
        QVERIFY(refusal("knn", [](auto& contents) {
                    contents.metadata.erase("data");
                }).contains("lacks \"data\""));
        QVERIFY(refusal("knn", [](auto& contents) {
                    contents.metadata["learned"] = "many";
                }).contains("must be a number"));
        QVERIFY(refusal("knn", [&](auto& contents) {
                    std::erase_if(contents.tensors,
                                  [](const auto& each) { return each.first == "labels"; });
                }).contains("has no \"labels\""));
        QVERIFY(refusal("knn", [&](auto& contents) {
                    replaced(contents, "labels", wholes(std::vector<std::int64_t>(30, 9)));
                }).contains("\"labels\" holds 9, which is not from 0 to 2"));
        QVERIFY(refusal("knn", [&](auto& contents) {
                    replaced(contents, "neighbours", wholes({0}));
                }).contains("neighbours"));
        QVERIFY(refusal("naive-bayes", [&](auto& contents) {
                    std::vector<double> zeros(kFeatures * kClasses, 0.0);
                    replaced(contents, "variance",
                             Tensor::of<double>(Shape{kFeatures * kClasses}, zeros));
                }).contains("not above 0"));
        QVERIFY(refusal("naive-bayes", [&](auto& contents) {
                    std::vector<double> wrong(4, std::nan(""));
                    replaced(contents, "mean", Tensor::of<double>(Shape{4}, wrong));
                }).contains("\"mean\" has 4 numbers, not 18"));
        // A node that leads back to itself would never end.
        QVERIFY(refusal("tree", [&](auto& contents) {
                    for (auto& [key, value] : contents.tensors)
                        if (key == "tree0/left")
                            for (auto& left : value.template span<std::int64_t>())
                                left = 0;
                }).contains("node 0 leads to node 0"));
        QVERIFY(refusal("tree", [&](auto& contents) {
                    for (auto& [key, value] : contents.tensors)
                        if (key == "tree0/feature")
                            value.template span<std::int64_t>()[0] = kFeatures;
                }).contains("tree0/feature"));
        QVERIFY(messageOf([&] {
                    return openBaseline(file.parent_path() / "missing.baseline").learned;
                }).contains("missing.baseline"));
    }

    void listsHaveThoseOfTheProjectAlone() {
        const fs::path folder = fs::path(folder_.path().toStdString()) / "listed";
        const auto lab = folder / "digits.lab";
        const auto trial = lab / "2026-01-01T00-00-00-baselines" / "trials" / "0000";
        fs::create_directories(trial);
        auto saved = fitted(classicalMethod("knn"), someSamples(true, 30, 1), true);
        saveBaseline(trial / "knn.baseline", saved);
        saved.quality = 0.5;
        saveBaseline(folder / "mine.baseline", saved);
        saved.project.data.dataset = "fashion-mnist";
        saveBaseline(folder / "other.baseline", saved);
        fs::copy_file(folder / "mine.baseline", folder / "torn.baseline");
        fs::resize_file(folder / "torn.baseline", 20);
        const auto listed = listBaselines(newProject(), folder / "digits.gradwright", lab);
        QCOMPARE(listed.size(), std::size_t{2});
        QCOMPARE(listed[0].file, trial / "knn.baseline");
        QCOMPARE(listed[1].file, folder / "mine.baseline");
        QCOMPARE(listed[1].baseline.title(), "k nearest neighbours, 50.00 %");
        QVERIFY(!listed[1].baseline.model);
        QVERIFY(listBaselines(newProject(), {}, folder / "nothing").empty());
    }

private:
    static SavedBaseline fitted(const MethodDef& method, const Samples& samples, bool classes) {
        SavedBaseline saved;
        saved.method = &method;
        saved.seed = 5;
        saved.learned = samples.count();
        saved.quality = 0.75;
        saved.metric = classes ? "accuracy" : "r2";
        saved.project = newProject();
        saved.info = infoFor(classes);
        saved.model = fitMethod(method, samples, {}, 5, {});
        return saved;
    }

    QTemporaryDir folder_;
};

QTEST_GUILESS_MAIN(SavedBaselineTest)
#include "tst_saved_baseline.moc"
