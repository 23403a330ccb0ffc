// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/cpp_writer.h"

#include "engine/exchange/cpp_loops.h"
#include "engine/passes/eliminate.h"
#include "engine/support/error.h"
#include "engine/support/version.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <map>

namespace gradwright {
namespace {

constexpr std::size_t kNumbersALine = 8;

/// A text as a literal of C++: what is not printable ASCII as octal numbers.
std::string cppText(const std::string& text) {
    std::string literal = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            literal += std::string("\\") + c;
        else if (byte < 32 || byte > 126 || c == '?') // no trigraphs
            literal += fmt::format("\\{:03o}", byte);
        else
            literal += c;
    }
    return literal + '"';
}

/// A line of a comment: nothing in a name ends or continues it.
std::string commentText(std::string text) {
    for (auto& c : text)
        if (static_cast<unsigned char>(c) < 32 || c == '\\')
            c = ' ';
    return text;
}

std::string cppNumber(double value) {
    auto text = fmt::format("{}", value);
    return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
}

std::string activationLambda(const Activation& activation) {
    const auto a = cppNumber(activation.alpha);
    const auto function = [&]() -> std::string {
        switch (activation.kind) {
        case ActivationKind::Identity:
            return "x";
        case ActivationKind::Sigmoid:
            return "sigmoid(x)";
        case ActivationKind::Tanh:
            return "std::tanh(x)";
        case ActivationKind::Relu:
            return "x > 0 ? x : 0.0";
        case ActivationKind::LeakyRelu:
            return fmt::format("x > 0 ? x : {} * x", a);
        case ActivationKind::Step:
            return "x > 0 ? 1.0 : 0.0";
        case ActivationKind::HardSigmoid:
            return "clip(x + 3, 0, 6) / 6";
        case ActivationKind::HardTanh:
            return "clip(x, -1, 1)";
        case ActivationKind::Relu6:
            return "clip(x, 0, 6)";
        case ActivationKind::Elu:
            return fmt::format("x > 0 ? x : {} * std::expm1(x)", a);
        case ActivationKind::Selu:
            return fmt::format("{} * (x > 0 ? x : {} * std::expm1(x))", kSeluScale, kSeluAlpha);
        case ActivationKind::Celu:
            return fmt::format("x > 0 ? x : {0} * std::expm1(x / {0})", a);
        case ActivationKind::Gelu:
            return "x * 0.5 * std::erfc(-x / std::sqrt(2.0))";
        case ActivationKind::GeluTanh:
            return "0.5 * x * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * "
                   "x * x)))";
        case ActivationKind::Silu:
            return "x * sigmoid(x)";
        case ActivationKind::Mish:
            return "x * std::tanh(softplus(x))";
        case ActivationKind::HardSwish:
            return "x * clip(x + 3, 0, 6) / 6";
        case ActivationKind::Softplus:
            return "softplus(x)";
        case ActivationKind::Softsign:
            return "x / (1 + std::abs(x))";
        }
        return "x";
    };
    return fmt::format("[](double x) {{ return {}; }}", function());
}

class CppWriter {
public:
    CppWriter(OpGraph graph, const Weights& weights, const CppOptions& options)
        : graph_(std::move(graph))
        , weights_(weights)
        , options_(options) {}

    CppProgram run() {
        if (graph_.inputs().size() != 1 || graph_.outputs().size() != 1)
            throw Error("a program computes one output from one input; the network has {} and {}",
                        graph_.outputs().size(), graph_.inputs().size());
        eliminateIdentities(graph_, true);
        eliminateDead(graph_);
        names_[graph_.inputs().front().value.index()] = "x";
        for (const auto& op : graph_.ops())
            add(op);
        if (total() > kMostEmbeddedWeights)
            moveWeights();
        CppProgram program;
        program.source = head() + declarations() + std::string(kCppLoops) + body();
        program.weights = std::move(file_);
        return program;
    }

private:
    [[nodiscard]] Shape sampleOf(ValueId value) const { return graph_.type(value).sample(); }
    [[nodiscard]] std::string nameOf(ValueId value) {
        if (const auto& constant = graph_.value(value).constant)
            return array(fmt::format("constant{}", value.value), *constant);
        return names_.at(value.index());
    }

