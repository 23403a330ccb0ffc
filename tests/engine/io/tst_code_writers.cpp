// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/keras_writer.h"
#include "engine/io/python_lines.h"
#include "engine/io/pytorch_writer.h"
#include "tests/support/message_of.h"
#include "tests/support/network_builder.h"

#include <QFile>
#include <QTest>

#include <algorithm>
#include <array>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// With GRADWRIGHT_UPDATE_GOLDEN set, writes the file instead of reading it: look at the difference
/// and run what it says before committing.
QString golden(const QString& name, const std::string& written) {
    QFile file(QStringLiteral(GRADWRIGHT_SOURCE_DIR "/tests/engine/io/data/") + name);
    if (qEnvironmentVariableIsSet("GRADWRIGHT_UPDATE_GOLDEN")) {
        if (file.open(QIODevice::WriteOnly))
            file.write(QByteArray::fromStdString(written));
        return QString::fromStdString(written);
    }
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll())
                                          : "cannot read " + file.fileName();
}

ParamValue whole(std::int64_t value) {
    return value;
}
ParamValue text(std::string value) {
    return value;
}

/// One layer called "x1" on an image of 4×9×7 called "image".
Network around(const std::string& layer, const ParamValues& params, IntTuple shape = {4, 9, 7}) {
    NetworkBuilder b;
    const auto image = b.layer("input", {{"shape", std::move(shape)}}, "image");
    b.after(b.after(image, layer, params, "x1"), "output", {}, "end");
    return std::move(b.network);
}

/// What a file sets the variable to, on one line.
QString lineOf(const std::string& file, const QString& variable) {
    const auto lines = QString::fromStdString(file).split('\n');
    const auto start = variable + " = ";
    const auto first = std::ranges::find_if(
        lines, [&](const QString& line) { return line.trimmed().startsWith(start); });
    if (first == lines.end())
        return "no such line in\n" + QString::fromStdString(file);
    QString text = first->trimmed();
    const auto isOpen = [&] {
        return std::ranges::any_of(std::array{"()", "[]", "{}"}, [&](const char* brackets) {
            return text.count(QLatin1Char(brackets[0])) > text.count(QLatin1Char(brackets[1]));
        });
    };
    for (auto line = first + 1; isOpen() && line != lines.end(); ++line) {
        const auto next = line->trimmed();
        const bool closes = QString(")]}").contains(next.front());
        if (closes && text.endsWith(','))
            text.chop(1);
        text += (closes || QString("([{").contains(text.back()) ? "" : " ") + next;
    }
    text.remove(0, start.size());
    // The parentheses around a sum are for its lines.
    return first->trimmed() == start + "(" ? text.mid(1, text.size() - 2) : text;
}

} // namespace

class CodeWritersTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void lenetIsWrittenWhole() {
        const auto pytorch = pytorchFile(lenet());
        QCOMPARE(QString::fromStdString(pytorch), golden("lenet_pytorch.py", pytorch));
        const auto keras = kerasFile(lenet());
        QCOMPARE(QString::fromStdString(keras), golden("lenet_keras.py", keras));
    }

    void blocksAreUnrolled() {
        const auto pytorch = pytorchFile(residualNetwork());
        QCOMPARE(QString::fromStdString(pytorch), golden("residual_pytorch.py", pytorch));
        const auto keras = kerasFile(residualNetwork());
        QCOMPARE(QString::fromStdString(keras), golden("residual_keras.py", keras));
    }

    void layersInPyTorchAndKeras_data() {
        QTest::addColumn<Network>("network");
        QTest::addColumn<QString>("module");
        QTest::addColumn<QString>("pytorch");
        QTest::addColumn<QString>("keras");
        const auto row = [](const char* name, const Network& network, const char* module,
                            const char* pytorch, const char* keras) {
            QTest::newRow(name) << network << module << pytorch << keras;
        };
        const ParamValues sides = {{"padding", text("explicit")},
                                   {"padding_sides", IntTuple{1, 0, 1, 1}}};
        auto conv = sides;
        conv.merge(ParamValues{{"filters", whole(6)},
                               {"kernel", IntTuple{3, 2}},
                               {"stride", IntTuple{2, 1}},
                               {"groups", whole(2)},
                               {"bias", false},
                               {"activation", text("leaky-relu")}});
        row("convolution", around("conv2d", conv),
            "nn.Conv2d(4, 6, (3, 2), stride=(2, 1), groups=2, bias=False)",
            "F.leaky_relu(self.x1(F.pad(image, (1, 1, 1, 0))), 0.01)",
            "layers.LeakyReLU(negative_slope=0.01)(layers.Conv2D(6, (3, 2), strides=(2, 1), "
            "groups=2, use_bias=False, name=\"x1\")(ops.pad(image, ((0, 0), (1, 0), (1, 1), (0, "
            "0)))))");
        row("dilated and strided",
            around("conv2d", {{"filters", whole(5)},
                              {"stride", IntTuple{2, 2}},
                              {"dilation", IntTuple{2, 2}},
                              {"padding", text("same")},
                              {"activation", text("tanh")}}),
            "nn.Conv2d(4, 5, 3, stride=2, padding=2, dilation=2)", "torch.tanh(self.x1(image))",
            "layers.Conv2D(5, 3, dilation_rate=2, activation=\"tanh\", name=\"x1\")(ops.pad(image, "
            "((0, 0), (2, 2), (2, 2), (0, 0))))[:, ::2, ::2, :]");
        row("max pool", around("max-pool2d", {}), "", "F.max_pool2d(image, 2)",
            "layers.MaxPooling2D(2, name=\"x1\")(image)");
        row("uneven max pool", around("max-pool2d", sides), "",
            "F.max_pool2d(F.pad(image, (1, 1, 1, 0), value=float(\"-inf\")), 2)",
            "layers.MaxPooling2D(2, name=\"x1\")(ops.pad(image, ((0, 0), (1, 0), (1, 1), (0, 0)), "
            "constant_values=float(\"-inf\")))");
        row("average pool",
            around("average-pool2d", {{"kernel", IntTuple{3, 3}},
                                      {"padding", text("explicit")},
                                      {"padding_sides", IntTuple{1, 1, 1, 1}}}),
            "", "F.avg_pool2d(image, 3, stride=2, padding=1, count_include_pad=False)",
            "ops.average_pool(ops.pad(image, ((0, 0), (1, 1), (1, 1), (0, 0))), 3, strides=2) / "
            "ops.average_pool(ops.pad(ops.ones_like(image), ((0, 0), (1, 1), (1, 1), (0, 0))), 3, "
            "strides=2)");
        row("uneven average pool", around("average-pool2d", sides), "",
            "F.avg_pool2d(F.pad(image, (1, 1, 1, 0)), 2) / "
            "F.avg_pool2d(F.pad(torch.ones_like(image), (1, 1, 1, 0)), 2)",
            "ops.average_pool(ops.pad(image, ((0, 0), (1, 0), (1, 1), (0, 0))), 2) / "
            "ops.average_pool(ops.pad(ops.ones_like(image), ((0, 0), (1, 0), (1, 1), (0, 0))), 2)");
        row("batch norm of images", around("batch-norm", {{"momentum", 0.25}, {"epsilon", 1e-3}}),
            "nn.BatchNorm2d(4, eps=0.001, momentum=0.25)", "self.x1(image)",
            "layers.BatchNormalization(momentum=0.75, epsilon=0.001, name=\"x1\")(image)");
        row("batch norm of vectors", around("batch-norm", {}, {5}),
            "nn.BatchNorm1d(5, eps=1e-05, momentum=0.1)", "self.x1(image)",
            "layers.BatchNormalization(momentum=0.9, epsilon=1e-05, name=\"x1\")(image)");
        row("flatten an image", around("flatten", {}), "", "torch.flatten(image, 1)",
            "layers.Flatten(name=\"x1\")(layers.Permute((3, 1, 2))(image))");
        row("flatten a sequence", around("flatten", {}, {4, 3}), "", "torch.flatten(image, 1)",
            "layers.Flatten(name=\"x1\")(image)");
        row("dense", around("dense", {{"units", whole(3)}, {"activation", text("sigmoid")}}, {5}),
            "nn.Linear(5, 3)", "torch.sigmoid(self.x1(image))",
            "layers.Dense(3, activation=\"sigmoid\", name=\"x1\")(image)");
        row("dropout", around("dropout", {{"rate", 0.25}}), "nn.Dropout(0.25)", "self.x1(image)",
            "layers.Dropout(0.25, name=\"x1\")(image)");
        row("softmax", around("softmax", {}, {5}), "", "F.softmax(image, dim=1)",
            "layers.Softmax(name=\"x1\")(image)");
        row("split", around("split", {{"parts", whole(4)}}), "",
            "torch.split(image, [1, 1, 1, 1], dim=1)", "ops.split(image, [1, 2, 3], axis=3)");
        row("split by sizes", around("split", {{"axis", whole(1)}, {"sizes", text("2, 3, 4")}}), "",
            "torch.split(image, [2, 3, 4], dim=2)", "ops.split(image, [2, 5], axis=1)");
        row("identity", around("identity", {}), "", "image",
            "layers.Activation(\"linear\", name=\"x1\")(image)");
        row("no dropout", around("dropout", {{"rate", 0.0}}), "", "image", "image");
        row("no dropout of channels", around("spatial-dropout", {{"rate", 0.0}}), "", "image",
            "image");
        row("no noise", around("gaussian-noise", {{"deviation", 0.0}}), "", "image", "image");
        row("pad by zeros", around("pad", {}), "", "F.pad(image, (1, 1, 1, 1))",
            "layers.ZeroPadding2D(((1, 1), (1, 1)), name=\"x1\")(image)");
        row("pad by a constant", around("pad", {{"sides", IntTuple{1, 0, 2, 3}}, {"value", -1.5}}),
            "", "F.pad(image, (2, 3, 1, 0), value=-1.5)",
            "ops.pad(image, ((0, 0), (1, 0), (2, 3), (0, 0)), constant_values=-1.5)");
        row("slice", around("slice", {{"axis", whole(2)}, {"begin", whole(1)}, {"step", whole(2)}}),
            "", "image[:, :, :, 1:7:2]", "image[:, :, 1:7:2]");
        row("reversed slice",
            around("slice", {{"end", whole(3)}, {"step", whole(2)}, {"reverse", true}}), "",
            "image[:, 0:3:2].flip(1)", "ops.flip(image[:, :, :, 0:3:2], axis=3)");
        row("group norm", around("group-norm", {{"groups", whole(2)}}),
            "nn.GroupNorm(2, 4, eps=1e-05)", "self.x1(image)",
            "layers.GroupNormalization(2, epsilon=1e-05, name=\"x1\")(image)");
        row("group norm of single values", around("group-norm", {{"groups", whole(4)}}, {4, 1, 1}),
            "nn.ParameterDict({\"bias\": nn.Parameter(torch.zeros(4))})",
            "torch.zeros_like(image) + self.x1[\"bias\"][:, None, None]",
            "layers.GroupNormalization(4, epsilon=1e-05, name=\"x1\")(ops.zeros_like(image))");
        row("instance norm of single values", around("instance-norm", {}, {1, 3}), "",
            "torch.zeros_like(image)",
            "layers.GroupNormalization(-1, epsilon=1e-05, center=False, scale=False, "
            "name=\"x1\")(ops.zeros_like(image))");
        row("transposed convolution with a stride beyond the kernel",
            around("conv-transpose2d",
                   {{"filters", whole(2)}, {"kernel", IntTuple{2, 1}}, {"stride", IntTuple{3, 3}}}),
            "nn.ConvTranspose2d(4, 2, (2, 1), stride=3)", "self.x1(image)",
            "layers.Conv2DTranspose(2, (2, 1), strides=3, name=\"x1\")(image)[:, 0:-1, 0:-2, :]");
        row("last states of both directions",
            around("lstm", {{"units", whole(2)}, {"bidirectional", true}, {"sequences", false}},
                   {4, 3}),
            "nn.LSTM(3, 2, batch_first=True, bidirectional=True)",
            "self.x1(image)[1][0].transpose(0, 1).flatten(1)",
            "layers.Bidirectional(layers.LSTM(2), name=\"x1\")(image)");
        const auto formula = [](const char* what, const char* parameters, bool shared) {
            return ParamValues{
                {"formula", text(what)}, {"parameters", text(parameters)}, {"shared", shared}};
        };
        row("formula", around("formula", {}),
            "nn.ParameterDict({\"beta\": nn.Parameter(torch.full((1,), 1.0))})",
            "image * torch.sigmoid(self.x1[\"beta\"] * image)",
            "Formula(lambda x, beta: x * keras.activations.sigmoid(beta * x), {\"beta\": 1}, 1, "
            "name=\"x1\")([image])");
        row("formula per channel",
            around("formula", formula("lambda - x ^ -2 * (c * max(x, 1 / 2))",
                                      "c = 2 fixed, lambda = 0.5", false)),
            "nn.ParameterDict({\"lambda_\": nn.Parameter(torch.full((4, 1, 1), 0.5))})",
            "self.x1[\"lambda_\"] - image ** (-2) * (2 * torch.clamp(image, min=0.5))",
            "Formula(lambda x, lambda_: lambda_ - x ** (-2) * (2 * ops.maximum(x, 0.5)), "
            "{\"lambda\": 0.5}, 4, name=\"x1\")([image])");
        row("formula without parameters",
            around("formula", formula("-(x + 1) ^ 2 / (x - (1 - x)) + leaky_relu(-x)", "", true)),
            "", "-(image + 1) ** 2 / (image - (1 - image)) + F.leaky_relu(-image, 0.01)",
            "Formula(lambda x: -(x + 1) ** 2 / (x - (1 - x)) + keras.activations.leaky_relu(-x, "
            "negative_slope=0.01), {}, 1, name=\"x1\")([image])");
    }
    void layersInPyTorchAndKeras() {
        QFETCH(Network, network);
        QFETCH(QString, module);
        QFETCH(QString, pytorch);
        QFETCH(QString, keras);
        const auto file = pytorchFile(network);
        QCOMPARE(lineOf(file, "x1"), pytorch);
        if (module.isEmpty())
            QVERIFY(file.find("self.x1") == std::string::npos);
        else
            QCOMPARE(lineOf(file, "self.x1"), module);
        QCOMPARE(lineOf(kerasFile(network), "x1"), keras);
    }

    void channelsAreJoinedWhereTheyAre() {
        NetworkBuilder b;
        const auto image = b.layer("input", {{"shape", IntTuple{4, 9, 7}}}, "image");
        const auto joint = b.after(image, "concatenate", {}, "joint");
        b.link(image, joint, 1);
        b.after(joint, "output");
        QCOMPARE(lineOf(pytorchFile(b.network), "joint"), "torch.cat([image, image], dim=1)");
        QCOMPARE(lineOf(kerasFile(b.network), "joint"),
                 "layers.Concatenate(axis=3, name=\"joint\")([image, image])");
    }

    void piecesAreReadByTheirNumber() {
        NetworkBuilder b;
        const auto image = b.layer("input", {{"shape", IntTuple{4, 9, 7}}}, "image");
        const auto cut = b.after(image, "split", {{"sizes", text("1, 3")}}, "cut");
        const auto rest = b.layer("relu", {}, "rest");
        b.link(cut, rest, 0, 1);
        const auto joint = b.after(rest, "concatenate", {}, "joint");
        b.link(cut, joint, 1);
        b.after(joint, "output");
        QCOMPARE(lineOf(pytorchFile(b.network), "rest"), "F.relu(cut[1])");
        QCOMPARE(lineOf(pytorchFile(b.network), "joint"), "torch.cat([rest, cut[0]], dim=1)");
        QCOMPARE(lineOf(kerasFile(b.network), "joint"),
                 "layers.Concatenate(axis=3, name=\"joint\")([rest, cut[0]])");
    }

    /// Names that Python or PyTorch has for itself, and names that become equal.
    void namesAreMadeFit() {
        NetworkBuilder b;
        auto x = b.layer("input", {{"shape", IntTuple{3}}}, "class");
        for (const auto* name :
             {"train", "a-b", "a_b", "1st", "_modules", "torch", "a_b_2", "code", "shape_env"})
            x = b.after(x, "dense", {}, name);
        b.after(x, "output", {}, "return");
        b.after(x, "output", {}, "eval");
        const auto file = pytorchFile(b.network);
        const auto module = [&](const char* name) {
            return lineOf(file, QString("self.%1").arg(name)).startsWith("nn.Linear(");
        };
        for (const auto* name : {"train_2", "a_b", "a_b_2", "layer1st", "layer_modules", "torch_2",
                                 "a_b_2_2", "code_2", "shape_env_2"})
            QVERIFY2(module(name), file.c_str());
        QVERIFY(file.find("def forward(self, class_2):") != std::string::npos);
        QVERIFY(file.find("\"a_b_2\": \"a_b\",") != std::string::npos);
        QVERIFY(file.find("return (shape_env_2, shape_env_2)") != std::string::npos);
        QVERIFY(kerasFile(b.network).find("keras.Model(class_2, [shape_env_2, shape_env_2])") !=
                std::string::npos);
    }

    /// Keras takes the weights in the order in which the layer names them, whichever is used first.
    void formulasKeepTheOrderOfTheirWeights() {
        const auto network = around(
            "formula", {{"formula", text("a + b * x")}, {"parameters", text("b = 1, a = 2")}});
        const auto file = kerasFile(network);
        QVERIFY(file.find("\"x1\": [\"x1/a\", \"x1/b\"],") != std::string::npos);
        QVERIFY(file.find("class Formula(layers.Layer):") != std::string::npos);
        QVERIFY(file.find("isinstance(layer, Formula)") != std::string::npos);
        QVERIFY(pytorchFile(network).find("\"x1\": \"x1\",") != std::string::npos);
        QVERIFY(kerasFile(lenet()).find("class Formula") == std::string::npos);
    }

    /// A ParameterDict has members of its own, which its keys would hide.
    void parametersOfFormulasAreMadeFit() {
        const auto network =
            around("formula", {{"formula", text("x * train + values * b")},
                               {"parameters", text("train = 1, values = 2, b = 3")}});
        const auto file = pytorchFile(network);
        QCOMPARE(lineOf(file, "x1"), "image * self.x1[\"train_\"] + self.x1[\"values_\"] * "
                                     "self.x1[\"b\"]");
        QVERIFY(file.find("tensors[f\"{PATHS[layer]}/{weight.removesuffix('_')}\"]") !=
                std::string::npos);
        QVERIFY(lineOf(kerasFile(network), "x1")
                    .startsWith("Formula(lambda x, train, values, b: x * train"));
    }

    void modulesAreImportedWhereTheyAreUsed() {
        const auto has = [](const std::string& file, const char* line) {
            return file.find(line) != std::string::npos;
        };
        const auto plain = around("dense", {{"units", whole(3)}}, {5});
        const auto padded = around("pad", {{"value", 2.0}});
        QVERIFY(!has(pytorchFile(plain), "import torch.nn.functional as F\n"));
        QVERIFY(has(pytorchFile(padded), "import torch.nn.functional as F\n"));
        QVERIFY(has(kerasFile(plain), "from keras import layers\n"));
        QVERIFY(has(kerasFile(padded), "from keras import ops\n"));
        QVERIFY(has(kerasFile(around("average-pool2d", {{"padding", text("same")}})),
                    "from keras import ops\n"));
        QVERIFY(!has(kerasFile(around("identity", {})), ", ops\n"));
    }

    void linesHaveAtMostAHundredColumns() {
        NetworkBuilder b;
        auto x = b.layer("input", {{"shape", IntTuple{4, 9, 7}}}, "image");
        const std::string name(40, 'n');
        x = b.after(x, "conv2d", {{"filters", whole(8)}, {"stride", IntTuple{2, 1}}}, name + "1");
        x = b.after(x, "average-pool2d",
                    {{"padding", text("explicit")}, {"padding_sides", IntTuple{1, 0, 1, 1}}},
                    name + "2");
        x = b.after(x, "formula",
                    {{"formula", text("x * sigmoid(a * x) + b * clip(x, -1, 1) - c * tanh(x)")},
                     {"parameters", text("a = 1, b = 2, c = 3")}},
                    name + "3");
        for (int i = 0; i < 3; ++i)
            b.after(x, "output", {}, fmt::format("{}{}", name, i + 4));
        for (const auto& file : {pytorchFile(b.network), kerasFile(b.network)}) {
            for (const auto& line : QString::fromStdString(file).split('\n'))
                QVERIFY2(line.size() <= 100, qPrintable(line));
            // Nothing is lost or added but line breaks, commas at the end and parentheses.
            QVERIFY(file.find("nn.Parameter(torch.full((1,), 3.0))") != std::string::npos ||
                    file.find("\"c\": 3") != std::string::npos);
        }
    }

    void longStatementsAreContinued() {
        const std::string a(50, 'a');
        const std::string b(60, 'b');
        QCOMPARE(wrappedPython("x = 1\n\n"), std::string("x = 1\n\n"));
        QCOMPARE(wrappedPython(fmt::format("    {} = f({}, \"a, (b\")\n", a, b)),
                 fmt::format("    {} = f(\n        {}, \"a, (b\"\n    )\n", a, b));
        QCOMPARE(wrappedPython(fmt::format("f({}, {}, lambda x, y: x)[0]\n", a, b)),
                 fmt::format("f(\n    {},\n    {},\n    lambda x, y: x,\n)[0]\n", a, b));
        QCOMPARE(wrappedPython(fmt::format("{0}({0})({1}, {1})\n", a, b)),
                 fmt::format("{0}(\n    {0}\n)(\n    {1},\n    {1},\n)\n", a, b));
        QCOMPARE(wrappedPython(fmt::format("x = {} * y - f({})\n", a, b)),
                 fmt::format("x = (\n    {} * y\n    - f({})\n)\n", a, b));
        QCOMPARE(wrappedPython(fmt::format("    \"\"\"{} {} c.\"\"\"\n", a, b)),
                 fmt::format("    \"\"\"{}\n    {} c.\"\"\"\n", a, b));
        const std::string whole = a + a + b + "\n"; // no place to break it
        QCOMPARE(wrappedPython(whole), whole);
    }

    void whatCannotRunIsNotWritten() {
        const auto transposed = [](const ParamValues& more) {
            ParamValues params{{"filters", whole(2)}, {"kernel", IntTuple{2, 2}}};
            params.insert(more.begin(), more.end());
            const auto network = around("conv-transpose2d", params);
            return messageOf([&] { return kerasFile(network); });
        };
        QCOMPARE(transposed({{"dilation", IntTuple{2, 2}}}),
                 "x1 has a stride and dilation, which Keras's transposed convolution does not have "
                 "together");
        QCOMPARE(transposed({{"padding", text("explicit")},
                             {"padding_sides", IntTuple{0, 0, 0, 0}},
                             {"output_padding", IntTuple{1, 0}}}),
                 "x1 has output padding of 1, beyond everything that Keras's transposed "
                 "convolution computes");
        QCOMPARE(messageOf([] { return pytorchFile(around("dense", {})); }),
                 "The network cannot run yet. x1: Dense takes a vector; received 4×9×7.");
        QCOMPARE(messageOf([] { return kerasFile({}); }),
                 "The network cannot run yet. It has no Output; add one at its end.");
    }
};

QTEST_APPLESS_MAIN(CodeWritersTest)
#include "tst_code_writers.moc"
