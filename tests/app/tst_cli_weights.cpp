// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/image.h"
#include "engine/io/safetensors.h"
#include "engine/project/project_file.h"
#include "engine/project/templates.h"
#include "engine/support/json.h"
#include "tests/app/cli.h"
#include "tests/support/network_builder.h"

#include <QTest>

#include <algorithm>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

/// Three classes of flat colours as image folders.
void writePictures(const fs::path& folder, int each) {
    const std::vector<Bytes> colours = {{220, 40, 30}, {30, 200, 60}, {40, 60, 210}};
    for (std::size_t kind = 0; kind < colours.size(); ++kind) {
        const auto place = folder / fmt::format("class{}", kind);
        fs::create_directories(place);
        for (int i = 0; i < each; ++i) {
            Bytes lines;
            for (int row = 0; row < 20; ++row) {
                for (int column = 0; column < 20; ++column)
                    for (const auto value : colours[kind])
                        lines.push_back(static_cast<std::uint8_t>(
                            std::clamp(value + (i * 7 + row * column) % 40 - 20, 0, 255)));
            }
            writeFile(place / fmt::format("{}.png", i),
                      png({.width = 20, .height = 20, .colourType = 2}, lines));
        }
    }
}

/// A small network of colours with 10 classes.
Project colourProject() {
    auto project = newProject();
    NetworkBuilder build;
    auto x = build.layer("input", {{"shape", IntTuple{3, 16, 16}}}, "image");
    x = build.after(x, "conv2d", {{"filters", std::int64_t{6}}, {"stride", IntTuple{2, 2}}},
                    "conv");
    x = build.after(x, "batch-norm", {}, "norm");
    x = build.after(x, "relu");
    x = build.after(x, "global-average-pool", {}, "pool");
    x = build.after(x, "dense", {{"units", std::int64_t{10}}}, "scores");
    x = build.after(x, "softmax");
    build.after(x, "output", {}, "class");
    project.network = build.network;
    project.data.dataset = "patterns";
    project.data.params = {{"size", std::int64_t{16}},
                           {"samples", std::int64_t{120}},
                           {"test_samples", std::int64_t{40}}};
    project.training.params["epochs"] = std::int64_t{1};
    project.training.params["threads"] = std::int64_t{1};
    return project;
}

Tensor numbered(Shape shape, float start) {
    Tensor tensor(DType::F32, std::move(shape));
    for (auto& value : tensor.span<float>())
        value = start += 0.001F;
    return tensor;
}

/// Of that network, as PyTorch might have called them.
void writeWeights(const fs::path& file, std::int64_t classes = 10) {
    SafetensorsFile contents;
    const auto add = [&](const char* name, Shape shape, float start) {
        contents.tensors.emplace_back(name, numbered(std::move(shape), start));
    };
    add("features.0.weight", {6, 3, 3, 3}, -0.05F);
    add("features.0.bias", {6}, 0.1F);
    add("features.1.weight", {6}, 1);
    add("features.1.bias", {6}, 0);
    add("features.1.running_mean", {6}, 0.2F);
    add("features.1.running_var", {6}, 0.9F);
    contents.tensors.emplace_back("features.1.num_batches_tracked",
                                  Tensor(DType::I64, Shape(std::vector<std::int64_t>{})));
    add("classifier.weight", {classes, 6}, -0.3F);
    add("classifier.bias", {classes}, 0);
    writeSafetensors(file, contents);
}

} // namespace