    /// Keeps the numbers under a name that is free.
    std::string array(const std::string& name, const Tensor& tensor) {
        const auto known = std::ranges::find(arrays_, name, &Array::name);
        if (known == arrays_.end())
            arrays_.push_back({name, tensor.to(DType::F32)});
        return name;
    }
    std::string weight(const Op& op, std::size_t index) {
        if (index >= op.weights.size())
            return "nullptr";
        const auto& key = graph_.weight(op.weights[index]).key;
        const auto* const values = weights_.find(key);
        if (!values)
            throw Error("the weights of the network lack {}", key);
        return array(fmt::format("w{}", op.weights[index].value), *values);
    }

    void line(const Op& op, const std::string& value) {
        const auto name = fmt::format("v{}", op.output().value);
        body_ += fmt::format("    const Values {} = {}; // {}: {}\n", name, value,
                             commentText(op.path), toString(sampleOf(op.output())));
        names_[op.output().index()] = name;
    }

    [[nodiscard]] std::string axesOf(const Op& op, const Extents& kernel, const Extents& stride,
                                     const Extents& dilation, const Padding& padding) const {
        const auto in = sampleOf(op.inputs[0]);
        const auto out = sampleOf(op.output());
        std::string text;
        for (std::size_t i = 0; i < 3; ++i) {
            const bool isThere = i + 1 < in.rank();
            text += fmt::format("{}{{{}, {}, {}, {}, {}, {}}}", i > 0 ? ", " : "",
                                isThere ? in[i + 1] : 1, kernel[i], stride[i], dilation[i],
                                padding.before(i), isThere ? out[i + 1] : 1);
        }
        return "{" + text + "}";
    }

    void add(const Op& op) {
        std::visit([&](const auto& attributes) { write(op, attributes); }, op.attributes);
    }
    template <class Attributes>
    void write(const Op& op, const Attributes& attributes) {
        throw Error("{}: programs in C++ have no loop for {} yet; export it as ONNX", op.path,
                    attributes.name());
    }
    void write(const Op& op, const ConvOp& conv) {
        const auto axes = fmt::format("a{}", op.output().value);
        body_ += fmt::format("    const Axis {}[3] = {};\n", axes,
                             axesOf(op, conv.kernel, conv.stride, conv.dilation, conv.padding));
        line(op, fmt::format("convolve({}, {}, {}, {}, {}, {}, {})", nameOf(op.inputs[0]),
                             weight(op, 0), weight(op, 1), sampleOf(op.inputs[0])[0],
                             conv.outChannels, conv.groups, axes));
    }
    void write(const Op& op, const PoolOp& pool) {
        const auto axes = fmt::format("a{}", op.output().value);
        body_ += fmt::format("    const Axis {}[3] = {};\n", axes,
                             axesOf(op, pool.kernel, pool.stride, {}, pool.padding));
        line(op, fmt::format("pool({}, {}, {}, {}, {})", nameOf(op.inputs[0]),
                             sampleOf(op.inputs[0])[0], pool.kind == PoolKind::Max,
                             pool.countPadding, axes));
    }
    void write(const Op& op, const GlobalAveragePoolOp&) {
        line(op, fmt::format("means({}, {})", nameOf(op.inputs[0]), sampleOf(op.inputs[0])[0]));
    }
    void write(const Op& op, const DenseOp& dense) {
        line(op, fmt::format("dense({}, {}, {}, {}, {})", nameOf(op.inputs[0]), weight(op, 0),
                             weight(op, 1), sampleOf(op.inputs[0]).dims().back(), dense.units));
    }
    void write(const Op& op, const BatchNormOp& norm) {
        line(op, fmt::format("normalize({}, {}, {}, {}, {}, {}, {})", nameOf(op.inputs[0]),
                             weight(op, 0), weight(op, 1), weight(op, 2), weight(op, 3),
                             cppNumber(norm.epsilon), sampleOf(op.inputs[0])[0]));
    }
    void write(const Op& op, const ActivationOp& activation) {
        line(op, fmt::format("each({}, {})", nameOf(op.inputs[0]),
                             activationLambda(activation.activation)));
    }
    void write(const Op& op, const SoftmaxOp& softmax) {
        const auto shape = sampleOf(op.inputs[0]);
        const auto rank = static_cast<std::int64_t>(shape.rank());
        const auto axis = softmax.axis < 0 ? rank + softmax.axis : softmax.axis - 1;
        if (softmax.logarithm || axis < 0 || axis >= rank)
            throw Error("{}: programs in C++ have no loop for its logarithm yet", op.path);
        std::int64_t step = 1;
        for (auto i = axis + 1; i < rank; ++i)
            step *= shape[static_cast<std::size_t>(i)];
        line(op, fmt::format("softmax({}, {}, {})", nameOf(op.inputs[0]),
                             shape[static_cast<std::size_t>(axis)], step));
    }
    /// The same elements in the same order.
    void write(const Op& op, const ReshapeOp&) {
        names_[op.output().index()] = nameOf(op.inputs[0]);
    }
    void write(const Op& op, const AddOp&) {
        auto sum = nameOf(op.inputs[0]);
        for (std::size_t i = 1; i < op.inputs.size(); ++i)
            sum = fmt::format("pairs({}, {}.data(), std::plus<>())", sum, nameOf(op.inputs[i]));
        line(op, sum);
    }
    /// Of the values that give an output its unit.
    void write(const Op& op, const BinaryOp& binary) {
        const auto* const kind = binary.kind == BinaryKind::Add        ? "std::plus<>()"
                                 : binary.kind == BinaryKind::Multiply ? "std::multiplies<>()"
                                                                       : nullptr;
        const auto& second = graph_.value(op.inputs[1]);
        if (!kind || binary.scale != 1 || binary.shift != 0 || !second.constant ||
            second.constant->elements() != sampleOf(op.output()).elements())
            throw Error("{}: programs in C++ have no loop for {} of values yet; export it as ONNX",
                        op.path, binary.name());
        line(op,
             fmt::format("pairs({}, {}, {})", nameOf(op.inputs[0]), nameOf(op.inputs[1]), kind));
    }

