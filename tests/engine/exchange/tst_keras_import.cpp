// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/keras/keras_import.h"
#include "engine/exchange/network_runner.h"
#include "engine/exchange/project_import.h"
#include "engine/graph/lower.h"
#include "engine/io/safetensors.h"
#include "engine/support/error.h"
#include "tests/engine/exchange/imported_model.h"
#include "tests/support/message_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <fstream>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

fs::path golden(const std::string& name) {
    return fs::path(GRADWRIGHT_SOURCE_DIR) / "tests/engine/exchange/keras" / name;
}

} // namespace

/// Models that Keras 3 has saved, compared with what Keras computes (keras_models.py).
class KerasImportTest : public QObject {
    Q_OBJECT

private:
    static OnnxImport imported(const std::string& name) {
        const auto model = readKerasFile(golden(name + ".keras"));
        auto made = importKeras(model);
        if (!made.problems.empty())
            qFatal("%s", problemLines(made.problems).c_str());
        return made;
    }

private Q_SLOTS:
    void modelsComputeTheSame_data() {
        QTest::addColumn<QString>("name");
        for (const auto* name : {"dense", "images", "reorders", "sequences", "nested", "volumes"})
            QTest::newRow(name) << QString(name);
    }
    void modelsComputeTheSame() {
        QFETCH(const QString, name);
        auto made = imported(name.toStdString());
        const auto expected = readSafetensors(golden(name.toStdString() + ".safetensors"));
        NetworkRunner runner(lower(made.network), made.weights, {}, RunAs::Given);
        NamedTensors inputs;
        for (std::size_t i = 0; i < made.inputs.size(); ++i)
            inputs.emplace(made.inputs[i].first, *expected.find(fmt::format("input_{}", i)));
        const auto outputs = runner.run(inputs);
        QVERIFY(!made.outputs.empty());
        for (std::size_t i = 0; i < made.outputs.size(); ++i) {
            const auto& mine = outputs.at(made.outputs[i].first);
            const auto* theirs = expected.find(fmt::format("output_{}", i));
            QVERIFY(theirs != nullptr);
            QVERIFY(mine.shape() == theirs->shape());
            float largest = 1;
            for (const auto value : theirs->span<float>())
                largest = std::max(largest, std::abs(value));
            for (std::size_t k = 0; k < mine.span<float>().size(); ++k) {
                const auto difference = std::abs(mine.span<float>()[k] - theirs->span<float>()[k]);
                if (!(difference <= 1e-5F * largest))
                    QFAIL(qPrintable(QStringLiteral("output %1, element %2: %3 instead of %4")
                                         .arg(i)
                                         .arg(k)
                                         .arg(double(mine.span<float>()[k]))
                                         .arg(double(theirs->span<float>()[k]))));
            }
        }
    }

    /// A layer of Keras is one of ours where there is such a one, under its name.
    void layersStayWhatTheyWere() {
        const auto images = layersOf(imported("images").network);
        const std::map<std::string, int> wanted = {{"formula", 1},
                                                   {"conv2d", 3},
                                                   {"batch-norm", 1},
                                                   {"depthwise-conv2d", 1},
                                                   {"separable-conv2d", 1},
                                                   {"add", 1},
                                                   {"prelu", 1},
                                                   {"global-average-pool", 1},
                                                   {"dense", 2},
                                                   {"multiply", 1},
                                                   {"conv-transpose2d", 2},
                                                   {"pad", 1},
                                                   {"max-pool2d", 2},
                                                   {"layer-norm", 1},
                                                   {"crop", 1},
                                                   {"upsample", 2},
                                                   {"global-max-pool", 1},
                                                   {"reshape", 1},
                                                   {"concatenate", 1},
                                                   {"average-pool2d", 1},
                                                   {"flatten", 1}};
        for (const auto& [key, count] : wanted)
            QVERIFY2(images.contains(key) && images.at(key) == count,
                     fmt::format("{}: {}", key, images.contains(key) ? images.at(key) : 0).c_str());
        QCOMPARE(imported("sequences").inputs.at(0).second, std::string("numbers"));
    }

