// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/onnx_export.h"
#include "engine/io/atomic_file.h"
#include "engine/io/npy.h"
#include "engine/project/project_file.h"
#include "engine/project/templates.h"
#include "engine/support/json.h"
#include "tests/app/cli.h"
#include "tests/support/numeric.h"
#include "tests/support/small_jobs.h"

#include <QTest>

#include <sys/resource.h>

#include <cmath>
#include <fstream>
#include <onnx_subset.pb.h>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

/// ONNX models in the terminal.
class CliOnnxTest : public QObject {
    Q_OBJECT

private:
    Cli cli_;

    [[nodiscard]] QString exported(const QString& project, const std::string& name) const {
        const auto file = cli_.path(name);
        const auto result =
            cli_.run({"export", project, "--format", "onnx", "-o", file, "--force"});
        if (result.code != 0)
            qFatal("%s", result.text().c_str());
        return file;
    }
    /// A model of an operator that no layer has.
    [[nodiscard]] QString strangeModel(const char* op) const {
        onnx_format::ModelProto model;
        model.add_opset_import()->set_version(17);
        auto& graph = *model.mutable_graph();
        const auto describe = [](onnx_format::ValueInfoProto& info, const char* name) {
            info.set_name(name);
            auto& tensor = *info.mutable_type()->mutable_tensor_type();
            tensor.set_elem_type(1);
            tensor.mutable_shape()->add_dim()->set_dim_param("N");
            tensor.mutable_shape()->add_dim()->set_dim_param("width");
        };
        describe(*graph.add_input(), "x");
        describe(*graph.add_output(), "y");
        auto& node = *graph.add_node();
        node.set_name("choice");
        node.set_op_type(op);
        node.add_input("x");
        node.add_output("y");
        writeText(cli_ / "strange.onnx", model.SerializeAsString());
        return cli_.path("strange.onnx");
    }
    /// A model of so many products of 1,024 values, of 4 MiB each, and its size in bytes. It is
    /// written in pieces, which Protocol Buffers joins: a program that is started counts what this
    /// one takes as its own.
    [[nodiscard]] std::int64_t writeProducts(const std::string& name, int count) const {
        constexpr std::int64_t kWidth = 1024;
        std::ofstream file(cli_ / name, std::ios::binary);
        const auto describe = [](onnx_format::ValueInfoProto& info, const std::string& value) {
            info.set_name(value);
            auto& tensor = *info.mutable_type()->mutable_tensor_type();
            tensor.set_elem_type(1);
            tensor.mutable_shape()->add_dim()->set_dim_param("N");
            tensor.mutable_shape()->add_dim()->set_dim_value(kWidth);
        };
        onnx_format::ModelProto head;
        head.set_ir_version(8);
        head.add_opset_import()->set_version(17);
        describe(*head.mutable_graph()->add_input(), "x0");
        describe(*head.mutable_graph()->add_output(), fmt::format("x{}", count));
        file << head.SerializeAsString();
        for (int i = 0; i < count; ++i) {
            onnx_format::ModelProto piece;
            auto& weight = *piece.mutable_graph()->add_initializer();
            weight.set_name(fmt::format("w{}", i));
            weight.set_data_type(1);
            weight.add_dims(kWidth);
            weight.add_dims(kWidth);
            const std::vector<float> values(kWidth * kWidth, 0.001F * static_cast<float>(i));
            weight.set_raw_data(values.data(), values.size() * sizeof(float));
            auto& node = *piece.mutable_graph()->add_node();
            node.set_op_type("MatMul");
            node.add_input(fmt::format("x{}", i));
            node.add_input(weight.name());
            node.add_output(fmt::format("x{}", i + 1));
            file << piece.SerializeAsString();
        }
        file.close();
        return static_cast<std::int64_t>(fs::file_size(cli_ / name));
    }
    /// What the largest of the programs that have ended took, in bytes.
    static std::int64_t mostMemory() {
        rusage usage{};
        getrusage(RUSAGE_CHILDREN, &usage);
        return std::int64_t{usage.ru_maxrss} * 1024;
    }
    [[nodiscard]] Tensor infer(const QString& model, const QString& input, const QString& samples,
                               const std::string& output) const {
        const auto folder = cli_.path("out");
        const auto result = cli_.run(
            {"infer", model, "--input", input + "=" + samples, "--output", folder, "--json"});
        const auto json = result.json();
        if (!json.is_object())
            qFatal("%s", result.text().c_str());
        for (const auto& each : json["outputs"])
            if (each["output"] == output)
                return readNpy(each["file"].get<std::string>());
        qFatal("%s", result.text().c_str());
    }
    static bool areNear(const Tensor& a, const Tensor& b, float tolerance) {
        if (a.shape() != b.shape())
            return false;
        for (std::size_t i = 0; i < a.span<float>().size(); ++i)
            if (!(std::abs(a.span<float>()[i] - b.span<float>()[i]) <= tolerance))
                return false;
        return true;
    }

private Q_SLOTS:
    /// First, while no other program has taken more.
    void aLargeModelIsInMemoryOnce() {
        const auto open = [this](const char* name) {
            return cli_.run(
                {"new", cli_.path(name), "-o", cli_.path("products.gradwright"), "--force"});
        };
        static_cast<void>(writeProducts("few.onnx", 1));
        QCOMPARE(open("few.onnx").code, 0);
        const auto before = mostMemory();
        const auto size = writeProducts("many.onnx", 30);
        const auto made = open("many.onnx");
        QVERIFY2(made.code == 0, made.text().c_str());
        const auto more = mostMemory() - before;
        QVERIFY2(more > size / 2 && more < size * 5 / 4, std::to_string(more).c_str());
        fs::remove(cli_ / "many.onnx");
        fs::remove(cli_ / "products.start.safetensors");
    }