    [[nodiscard]] std::int64_t total() const {
        std::int64_t count = 0;
        for (const auto& each : arrays_)
            count += each.values.elements();
        return count;
    }

    void moveWeights() {
        for (const auto& each : arrays_) {
            const auto bytes = each.values.bytes();
            file_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        }
    }

    [[nodiscard]] std::string head() const {
        return fmt::format(
            "// Written by Gradwright {}: {}. C++17, without libraries:\n"
            "//     c++ -O2 -std=c++17 THIS_FILE -o predict\n"
            "// predict() answers one raw sample; the program reads raw samples from standard\n"
            "// input, numbers with blanks between them, and prints an answer a line.\n"
            "#include <algorithm>\n#include <cmath>\n#include <cstdio>\n#include "
            "<cstdlib>\n#include <fstream>\n"
            "#include <functional>\n#include <iostream>\n#include <numeric>\n#include <string>\n"
            "#include <vector>\n\nnamespace {{\n\n",
            kVersion, commentText(options_.name));
    }

    [[nodiscard]] std::string declarations() const {
        std::string text;
        if (!file_.empty())
            text += fmt::format("/// The weights, of {} numbers in single precision.\n"
                                "const char* const kWeightsFile = {};\n"
                                "std::vector<float> weightsOf(const char* file) {{\n"
                                "    std::vector<float> all({});\n"
                                "    std::ifstream in(file, std::ios::binary);\n"
                                "    if (!in.read(reinterpret_cast<char*>(all.data()), {})) {{\n"
                                "        std::fprintf(stderr, \"%s cannot be read\\n\", file);\n"
                                "        std::exit(1);\n    }}\n    return all;\n}}\n"
                                "const std::vector<float> kWeights = weightsOf(kWeightsFile);\n",
                                total(), cppText(options_.weightsFile), total(), 4 * total());
        std::int64_t place = 0;
        for (const auto& each : arrays_) {
            const auto values = each.values.span<float>();
            if (!file_.empty()) {
                text += fmt::format("const float* const {} = kWeights.data() + {};\n", each.name,
                                    place);
                place += each.values.elements();
                continue;
            }
            text += fmt::format("const float {}[] = {{", each.name);
            for (std::size_t i = 0; i < values.size(); ++i) {
                const auto number = fmt::format("{:.9g}", values[i]);
                text += fmt::format("{}{}{}F,", i % kNumbersALine == 0 ? "\n    " : " ", number,
                                    number.find_first_of(".en") == std::string::npos ? ".0" : "");
            }
            text += "\n};\n";
        }
        if (options_.data && options_.data->hasClasses()) {
            text += "const char* const kClasses[] = {";
            for (const auto& name : options_.data->classes)
                text += cppText(name) + ", ";
            text += "};\n";
        }
        return text;
    }