class TestCliWeights : public QObject {
    Q_OBJECT

private:
    Cli cli_;

private Q_SLOTS:
    void weightsOfAnotherProgramAreListedAndKept() {
        writeWeights(cli_ / "net.safetensors");
        const auto project = cli_.save(colourProject(), "colours.gradwright");
        const auto listed =
            cli_.run({"weights", cli_.path("net.safetensors"), "--into", project, "--json"});
        QVERIFY2(listed.code == 0, listed.text().c_str());
        const auto json = listed.json();
        QCOMPARE(json["matched"].get<int>(), 8);
        QCOMPARE(json["counters"].get<int>(), 1);
        QCOMPARE(json["unused"].size(), std::size_t{0});
        QCOMPARE(json["weights"][0]["tensor"].get<std::string>(), std::string("features.0.weight"));
        QVERIFY(!fs::exists(cli_ / "loaded.gradwright"));

        const auto written =
            cli_.run({"weights", cli_.path("net.safetensors"), "--into", project, "-o",
                      cli_.path("loaded.gradwright"), "--scaling", "imagenet"});
        QVERIFY2(written.code == 0, written.text().c_str());
        QVERIFY(written.out.contains("8 of 8 weights are in the file."));
        const auto loaded = loadProject(cli_ / "loaded.gradwright");
        QCOMPARE(loaded.startWeights, cli_ / "loaded.start.safetensors");
        QCOMPARE(loaded.startScaling->mean.at(0), 0.485);
        const auto kept = readSafetensors(loaded.startWeights);
        QVERIFY(*kept.find("conv/weight") == numbered({6, 3, 3, 3}, -0.05F));
        QVERIFY(*kept.find("norm/running_var") == numbered({6}, 0.9F));
        const auto again = cli_.run({"weights", cli_.path("net.safetensors"), "--into", project,
                                     "-o", cli_.path("loaded.gradwright")});
        QCOMPARE(again.whyNoFailure({"loaded.gradwright exists already; --force"}), std::string());
    }

    void whatDoesNotFitIsNamed() {
        writeWeights(cli_ / "four.safetensors", 4);
        const auto project = cli_.save(colourProject(), "ten.gradwright");
        const auto listed = cli_.run({"weights", cli_.path("four.safetensors"), "--into", project});
        QVERIFY2(listed.code == 0, listed.text().c_str());
        QVERIFY2(listed.out.contains("scores/weight: classifier of the file is 4×6, not 10×6"),
                 listed.text().c_str());
        QVERIFY(listed.out.contains("2 tensors of the file are not used:"));
        const auto corrected =
            cli_.run({"weights", cli_.path("four.safetensors"), "--into", project, "--map",
                      "norm/bias=features.1.weight", "--map", "conv=", "--json"});
        QVERIFY2(corrected.code == 0, corrected.text().c_str());
        QCOMPARE(corrected.json()["matched"].get<int>(), 3);
        const auto wrong = cli_.run({"weights", cli_.path("four.safetensors"), "--into", project,
                                     "--map", "scores/weight=classifier.weight"});
        QCOMPARE(wrong.whyNoFailure({"classifier.weight is 4×6 and does not fit scores/weight"}),
                 std::string());
        QCOMPARE(cli_.run({"weights", cli_.path("four.safetensors"), "--into", project, "--map",
                           "nonsense"})
                     .code,
                 2);
        const auto nothing = cli_.run({"weights", cli_.path("four.safetensors"), "--into",
                                       "template:lenet-5", "-o", cli_.path("no.gradwright")});
        QCOMPARE(nothing.whyNoFailure({"has no weight that fits template:lenet-5"}), std::string());
        QVERIFY(!fs::exists(cli_ / "no.gradwright"));
        writeText(cli_ / "net.pth", "PK");
        QCOMPARE(cli_.run({"weights", cli_.path("net.pth"), "--into", project})
                     .whyNoFailure({"torch.load('net.pth'", "weights_only=True"}),
                 std::string());
    }