    void aModelBecomesAProject() {
        const auto model = exported("template:lenet-5", "lenet.onnx");
        const auto project = cli_.path("opened.gradwright");
        const auto made = cli_.run({"new", model, "-o", project});
        QVERIFY2(made.code == 0, made.text().c_str());
        const auto loaded = loadProject(project.toStdString());
        QCOMPARE(loaded.name, std::string("lenet"));
        QCOMPARE(loaded.startWeights, cli_ / "opened.start.safetensors");
        QVERIFY(fs::exists(loaded.startWeights));
        const auto summary = cli_.run({"summary", project, "--json"}).json();
        QCOMPARE(summary["total_parameters"].get<int>(), 61'706);
        // Neither file is replaced without being told to.
        QVERIFY(cli_.run({"new", model, "-o", project}).err.contains("--force replaces it"));
        fs::remove(cli_ / "opened.gradwright");
        const auto half = cli_.run({"new", model, "-o", project});
        QVERIFY2(half.code == 1 && half.err.contains("opened.start.safetensors exists already"),
                 half.text().c_str());
        QCOMPARE(cli_.run({"new", model, "-o", project, "--force", "--json"})
                     .json()["parameters"]
                     .get<int>(),
                 61'706);
    }

    void modelsAreCompared() {
        const auto first = exported("template:exclusive-or", "first.onnx");
        const auto second = cli_.path("second.onnx");
        QCOMPARE(cli_.run({"edit", first, "-o", second, "--fix", "N=4"}).code, 0);
        const auto alike = cli_.run({"inspect", first, "--against", first});
        QVERIFY2(alike.code == 0 && alike.out == "The models are alike.\n", alike.text().c_str());
        const auto json = cli_.run({"inspect", first, "--against", second, "--json"}).json();
        QVERIFY(!json["equal"].get<bool>());
        QCOMPARE(json["differences"][0]["kind"].get<std::string>(), std::string("input"));
        QCOMPARE(json["differences"][0]["first"].get<std::string>(), std::string("float32 N×2"));
        QCOMPARE(json["differences"][0]["second"].get<std::string>(), std::string("float32 4×2"));
        const auto text = cli_.run({"inspect", first, "--against", second});
        QVERIFY2(text.out.contains("  first:  float32 N×2\n  second: float32 4×2\n"),
                 text.text().c_str());
        QVERIFY2(text.out.contains(" differences.\n"), text.text().c_str());
        const auto other = cli_.run({"inspect", first, "--against", cli_.path("net.keras")});
        QCOMPARE(other.code, 2);
        QVERIFY2(other.err.contains("net.keras is none by its name"), other.text().c_str());
    }

    void aKerasModelBecomesAProject() {
        const auto folder = fs::path(GRADWRIGHT_SOURCE_DIR) / "tests/engine/exchange/keras";
        const auto model = QString::fromStdString((folder / "nested.keras").string());
        const auto project = cli_.path("nested.gradwright");
        const auto made = cli_.run({"new", model, "-o", project, "--json"});
        QVERIFY2(made.code == 0, made.text().c_str());
        QVERIFY(fs::exists(cli_ / "nested.start.safetensors"));
        const auto json = cli_.run({"inspect", model, "--json"}).json();
        QVERIFY(json["opens"].get<bool>());
        QCOMPARE(json["classes"]["Conv2D"].get<int>(), 2);
        QCOMPARE(json["parameters"].get<int>(), made.json()["parameters"].get<int>());
        const auto refused = QString::fromStdString((folder / "refused.keras").string());
        const auto listed = cli_.run({"inspect", refused, "--json"}).json();
        QVERIFY(!listed["opens"].get<bool>());
        QCOMPARE(listed["problems"].size(), std::size_t{5});
        const auto none = cli_.run({"new", refused, "-o", cli_.path("none.gradwright")});
        QCOMPARE(none.code, 1);
        QVERIFY2(none.err.contains("5 layers of the model cannot be opened"), none.text().c_str());
        QVERIFY(!fs::exists(cli_ / "none.gradwright"));
    }

    /// A classifier of images can be tried at once.
    void imagesAreMadeForAModelOfOtherImages() {
        const auto model = exported("template:cifar-resnet-20", "resnet.onnx");
        const auto project = cli_.path("resnet.gradwright");
        QCOMPARE(cli_.run({"new", model, "-o", project}).code, 0);
        const auto data = loadProject(project.toStdString()).data;
        QCOMPARE(data.dataset, std::string("patterns"));
        QCOMPARE(std::get<std::int64_t>(data.params.at("size")), std::int64_t{32});
        QCOMPARE(std::get<std::int64_t>(data.params.at("classes")), std::int64_t{10});
        const auto summary = cli_.run({"summary", project, "--json"}).json();
        QVERIFY(summary["training_memory_bytes"].is_number());
    }

    void trainingStartsWithTheModelsWeights() {
        const auto project = smallProject(200);
        const auto model = exported(cli_.save(project, "small.gradwright"), "small.onnx");
        const auto opened = cli_.path("start.gradwright");
        QCOMPARE(cli_.run({"new", model, "-o", opened}).code, 0);
        const auto trained = cli_.run({"train", opened, "--set", "epochs=1"});
        QVERIFY2(trained.code == 0, trained.text().c_str());
        QVERIFY2((trained.out + trained.err)
                     .contains("starts with the weights of start.start.safetensors"),
                 trained.text().c_str());
    }

    void aModelIsInspected() {
        const auto model = exported("template:lenet-5", "lenet.onnx");
        const auto json = cli_.run({"inspect", model, "--json"}).json();
        QCOMPARE(json["opset"].get<int>(), 21);
        QCOMPARE(json["producer"].get<std::string>(), std::string("Gradwright"));
        QVERIFY(json["opens"].get<bool>());
        QCOMPARE(json["parameters"].get<int>(), 61'706);
        QCOMPARE(json["operators"]["Conv"].get<int>(), 2);
        QCOMPARE(json["layers"]["conv2d"].get<int>(), 2);
        QVERIFY(json["inputs"][0]["shape"] == Json({"N", 1, 28, 28}));
        QCOMPARE(json["outputs"][0]["name"].get<std::string>(), std::string("probabilities"));
        const auto text = cli_.run({"inspect", model});
        QVERIFY2(text.out.contains("operator set 21") && text.out.contains("61,706 parameters"),
                 text.text().c_str());
    }

    void whatDoesNotOpenIsListed() {
        const auto model = strangeModel("Loop");
        const auto missing = cli_.run({"inspect", model, "--json"}).json();
        QVERIFY(!missing["opens"].get<bool>());
        QVERIFY(QString::fromStdString(missing["problems"][0]["reason"].get<std::string>())
                    .contains("give that of \"width\""));
        const auto json = cli_.run({"inspect", model, "--length", "width=5", "--json"}).json();
        QVERIFY(!json["opens"].get<bool>());
        QCOMPARE(json["problems"].size(), std::size_t{1});
        QCOMPARE(json["problems"][0]["node"].get<std::string>(), std::string("choice"));
        QCOMPARE(json["problems"][0]["operator"].get<std::string>(), std::string("Loop"));
        const auto made =
            cli_.run({"new", model, "--length", "width=5", "-o", cli_.path("no.gradwright")});
        QCOMPARE(made.code, 1);
        QVERIFY2(made.err.contains("choice (Loop): its number of iterations"), made.text().c_str());
        QVERIFY(!fs::exists(cli_ / "no.gradwright"));
        QCOMPARE(cli_.run({"inspect", model, "--length", "width"}).code, 2);
        writeText(cli_ / "text.onnx", "no model");
        QVERIFY(cli_.run({"inspect", cli_.path("text.onnx")})
                    .whyNoFailure({"text.onnx", "no ONNX model"})
                    .empty());
    }

    /// What no layer stands for is a node of ONNX, in the project and in what is computed.
    void nodesWithoutALayerAreKept() {
        const auto model = strangeModel("Hardmax");
        const auto json = cli_.run({"inspect", model, "--length", "width=5", "--json"}).json();
        QVERIFY(json["opens"].get<bool>());
        QVERIFY(!json["whole_run"].get<bool>());
        QCOMPARE(json["onnx_nodes"].size(), std::size_t{1});
        QCOMPARE(json["onnx_nodes"][0]["operator"].get<std::string>(), std::string("Hardmax"));
        QCOMPARE(json["layers"]["onnx-node"].get<int>(), 1);
        const auto project = cli_.path("kept.gradwright");
        const auto made = cli_.run({"new", model, "--length", "width=5", "-o", project});
        QVERIFY2(made.code == 0 && made.out.contains("1 node(s) of ONNX"), made.text().c_str());
        const std::vector<float> rows{1, 4, 2, 4, 0, 9, 8, 7, 6, 5};
        writeNpy(cli_ / "rows.npy", Tensor::of<float>({2, 5}, rows));
        const std::vector<float> wanted{0, 1, 0, 0, 0, 1, 0, 0, 0, 0};
        const auto back = cli_.path("back.onnx");
        QCOMPARE(cli_.run({"export", project, "-o", back, "--format", "onnx"}).code, 0);
        for (const auto& each : {model, project}) {
            const auto answers = infer(each, "x", cli_.path("rows.npy"), "y");
            const auto have = answers.span<float>();
            QVERIFY2(std::ranges::equal(have, wanted), qPrintable(each));
        }
        const auto written = cli_.run({"inspect", back, "--json"}).json();
        QCOMPARE(written["operators"]["Hardmax"].get<int>(), 1);
    }

    /// All that is not named stays as it is.
    void aModelIsEdited() {
        const auto model = exported("template:lenet-5", "lenet.onnx");
        const auto out = cli_.path("edited.onnx");
        QCOMPARE(cli_.run({"edit", model, "-o", out}).code, 2);
        const auto edited = cli_.run({"edit", model, "-o", out, "--rename", "probabilities=classes",
                                      "--free", "classes:0=many"});
        QVERIFY2(edited.code == 0, edited.text().c_str());
        const auto json = cli_.run({"inspect", out, "--json"}).json();
        QCOMPARE(json["outputs"][0]["name"].get<std::string>(), std::string("classes"));
        QCOMPARE(json["outputs"][0]["shape"][0].get<std::string>(), std::string("many"));
        QCOMPARE(cli_.run({"edit", model, "-o", out, "--opset", "23"}).code, 1);
        const auto missing =
            cli_.run({"edit", model, "-o", cli_.path("no.onnx"), "--to", "nowhere"});
        QVERIFY(missing.whyNoFailure({"lenet.onnx", "no value \"nowhere\""}).empty());
        QVERIFY(!fs::exists(cli_ / "no.onnx"));
    }

    /// The project, a run of it and the model of that run say the same of the same samples.
    void arraysGoThroughAllThatHasANetwork() {
        const auto project = cli_.save(smallProject(200), "deep.gradwright");
        const auto trained = cli_.run({"train", project, "--set", "epochs=1"});
        QVERIFY2(trained.code == 0, trained.text().c_str());
        const auto run = onlyRun(cli_ / "deep.runs");
        const auto model = exported(QString::fromStdString(run.string()), "deep.onnx");
        const auto samples = cli_.path("samples.npy");
        writeNpy(samples.toStdString(), randomTensor(DType::F32, {70, 1, 28, 28}, 4));
        const auto ofProject = infer(project, "image", samples, "digit");
        QVERIFY(ofProject.shape() == Shape({70, 10}));
        for (std::int64_t row = 0; row < 70; ++row) {
            float sum = 0;
            for (std::int64_t i = 0; i < 10; ++i)
                sum += ofProject.span<float>()[static_cast<std::size_t>(row * 10 + i)];
            QVERIFY(std::abs(sum - 1) < 1e-5F);
        }
        const auto ofRun = infer(QString::fromStdString(run.string()), "image", samples, "digit");
        QVERIFY(ofRun == ofProject);
        const auto ofModel = infer(model, "image", samples, "probabilities");
        QVERIFY(areNear(ofModel, ofProject, 1e-5F));
        // A project of the model has the model's weights. The layer in front of the output has
        // its name already.
        const auto opened = cli_.path("again.gradwright");
        QCOMPARE(cli_.run({"new", model, "-o", opened}).code, 0);
        QVERIFY(areNear(infer(opened, "image", samples, "probabilities_2"), ofProject, 1e-5F));
    }

    void wrongArraysAreNamed() {
        const auto samples = cli_.path("wrong.npy");
        writeNpy(samples.toStdString(), randomTensor(DType::F32, {2, 28, 28}, 4));
        const auto call = [&](const QString& input) {
            return cli_.run(
                {"infer", "template:lenet-5", "--input", input, "--output", cli_.path("none")});
        };
        QVERIFY2(call("image=" + samples).err.contains("takes samples of 1×28×28") ||
                     call("image=" + samples).err.contains("has no input"),
                 call("image=" + samples).text().c_str());
        QVERIFY(call("nothing=" + samples).err.contains("has no input \"nothing\""));
        QCOMPARE(call("image").code, 2);
        QVERIFY(!fs::exists(cli_ / "none"));
    }

    /// What is written has been read back.
    void anExportIsOptimizedAndShort() {
        const auto file = cli_.path("fast.onnx");
        const auto result = cli_.run({"export", "template:cifar-resnet-20", "--format", "onnx",
                                      "--optimize", "--weights", "bf16", "-o", file, "--json"});
        QVERIFY2(result.code == 0, result.text().c_str());
        const auto json = result.json();
        QVERIFY(json["layers"]["after"].get<int>() < json["layers"]["before"].get<int>());
        QVERIFY(json["largest_difference"].get<double>() < 1e-5);
        QVERIFY(json["rounding_difference"].get<double>() > 0);
        const auto seen = cli_.run({"inspect", file, "--json"}).json();
        QVERIFY(!seen["operators"].contains("BatchNormalization"));
        const auto wrong =
            cli_.run({"export", "template:lenet-5", "--optimize", "-o", cli_.path("lenet.py")});
        QVERIFY2(wrong.code == 2 && wrong.err.contains("--format onnx"), wrong.text().c_str());
        QVERIFY(!fs::exists(cli_ / "lenet.py"));
    }

    void exportTellsTheLargestDifference() {
        const auto json = cli_.run({"export", "template:small-residual", "--format", "onnx", "-o",
                                    cli_.path("checked.onnx"), "--json"})
                              .json();
        QCOMPARE(json["checked_samples"].get<int>(), 32);
        QVERIFY(json["largest_difference"].get<double>() < 1e-5);
    }
};

QTEST_GUILESS_MAIN(CliOnnxTest)
#include "tst_cli_onnx.moc"