    /// How a raw sample becomes inputs, and how many numbers it has.
    [[nodiscard]] std::pair<std::string, std::int64_t> preparation() const {
        const auto inputs = sampleOf(graph_.inputs().front().value).elements();
        const std::pair<std::string, std::int64_t> asIs{"    const Values x = raw;\n", inputs};
        if (!options_.data)
            return asIs;
        const auto& data = *options_.data;
        const bool isTable = !data.columns.empty() &&
                             std::ranges::all_of(data.columns, [](const TableColumn& column) {
                                 return !column.image && column.pixels == 0;
                             });
        if (isTable)
            return {tablePreparation(data), static_cast<std::int64_t>(data.columns.size())};
        if (!data.columns.empty() || data.input.rank() != 3)
            return asIs;
        std::string text = "    // Bytes of pixels, channel by channel.\n    Values x = raw;\n"
                           "    const double mean[] = {";
        const auto& preparation = data.preparation;
        const auto channels = static_cast<std::size_t>(data.input[0]);
        const auto list = [&](const std::vector<double>& numbers) {
            std::string all;
            for (std::size_t c = 0; c < channels; ++c)
                all += cppNumber(numbers.size() == 1 ? numbers[0] : numbers[c]) + ", ";
            return all;
        };
        text += list(preparation.mean) + "};\n    const double deviation[] = {" +
                list(preparation.deviation) + "};\n";
        text += fmt::format(
            "    for (std::size_t i = 0; i < x.size(); ++i) {{\n"
            "        const double value = {};\n"
            "        x[i] = float((value - mean[i / {}]) / deviation[i / {}]);\n    }}\n",
            preparation.binarize ? "x[i] / 255 > 0.5 ? 1.0 : 0.0" : "x[i] / 255.0",
            inputs / data.input[0], inputs / data.input[0]);
        return {text, inputs};
    }

    static std::string tablePreparation(const DataInfo& data) {
        std::string text = "    Values x;\n";
        for (std::size_t i = 0; i < data.columns.size(); ++i) {
            const auto& column = data.columns[i];
            if (column.isNumeric())
                text += fmt::format("    // {}; NaN where it is missing\n"
                                    "    x.push_back(float(((std::isnan(raw[{}]) ? {} : raw[{}]) - "
                                    "{}) / {}));\n",
                                    commentText(column.name), i, cppNumber(column.missing), i,
                                    cppNumber(column.scaling.mean),
                                    cppNumber(column.scaling.deviation));
            else
                text +=
                    fmt::format("    // {}: the number of {}, from 0 on\n"
                                "    for (int c = 0; c < {}; ++c)\n"
                                "        x.push_back(raw[{}] == c ? 1.0F : 0.0F);\n",
                                commentText(column.name),
                                commentText(fmt::format("{}", fmt::join(column.categories, ", "))),
                                column.categories.size(), i);
        }
        return text;
    }

    [[nodiscard]] std::string body() {
        const auto [prepared, count] = preparation();
        const auto answer = nameOf(graph_.outputs().front().value);
        const bool hasClasses =
            options_.data && options_.data->hasClasses() && options_.data->labels() == 1;
        return fmt::format(
            "\n}} // namespace\n\n/// Numbers of a raw sample.\nconstexpr int kRaw = {};\n\n"
            "/// What the network answers.\nstd::vector<float> predict(const std::vector<float>& "
            "raw) {{\n{}{}    return {};\n}}\n\nint main() {{\n"
            "    std::vector<float> raw;\n    std::string word;\n    while (std::cin >> word) {{\n"
            "        raw.push_back(std::strtof(word.c_str(), nullptr));\n"
            "        if (int(raw.size()) < kRaw)\n            continue;\n"
            "        const std::vector<float> y = predict(raw);\n{}"
            "        for (std::size_t i = 0; i < y.size(); ++i)\n"
            "            std::printf(\"%s%.9g\", i > 0 ? \" \" : \"\", double(y[i]));\n"
            "        std::printf(\"\\n\");\n        raw.clear();\n    }}\n"
            "    if (!raw.empty()) {{\n"
            "        std::fprintf(stderr, \"the last sample has %d of %d numbers\\n\", "
            "int(raw.size()), kRaw);\n        return 1;\n    }}\n}}\n",
            count, prepared, body_, answer,
            hasClasses ? "        std::printf(\"%s \", kClasses[std::max_element(y.begin(), "
                         "y.end()) - y.begin()]);\n"
                       : "");
    }

    struct Array {
        std::string name;
        Tensor values;
    };

    OpGraph graph_;
    const Weights& weights_;
    const CppOptions& options_;
    std::map<std::size_t, std::string> names_; ///< by value
    std::vector<Array> arrays_;
    std::string body_;
    std::string file_;
};

} // namespace

CppProgram cppProgram(const OpGraph& graph, const Weights& weights, const CppOptions& options) {
    return CppWriter(graph, weights, options).run();
}

} // namespace gradwright