    void flattenNeedsNoPermutationInFrontOfDense() {
        const auto made = imported("nested");
        for (const auto& [id, node] : made.network.main.nodes())
            QVERIFY(node.layerUse()->layer != "permute");
    }

    /// Also within models that are layers of the model.
    void whatWasFrozenIs() {
        const auto made = imported("nested");
        int frozen = 0;
        for (const auto& [id, node] : made.network.main.nodes()) {
            const bool isInBackbone = node.name.starts_with("backbone_");
            const auto found = node.params.find("frozen");
            QCOMPARE(found != node.params.end() && std::get<bool>(found->second), isInBackbone);
            frozen += isInBackbone ? 1 : 0;
        }
        QCOMPARE(frozen, 2);
    }

    /// All at once, each with its class and reason.
    void whatCannotBeOpenedIsListed() {
        QCOMPARE(messageOf([] { return projectFromKeras(golden("refused.keras")); }),
                 "5 layers of the model cannot be opened:\n"
                 "shared (Dense): it is used in 2 places with the same weights, and each layer "
                 "here has its own\n"
                 "unit (UnitNormalization): no layer computes it\n"
                 "early (GRU): it resets the state before the product (reset_after=False)\n"
                 "wide (MultiHeadAttention): its 2 heads have 8 numbers each, and should divide "
                 "the 4 features\n"
                 "sparse (Dense): no layer computes the activation \"sparsemax\"");
        QVERIFY(messageOf([] { return projectFromKeras(golden("masked.keras")); })
                    .contains("words (Embedding): it masks zeros, so that layers behind it pass "
                              "over these steps, which none here does"));
    }

    void openLengthsAreAskedFor() {
        try {
            static_cast<void>(projectFromKeras(golden("lengths.keras")));
            QFAIL("it opened");
        } catch (const OnnxLengthMissing& missing) {
            QCOMPARE(missing.axis(), std::string("steps:1"));
        }
        OnnxImportOptions options;
        options.lengths["steps:1"] = 6;
        const auto made = projectFromKeras(golden("lengths.keras"), options);
        const auto* input = made.project.network.main.findByName("steps");
        QVERIFY(input != nullptr);
        QCOMPARE(std::get<IntTuple>(input->params.at("shape")), (IntTuple{6, 3}));
    }

    void aProjectComesWithItsWeights() {
        const auto made = projectFromModel(golden("dense.keras"));
        QCOMPARE(made.project.name, std::string("dense"));
        QVERIFY(made.project.description.find("Keras 3.") != std::string::npos);
        QVERIFY(made.weights.find("dense/weight") != nullptr);
        QVERIFY(!made.notes.empty());
    }

    void otherFilesAreRefused() {
        const QTemporaryDir folder;
        const auto file = fs::path(folder.path().toStdString()) / "no.keras";
        std::ofstream(file) << "text";
        QVERIFY(messageOf([&] { return projectFromKeras(file); }).contains("is no ZIP archive"));
        fs::resize_file(file, 0);
        QVERIFY(messageOf([&] { return projectFromKeras(file); }).contains("is no ZIP archive"));
        fs::copy_file(golden("dense.keras"), file, fs::copy_options::overwrite_existing);
        fs::resize_file(file, fs::file_size(file) - 100);
        QVERIFY(messageOf([&] { return projectFromKeras(file); }).contains("no.keras"));
    }

    void classesHaveKerasNames() {
        for (const auto& [kind, name] : std::map<std::string, std::string>{
                 {"Conv2DTranspose", "conv2d_transpose"},
                 {"LeakyReLU", "leaky_re_lu"},
                 {"SimpleRNN", "simple_rnn"},
                 {"LSTM", "lstm"},
                 {"GlobalAveragePooling2D", "global_average_pooling2d"},
                 {"RMSNormalization", "rms_normalization"}})
            QCOMPARE(kerasSnakeCase(kind), name);
    }
};

QTEST_APPLESS_MAIN(KerasImportTest)
#include "tst_keras_import.moc"