    /// From weights of another program to a network for three other classes.
    void aLoadedNetworkIsTheStartForPictures() {
        writeWeights(cli_ / "net.safetensors");
        writePictures(cli_ / "pictures", 12);
        const auto source = cli_.save(colourProject(), "source.gradwright");
        QCOMPARE(cli_.run({"weights", cli_.path("net.safetensors"), "--into", source, "-o",
                           cli_.path("start.gradwright"), "--scaling", "symmetric"})
                     .code,
                 0);
        const auto made = cli_.run({"new", "--from", cli_.path("start.gradwright"), "--data",
                                    cli_.path("pictures"), "--freeze", "all", "-o",
                                    cli_.path("mine.gradwright"), "--json"});
        QVERIFY2(made.code == 0, made.text().c_str());
        QCOMPARE(made.json()["weights_kept"].get<int>(), 6);
        const auto mine = loadProject(cli_ / "mine.gradwright");
        QCOMPARE(std::get<std::int64_t>(mine.network.main.findByName("scores")->params.at("units")),
                 std::int64_t{3});
        QVERIFY(std::get<bool>(mine.network.main.findByName("conv")->params.at("frozen")));
        QCOMPARE(std::get<std::string>(mine.data.params.at("mean")), std::string("0.5, 0.5, 0.5"));
        QCOMPARE(std::get<IntTuple>(mine.data.params.at("size")), (IntTuple{16, 16}));
        QVERIFY(mine.uuid != loadProject(cli_ / "start.gradwright").uuid);

        const auto run = cli_.run({"train", cli_.path("mine.gradwright"), "--epochs", "2"});
        QVERIFY2(run.code == 0, run.text().c_str());
        QVERIFY2((run.out + run.err).contains("is computed once and kept"), run.text().c_str());
        const auto weights = readSafetensors(onlyRun(cli_ / "mine.runs") / "last.safetensors");
        QVERIFY(*weights.find("conv/weight") == numbered({6, 3, 3, 3}, -0.05F));

        // What has been trained is a start itself.
        const auto next =
            cli_.run({"new", "--from", cli_.path("mine.gradwright"), "--data",
                      cli_.path("pictures"), "--freeze", "norm", "--statistics", "batch",
                      "--body-rate", "0.1", "-o", cli_.path("next.gradwright")});
        QVERIFY2(next.code == 0, next.text().c_str());
        const auto after = loadProject(cli_ / "next.gradwright");
        QVERIFY(!after.network.main.findByName("norm")->params.contains("statistics"));
        // A head that learns alone takes more and larger steps, since they cost next to nothing.
        const auto epochs = [](const Project& project) {
            return std::get<std::int64_t>(project.training.params.at("epochs"));
        };
        QCOMPARE(mine.training.learningRate(), 0.01);
        QCOMPARE(after.training.learningRate(), 0.001);
        QCOMPARE(epochs(mine), 4 * epochs(after));
        QCOMPARE(std::get<std::string>(after.data.params.at("mean")), std::string("0.5, 0.5, 0.5"));
    }

    void whatCannotBeAStartIsExplained() {
        const auto project = cli_.save(colourProject(), "untrained.gradwright");
        const auto out = cli_.path("never.gradwright");
        QCOMPARE(cli_.run({"new", "--from", project, "-o", out})
                     .whyNoFailure({"untrained.gradwright has neither been trained"}),
                 std::string());
        QCOMPARE(cli_.run({"new", "--freeze", "conv", "lenet-5", "-o", out}).code, 2);
        QCOMPARE(cli_.run({"new", "--from", project, "lenet-5", "-o", out}).code, 2);
        writeWeights(cli_ / "net.safetensors");
        QCOMPARE(cli_.run({"weights", cli_.path("net.safetensors"), "--into", project, "-o",
                           cli_.path("known.gradwright"), "--force"})
                     .code,
                 0);
        QCOMPARE(cli_.run({"new", "--from", cli_.path("known.gradwright"), "--freeze", "nowhere",
                           "-o", out})
                     .whyNoFailure({"no layer \"nowhere\"", "conv, norm"}),
                 std::string());
        QCOMPARE(cli_.run({"new", "--from", cli_.path("known.gradwright"), "--body-rate", "0", "-o",
                           out})
                     .whyNoFailure({"must be greater than 0"}),
                 std::string());
        QVERIFY(!fs::exists(cli_ / "never.gradwright"));
    }
};

QTEST_GUILESS_MAIN(TestCliWeights)
#include "tst_cli_weights.moc"
