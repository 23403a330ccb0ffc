// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/npy.h"
#include "engine/io/safetensors.h"
#include "engine/project/templates.h"
#include "engine/support/json.h"
#include "tests/app/cli.h"

#include <QFile>
#include <QTest>

#include <cmath>
#include <random>
#include <set>
#include <vector>

using namespace gradwright;
using namespace gradwright::test;

/// Networks in integers of 8 bits, in the terminal.
class CliQuantizeTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        const auto file = cli_.save(openTemplate("lenet-5"), "lenet.gradwright");
        const auto trained = cli_.run({"train", file, "--set", "data.limit=1500", "--epochs", "3"});
        QVERIFY2(trained.code == 0, trained.text().c_str());
        run_ = QString::fromStdString(onlyRun(cli_ / "lenet.runs").string());
        made_ = cli_.run({"quantize", run_, "--calibrate", "300", "--json"});
        QVERIFY2(made_.code == 0, made_.text().c_str());
        file_ = QString::fromStdString(made_.json()["file"].get<std::string>());
    }

    void accuracyAndSizeAreTold() {
        const auto report = made_.json();
        QCOMPARE(report["calibration_samples"].get<int>(), 300);
        QCOMPARE(report["layers"].size(), std::size_t{5});
        for (const auto& layer : report["layers"]) {
            QCOMPARE(layer["precision"].get<std::string>(), std::string("int8"));
            const auto error = layer["error_alone"].get<double>();
            QVERIFY(error > 0 && error < 0.05);
        }
        const auto before = report["test"]["fp32"]["accuracy"].get<double>();
        const auto after = report["test"]["int8"]["accuracy"].get<double>();
        QVERIFY2(before > 0.7, std::to_string(before).c_str());
        QVERIFY(std::abs(before - after) <= 0.005);
        // 61,706 parameters: a byte for each but the 236 biases.
        QCOMPARE(report["weight_bytes"]["fp32"].get<int>(), 4 * 61706);
        QCOMPARE(report["weight_bytes"]["int8"].get<int>(), 61470 + 4 * 236);
        QVERIFY(QFile(file_).size() < 61706 * 2);
        // The same figures as evaluate has of the run and of the file.
        const auto ofRun = cli_.run({"evaluate", run_, "--json"}).json();
        const auto ofFile = cli_.run({"evaluate", file_, "--json"}).json();
        QCOMPARE(ofRun["accuracy"].get<double>(), before);
        QCOMPARE(ofFile["accuracy"].get<double>(), after);
        QVERIFY(ofRun["loss"] != ofFile["loss"]);
        const auto text = cli_.run(
            {"quantize", run_, "--calibrate", "50", "--output", cli_.path("text.safetensors")});
        QVERIFY2(text.out.contains("INT8") && text.out.contains("Error alone"),
                 text.text().c_str());
    }

    /// The file alone is enough: the run may be gone.
    void theFileAnswersWithoutItsRun() {
        const auto copy = cli_.path("copy.safetensors");
        QVERIFY(QFile::copy(file_, copy));
        const auto image = QString(GRADWRIGHT_SOURCE_DIR) + "/resources/samples/0-marker.png";
        const auto ofFile = cli_.run({"predict", copy, image, "--json"});
        QVERIFY2(ofFile.code == 0, ofFile.text().c_str());
        const auto ofRun = cli_.run({"predict", run_, image, "--json"}).json();
        const auto made = ofFile.json();
        QVERIFY(made[0]["class"] == ofRun[0]["class"]);
        for (std::size_t i = 0; i < 10; ++i)
            QVERIFY(std::abs(made[0]["probabilities"][i].get<double>() -
                             ofRun[0]["probabilities"][i].get<double>()) < 0.1);
        const auto bench = cli_.run({"bench", copy, "--batch", "4", "--seconds", "0", "--json"});
        QVERIFY2(bench.code == 0, bench.text().c_str());
        Tensor samples(DType::F32, {3, 1, 28, 28});
        writeNpy(cli_ / "x.npy", samples);
        const auto inferred = cli_.run({"infer", copy, "--input", "image=" + cli_.path("x.npy"),
                                        "--output", cli_.path("answers"), "--json"});
        QVERIFY2(inferred.code == 0, inferred.text().c_str());
        const auto answers = readNpy(cli_ / "answers/probabilities.npy");
        QVERIFY((answers.shape() == Shape{3, 10}));
        double sum = 0;
        for (const float p : answers.span<float>().first(10))
            sum += double{p};
        QVERIFY(std::abs(sum - 1) < 1e-5);
    }

    void integersAreMeasured() {
        const auto result = cli_.run({"bench", run_, "--batch", "2", "--precision", "fp32,int8",
                                      "--seconds", "0", "--json"});
        QVERIFY2(result.code == 0, result.text().c_str());
        QCOMPARE(result.json()["measured"].size(), std::size_t{2});
        QCOMPARE(result.json()["measured"][1]["precision"].get<std::string>(), std::string("int8"));
    }

    void layersAreKept() {
        const auto all = made_.json();
        const auto first = QString::fromStdString(all["layers"][0]["layers"][0].get<std::string>());
        const auto kept = cli_.run({"quantize", run_, "--calibrate", "50", "--keep", first,
                                    "--output", cli_.path("kept.safetensors"), "--json"});
        QVERIFY2(kept.code == 0, kept.text().c_str());
        QCOMPARE(kept.json()["layers"][0]["precision"].get<std::string>(), std::string("fp32"));
        QCOMPARE(kept.json()["layers"][1]["precision"].get<std::string>(), std::string("int8"));
        QVERIFY(cli_.run({"evaluate", cli_.path("kept.safetensors"), "--json"}).code == 0);
        const auto wrong = cli_.run({"quantize", run_, "--keep", "conv99"});
        QCOMPARE(wrong.whyNoFailure({"\"conv99\"", first}), std::string());
    }

    void methodsDiffer() {
        std::set<double> losses;
        for (const auto* method : {"min-max", "percentile", "entropy", "mse"}) {
            const auto made =
                cli_.run({"quantize", run_, "--calibrate", "200", "--method", method, "--most-loss",
                          "100", "--output", cli_.path("method.safetensors"), "--json"});
            QVERIFY2(made.code == 0, made.text().c_str());
            const auto test = made.json()["test"];
            QVERIFY2(std::abs(test["fp32"]["accuracy"].get<double>() -
                              test["int8"]["accuracy"].get<double>()) < 0.03,
                     method);
            losses.insert(test["int8"]["loss"].get<double>());
        }
        QCOMPARE(losses.size(), std::size_t{4});
        const auto wrong = cli_.run({"quantize", run_, "--method", "max"});
        QCOMPARE(wrong.whyNoFailure({"\"max\"", "percentile"}), std::string());
    }

    void onnxIsWrittenAndReadBack() {
        const auto onnx = cli_.path("lenet.onnx");
        const auto made = cli_.run({"quantize", run_, "--calibrate", "50", "--output",
                                    cli_.path("x.safetensors"), "--onnx", onnx, "--json"});
        QVERIFY2(made.code == 0, made.text().c_str());
        QFile file(onnx);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const auto bytes = file.readAll();
        QVERIFY(bytes.contains("QuantizeLinear") && bytes.contains("DequantizeLinear"));
        QVERIFY(bytes.size() < 61706 * 2);
        // Our own importer runs it.
        Tensor samples(DType::F32, {2, 1, 28, 28});
        writeNpy(cli_ / "y.npy", samples);
        const auto inferred = cli_.run({"infer", onnx, "--input", "image=" + cli_.path("y.npy"),
                                        "--output", cli_.path("onnx-answers"), "--json"});
        QVERIFY2(inferred.code == 0, inferred.text().c_str());
        // A layer that is kept in real numbers is computed as one with its activation, and written
        // as two nodes.
        const auto first =
            QString::fromStdString(made_.json()["layers"][0]["layers"][0].get<std::string>());
        const auto kept = cli_.run({"quantize", run_, "--calibrate", "50", "--keep", first,
                                    "--output", cli_.path("k.safetensors"), "--onnx", onnx});
        QVERIFY2(kept.code == 0, kept.text().c_str());
        QVERIFY(kept.out.contains("answers alike when it is read back"));
    }

    /// What --equalize and --correct-biases make of the weights is in all files.
    void changedWeightsAreInAllFiles() {
        Tensor samples(DType::F32, {16, 1, 28, 28});
        std::mt19937 random(3);
        std::uniform_real_distribution<float> draw(0, 1);
        for (auto& value : samples.span<float>())
            value = draw(random);
        writeNpy(cli_ / "noise.npy", samples);
        const auto answers = [&](const QString& model, const char* folder) {
            const auto made =
                cli_.run({"infer", model, "--input", "image=" + cli_.path("noise.npy"), "--output",
                          cli_.path(folder)});
            if (made.code != 0)
                qFatal("%s", made.text().c_str());
            const auto file = *std::filesystem::directory_iterator(cli_ / folder);
            const auto values = readNpy(file.path());
            return std::vector<float>(values.span<float>().begin(), values.span<float>().end());
        };
        const auto quantized = [&](const char* name, const QStringList& flags) {
            const auto file = cli_.path(name);
            const auto made =
                cli_.run(QStringList{"quantize", run_, "--calibrate", "100", "--output",
                                     file + ".gwmodel", "--onnx", file + ".onnx"} +
                         flags);
            if (made.code != 0)
                qFatal("%s", made.text().c_str());
        };
        quantized("plain", {});
        quantized("changed", {"--equalize", "--correct-biases"});
        const auto plain = answers(cli_.path("plain.gwmodel"), "plain-answers");
        const auto model = answers(cli_.path("changed.gwmodel"), "model-answers");
        const auto onnx = answers(cli_.path("changed.onnx"), "onnx-changed");
        const auto away = [](const std::vector<float>& a, const std::vector<float>& b) {
            double squares = 0;
            for (std::size_t i = 0; i < a.size(); ++i)
                squares += std::pow(double{a[i]} - double{b[i]}, 2);
            return std::sqrt(squares);
        };
        QVERIFY(plain != model);
        QVERIFY2(
            2 * away(onnx, model) < away(plain, model),
            qPrintable(QStringLiteral("%1, %2").arg(away(onnx, model)).arg(away(plain, model))));
    }

    /// As a model file it answers as the other file does.
    void aModelFileIsWritten() {
        const auto model = cli_.path("lenet.gwmodel");
        const auto made = cli_.run({"quantize", run_, "--calibrate", "300", "--output", model});
        QVERIFY2(made.code == 0, made.text().c_str());
        const auto one = cli_.run({"evaluate", model, "--json"});
        const auto other = cli_.run({"evaluate", file_, "--json"});
        QVERIFY2(one.code == 0 && other.code == 0, one.text().c_str());
        QCOMPARE(one.json()["accuracy"].get<double>(), other.json()["accuracy"].get<double>());
        QCOMPARE(one.json()["loss"].get<double>(), other.json()["loss"].get<double>());
        QVERIFY(std::filesystem::file_size(model.toStdString()) < 61706 * 2);
    }

    /// Kernels of dense layers in 4 bits: 48,000, 10,080 and 840 weights, two in a byte.
    void kernelsOfFourBitsAreWritten() {
        const auto onnx = cli_.path("int4.onnx");
        const auto made = cli_.run({"quantize", run_, "--weights", "int4", "--most-loss", "100",
                                    "--onnx", onnx, "--json"});
        QVERIFY2(made.code == 0, made.text().c_str());
        QCOMPARE(made.json()["onnx"].get<std::string>(), onnx.toStdString());
        QVERIFY(QFile(onnx).size() < 61706); // 29,460 bytes of kernels, convolutions in FP32
        const auto report = made.json();
        QCOMPARE(report["kernels"].size(), std::size_t{3});
        for (const auto& layer : report["layers"])
            QVERIFY(layer["precision"] == "int4" && layer["error_alone"].get<double>() > 0);
        QCOMPARE(report["weight_bytes"]["int4"].get<int>(), 58920 / 2 + 4 * (61706 - 58920));
        const auto file = QString::fromStdString(report["file"].get<std::string>());
        QVERIFY(file.endsWith(QStringLiteral("int4.gwmodel")));
        const auto measured = cli_.run({"evaluate", file, "--json"});
        QVERIFY2(measured.code == 0, measured.text().c_str());
        QCOMPARE(measured.json()["accuracy"].get<double>(),
                 report["test"]["int4"]["accuracy"].get<double>());
        const auto loss = report["test"]["int4"]["loss"].get<double>();
        QVERIFY(loss != report["test"]["fp32"]["loss"].get<double>());
        const auto bench = cli_.run({"bench", file, "--batch", "1", "--seconds", "0"});
        QVERIFY2(bench.code == 0, bench.text().c_str());
        const auto wrong = cli_.run(
            {"quantize", run_, "--weights", "int4", "--output", cli_.path("packed.safetensors")});
        QVERIFY2(wrong.code == 2 && wrong.err.contains(".gwmodel"), wrong.text().c_str());
        const auto equalized = cli_.run({"quantize", run_, "--weights", "int4", "--equalize"});
        QVERIFY2(equalized.code == 2 && equalized.err.contains("--equalize"),
                 equalized.text().c_str());
    }

    /// Where the calibration samples lose more than is allowed, layers stay in FP32.
    void kernelsThatLoseTooMuchStayInRealNumbers() {
        const auto made = cli_.run({"quantize", run_, "--weights", "int4", "--group", "1000000",
                                    "--most-loss", "0", "--json"});
        QVERIFY2(made.code == 0, made.text().c_str());
        const auto report = made.json();
        const auto& calibration = report["calibration"];
        QVERIFY2(calibration["int4"]["accuracy"] >= calibration["fp32"]["accuracy"],
                 made.text().c_str());
        std::size_t packed = 0;
        for (const auto& layer : report["layers"])
            packed += layer["precision"] == "int4" ? 1 : 0;
        QCOMPARE(report["kernels"].size(), packed);
    }

    /// Goes on from the run in a new one, whose integers have the ranges that it was trained with.
    void aRunIsTrainedForIntegers() {
        const auto trained = cli_.run({"train", "--from", run_, "--integers", "int8", "--epochs",
                                       "1", "--run-dir", cli_.path("for-integers"), "--json"});
        QVERIFY2(trained.code == 0, trained.text().c_str());
        const auto notes = trained.json()["data_notes"].dump();
        QVERIFY2(notes.find("are rounded to integers") != std::string::npos, notes.c_str());
        const auto run = QString::fromStdString(trained.json()["run"].get<std::string>());
        const auto measured = cli_.run({"evaluate", run, "--json"});
        const auto made = cli_.run({"quantize", run, "--calibrate", "20", "--json"});
        QVERIFY2(measured.code == 0 && made.code == 0, made.text().c_str());
        // As trained, although 20 samples show other ranges.
        const auto loss = made.json()["test"]["int8"]["loss"].get<double>();
        const auto asTrained = measured.json()["loss"].get<double>();
        QVERIFY2(std::abs(loss - asTrained) < 0.01 * asTrained, made.text().c_str());
        QVERIFY(cli_.run({"train", "template:lenet-5", "--integers", "int8"})
                    .whyNoFailure({"--from RUN"})
                    .empty());
        const auto two = cli_.run({"train", "template:lenet-5", "--from", run_});
        QVERIFY2(two.code == 2 && two.err.contains("--from RUN"), two.text().c_str());
    }

    void aProgramIsWrittenOfIntegers() {
        const auto program = cli_.path("lenet.cpp");
        const auto made = cli_.run({"export", file_, "--format", "cpp", "--output", program});
        QVERIFY2(made.code == 0, made.text().c_str());
        QFile source(program);
        QVERIFY(source.open(QIODevice::ReadOnly));
        const auto text = source.readAll();
        QVERIFY(text.contains("const signed char") && text.contains("poolIntegers("));
    }

    void damagedFilesAreRefused() {
        auto file = readSafetensors(file_.toStdString());
        const auto refused = [&](const char* what, const SafetensorsFile& damaged,
                                 const char* why) {
            const auto path = cli_.path("damaged.safetensors");
            writeSafetensors(path.toStdString(), damaged);
            const auto result = cli_.run({"evaluate", path});
            QVERIFY2(result.whyNoFailure({"damaged.safetensors", QString(why)}).empty(),
                     (what + (": " + result.text())).c_str());
        };
        auto lacking = file;
        std::erase_if(lacking.tensors, [](const auto& entry) {
            return entry.first.find("/weight/int8") != std::string::npos;
        });
        refused("a missing kernel", lacking, "lacks");
        auto other = file;
        for (auto& [name, values] : other.tensors)
            if (values.dtype() == DType::I8)
                values = values.to(DType::F32);
        refused("kernels of another type", other, "F32");
        auto record = file;
        record.metadata["gradwright.record"] = "{\"schema\": 1}";
        refused("a description without parts", record, "damaged");
        auto newer = file;
        auto json = Json::parse(newer.metadata["gradwright.record"]);
        json["schema"] = 99;
        newer.metadata["gradwright.record"] = json.dump();
        refused("a newer file", newer, "newer");
        const auto plain = cli_.run({"evaluate", cli_.path("none.safetensors")});
        QCOMPARE(plain.whyNoFailure({"none.safetensors"}), std::string());
        const auto name = cli_.run({"quantize", run_, "--output", cli_.path("x.bin")});
        QVERIFY2(name.code == 2 && name.err.contains("NAME.safetensors or NAME.gwmodel"),
                 name.text().c_str());
    }

private:
    Cli cli_;
    QString run_, file_;
    CliResult made_;
};

QTEST_APPLESS_MAIN(CliQuantizeTest)
#include "tst_cli_quantize.moc"
