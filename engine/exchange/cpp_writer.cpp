// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/cpp_writer.h"

#include "engine/exchange/cpp_integer_loops.h"
#include "engine/exchange/cpp_loops.h"
#include "engine/exchange/cpp_texts.h"
#include "engine/ops/integers.h"
#include "engine/passes/eliminate.h"
#include "engine/passes/inference/split_products.h"
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
        splitProducts(graph_);
        eliminateIdentities(graph_, true);
        eliminateDead(graph_);
        names_[graph_.inputs().front().value.index()] = "x";
        for (const auto& op : graph_.ops())
            add(op);
        // Numbers first: a byte may lie anywhere behind them.
        std::stable_partition(arrays_.begin(), arrays_.end(),
                              [](const Array& each) { return !each.isBytes; });
        if (total() > kMostEmbeddedWeights)
            moveWeights();
        CppProgram program;
        program.source = head() + declarations() + std::string(kCppLoops) +
                         (hasIntegers_ ? std::string(kCppIntegerLoops) : "") + body();
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
    std::string array(const std::string& name, const Tensor& tensor, bool isBytes = false) {
        const auto known = std::ranges::find(arrays_, name, &Array::name);
        if (known == arrays_.end())
            arrays_.push_back({name, tensor.to(DType::F32), isBytes});
        return name;
    }
    std::string weight(const Op& op, std::size_t index, bool isBytes = false) {
        if (index >= op.weights.size())
            return "nullptr";
        const auto& key = graph_.weight(op.weights[index]).key;
        const auto* const values = weights_.find(key);
        if (!values)
            throw Error("the weights of the network lack {}", key);
        return array(fmt::format("w{}", op.weights[index].value), *values, isBytes);
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
            const bool staysThere = isThere && out.rank() > 1; // else all positions are one
            text += fmt::format("{}{{{}, {}, {}, {}, {}, {}}}", i > 0 ? ", " : "",
                                isThere ? in[i + 1] : 1, kernel[i], stride[i], dilation[i],
                                padding.before(i), staysThere ? out[i + 1] : 1);
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

    /// A scale and its zero point, constants of the graph.
    std::string scaleOf(const Op& op) {
        const auto number = [&](std::size_t input) {
            const auto& constant = graph_.value(op.inputs.at(input)).constant;
            if (!constant || constant->elements() != 1)
                throw Error("{}: programs in C++ have no loop for scales that are computed",
                            op.path);
            return cppNumber(double{constant->to(DType::F32).span<float>()[0]}) + "F";
        };
        return number(1) + ", " + (op.inputs.size() > 2 ? number(2) : "0.0F");
    }
    static std::string limitsOf(DType type) {
        const auto [least, most] = rangeOf(type);
        return fmt::format("{}F, {}F", cppNumber(least), cppNumber(most));
    }
    void write(const Op& op, const QuantizeOp& quantize) {
        hasIntegers_ = true;
        line(op, fmt::format("quantize({}, {}, {})", nameOf(op.inputs[0]), scaleOf(op),
                             limitsOf(quantize.to)));
    }
    void write(const Op& op, const DequantizeOp&) {
        hasIntegers_ = true;
        line(op, fmt::format("dequantize({}, {})", nameOf(op.inputs[0]), scaleOf(op)));
    }
    [[nodiscard]] std::string shifted(ValueId value, std::int32_t zero) {
        return zero == 0 ? nameOf(value) : fmt::format("shifted({}, {}.0F)", nameOf(value), zero);
    }
    void write(const Op& op, const QuantizedPoolOp& what) {
        hasIntegers_ = true;
        const auto in = sampleOf(op.inputs[0]);
        const auto pool = what.window(in);
        const auto axes = fmt::format("a{}", op.output().value);
        auto text = axesOf(op, pool.kernel, pool.stride, {}, pool.padding);
        body_ += fmt::format("    const Axis {}[3] = {};\n", axes, text);
        line(op, fmt::format("poolIntegers({}, {}, {}, {}, {{0, 1, {}.0F, {}}}, {})",
                             shifted(op.inputs[0], what.x.zero), in[0], pool.countPadding,
                             cppNumber(double{what.x.scale} / double{what.result.scale}),
                             what.result.zero, limitsOf(what.result.type), axes));
    }
    void write(const Op& op, const QuantizedProductOp& what) {
        hasIntegers_ = true;
        const auto x = shifted(op.inputs[0], what.x.zero);
        const auto scaling = scalingOf(what);
        std::string sums;
        std::int64_t area = 1;
        if (const auto* conv = std::get_if<ConvOp>(&what.product)) {
            const auto axes = fmt::format("a{}", op.output().value);
            body_ +=
                fmt::format("    const Axis {}[3] = {};\n", axes,
                            axesOf(op, conv->kernel, conv->stride, conv->dilation, conv->padding));
            sums = fmt::format("convolve({}, {}, {}, {}, {}, {}, {})", x, weight(op, 0, true),
                               weight(op, 1), sampleOf(op.inputs[0])[0], conv->outChannels,
                               conv->groups, axes);
            area = sampleOf(op.output()).elements() / conv->outChannels;
        } else {
            sums = fmt::format("dense({}, {}, {}, {}, {})", x, weight(op, 0, true), weight(op, 1),
                               sampleOf(op.inputs[0]).dims().back(), what.outChannels());
        }
        const auto multipliers =
            array(fmt::format("m{}", op.output().value),
                  Tensor::of<float>({what.outChannels()}, scaling.multipliers));
        const auto addend =
            what.adds ? shifted(op.inputs[1], what.addend ? what.addend->zero : 0) : "Values()";
        line(op, fmt::format("finish({}, {}, {}, {}, {}, {{{}F, {}F, {}.0F, {}}}, {})", sums,
                             what.outChannels(), area, multipliers, addend,
                             cppNumber(double{scaling.addendFactor}),
                             cppNumber(double{scaling.resultFactor}),
                             what.result ? what.result->zero : 0,
                             what.result ? limitsOf(what.result->type) : "0.0F, 0.0F",
                             activationLambda(what.activation)));
    }
    void write(const Op& op, const PackedDenseOp& what) {
        hasIntegers_ = true;
        const auto scales =
            array(fmt::format("s{}", op.output().value),
                  Tensor::of<float>({static_cast<std::int64_t>(what.scales.size())}, what.scales));
        auto y = fmt::format("densePacked({}, {}, {}, {}, {}, {}, {})", nameOf(op.inputs[0]),
                             weight(op, 0, true), scales, weight(op, 1), what.features, what.units,
                             what.group);
        if (what.adds)
            y = fmt::format("pairs({}, {}.data(), std::plus<>())", y, nameOf(op.inputs[1]));
        if (what.activation.kind != ActivationKind::Identity)
            y = fmt::format("each({}, {})", y, activationLambda(what.activation));
        line(op, y);
    }

    /// In numbers of single precision; four bytes count as one.
    [[nodiscard]] std::int64_t total() const { return (totalBytes() + 3) / 4; }
    [[nodiscard]] std::int64_t totalBytes() const {
        std::int64_t bytes = 0;
        for (const auto& each : arrays_)
            bytes += each.values.elements() * (each.isBytes ? 1 : 4);
        return bytes;
    }

    void moveWeights() {
        for (const auto& each : arrays_) {
            const auto kept = each.isBytes ? each.values.to(DType::I8) : each.values;
            const auto bytes = kept.bytes();
            file_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        }
        file_.resize(static_cast<std::size_t>(4 * total()), '\0');
    }

    static std::string bytesText(const std::string& name, std::span<const float> values) {
        auto text = fmt::format("const signed char {}[] = {{", name);
        for (std::size_t i = 0; i < values.size(); ++i)
            text += fmt::format("{}{},", i % (2 * kNumbersALine) == 0 ? "\n    " : " ",
                                static_cast<int>(values[i]));
        return text + "\n};\n";
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
                text += each.isBytes
                            ? fmt::format("const signed char* const {} = reinterpret_cast<const "
                                          "signed char*>(kWeights.data()) + {};\n",
                                          each.name, place)
                            : fmt::format("const float* const {} = kWeights.data() + {};\n",
                                          each.name, place / 4);
                place += each.values.elements() * (each.isBytes ? 1 : 4);
                continue;
            }
            if (each.isBytes) {
                text += bytesText(each.name, values);
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
        bool isBytes = false; ///< whole numbers of -128 … 127
    };

    OpGraph graph_;
    const Weights& weights_;
    const CppOptions& options_;
    std::map<std::size_t, std::string> names_; ///< by value
    std::vector<Array> arrays_;
    std::string body_;
    bool hasIntegers_ = false;
    std::string file_;
};

} // namespace

CppProgram cppProgram(const OpGraph& graph, const Weights& weights, const CppOptions& options) {
    return CppWriter(graph, weights, options).run();
}

} // namespace gradwright
