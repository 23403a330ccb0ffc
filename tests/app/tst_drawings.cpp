// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/digit.h"
#include "engine/inference/predictor.h"
#include "engine/project/project.h"
#include "engine/project/templates.h"
#include "engine/training/checkpoint.h"
#include "engine/training/objective.h"
#include "tests/support/drawn_digits.h"

#include <QTemporaryDir>
#include <QTest>

#include <memory>
#include <vector>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

/// Reads drawings with a LeNet trained for two epochs: a network that is good, not a perfect one.
class DrawingsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        auto project = openTemplate("lenet-5");
        project.training.params["epochs"] = std::int64_t{2};
        project.training.params["threads"] = std::int64_t{1}; // other tests may run beside this
        fs::path run;
        std::string failure;
        const auto sink = [&](const TrainingEvent& event) {
            if (const auto* started = std::get_if<RunStarted>(&event))
                run = started->run;
            else if (const auto* failed = std::get_if<Failed>(&event))
                failure = failed->message;
        };
        Trainer(trainingJob(project, folder_.path().toStdString()), sink).run({});
        QVERIFY2(failure.empty(), failure.c_str());
        data_ = openDataset(project.data);
        predictor_ = std::make_unique<Predictor>(
            inferenceGraph(project.network, data_.info, project.training),
            readCheckpointWeights(run / "best.safetensors"));
        plain_ = openDataset(DataChoice{});
        findReadDigits();
    }

    void readsTestDigits() {
        qInfo("%zu of %lld test digits are read", read_.size(), static_cast<long long>(kDigits));
        QVERIFY(static_cast<double>(read_.size()) >= 0.97 * kDigits);
    }

    void readsMovedAndScaledDigits() {
        const auto share = shareRead({});
        qInfo("moved and scaled: %.2f %%", 100 * share);
        QVERIFY(share >= 0.98);
    }

    void readsThickenedDigits() {
        const auto share = shareRead({.minScale = 1.0, .dilation = 0.04});
        qInfo("dilated by 4 %% of the height: %.2f %%", 100 * share);
        QVERIFY(share >= 0.95);
    }

    void readsTheSamples() {
        int files = 0;
        for (const auto& entry :
             fs::directory_iterator(GRADWRIGHT_SOURCE_DIR "/resources/samples")) {
            if (entry.path().extension() == ".md")
                continue;
            const auto name = entry.path().filename().string();
            QVERIFY2(read(readImage(entry.path())) == name[0] - '0', name.c_str());
            ++files;
        }
        QVERIFY(files >= 10);
    }

private:
    static constexpr std::int64_t kDigits = 1000;

    /// The test digit as stored, in [0, 1].
    [[nodiscard]] Tensor digit(std::int64_t index) const {
        Tensor tensor(DType::F32, plain_.test->shape());
        plain_.test->input(index, tensor.span<float>());
        return tensor;
    }

    int read(const GrayImage& drawing) {
        return predictor_->predict(applyPreparation(prepareDigit(drawing), data_.info.preparation))
            .classIndex;
    }

    void findReadDigits() {
        for (std::int64_t i = 0; i < kDigits; ++i) {
            const auto input = applyPreparation(digit(i), data_.info.preparation);
            if (predictor_->predict(input).classIndex == plain_.test->label(i))
                read_.push_back(i);
        }
    }

    /// The share of the digits that are read from a drawing, among those that are read as they are
    /// stored; every other one is dark on light.
    double shareRead(DrawingSpec spec) {
        std::size_t good = 0;
        for (const auto index : read_) {
            spec.seed = static_cast<std::uint64_t>(index) + 1;
            spec.darkOnLight = index % 2 == 1;
            good += read(drawDigit(digit(index), spec)) == plain_.test->label(index);
        }
        return static_cast<double>(good) / static_cast<double>(read_.size());
    }

    QTemporaryDir folder_;
    Dataset data_;
    Dataset plain_;
    std::unique_ptr<Predictor> predictor_;
    std::vector<std::int64_t> read_;
};

QTEST_APPLESS_MAIN(DrawingsTest)
#include "tst_drawings.moc"
