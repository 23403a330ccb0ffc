// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/convolution.h"

namespace gradwright::layers {
namespace {

ConvTransposeOp opOf(const Params& params) {
    const Extents kernel(std::span(params.tuple("kernel")));
    const Extents stride(std::span(params.tuple("stride")));
    ConvTransposeOp op{params.integer("filters"),
                       kernel,
                       stride,
                       Extents(std::span(params.tuple("dilation"))),
                       {},
                       {},
                       params.integer("groups"),
                       params.boolean("bias")};
    const auto& padding = params.text("padding");
    if (padding == "explicit") {
        op.padding = Padding(std::span(params.tuple("padding_sides")));
        const auto& extra = params.tuple("output_padding");
        op.outputPadding = {0, extra[0], 0, extra[1]};
    } else if (padding == "same") {
        // The output is input · stride: what the kernel reaches beyond is taken off, what it lacks
        // is added.
        IntTuple sides;
        IntTuple extra;
        for (std::size_t axis = 0; axis < 2; ++axis) {
            const auto beyond = (kernel[axis] - 1) * op.dilation[axis] + 1 - stride[axis];
            sides.push_back(std::max<std::int64_t>(beyond, 0) / 2);
            sides.push_back(std::max<std::int64_t>(beyond, 0) - sides.back());
            extra.insert(extra.end(), {0, std::max<std::int64_t>(-beyond, 0)});
        }
        op.padding = Padding(std::span(sides));
        op.outputPadding = Padding(std::span(extra));
    }
    return op;
}

Inferred inferConvTranspose2d(const InferContext& context) {
    const auto& image = context.inputs[0];
    if (auto problem = requireAxes("Conv transpose 2D", image, 2))
        return *std::move(problem);
    const auto op = opOf(context.params);
    if (auto problem = checkGroups(op.groups, image[0], op.outChannels))
        return *std::move(problem);
    std::vector<std::int64_t> dims{op.outChannels};
    for (std::size_t axis = 0; axis < 2; ++axis) {
        if (op.outputPadding.after(axis) >= op.stride[axis])
            return LayerProblem{
                fmt::format("Output padding must be smaller than the stride; received {} with "
                            "stride {}.",
                            op.outputPadding.after(axis), op.stride[axis]),
                "output_padding",
                {{"Set output padding to 0×0",
                  SetParamProposal{"output_padding", IntTuple{0, 0}}}}};
        dims.push_back((image[axis + 1] - 1) * op.stride[axis] - op.padding.both(axis) +
                       (op.kernel[axis] - 1) * op.dilation[axis] + 1 +
                       op.outputPadding.after(axis));
    }
    if (dims[1] < 1 || dims[2] < 1)
        return LayerProblem{
            fmt::format("The padding takes off more than there is: the output would be {}×{}.",
                        dims[1], dims[2]),
            "padding_sides",
            {{"Use same padding", SetParamProposal{"padding", std::string("same")}}}};
    return Shape(std::move(dims));
}

ValueId lowerConvTranspose2d(LowerContext& context) {
    const auto& params = context.params();
    const auto op = opOf(params);
    const auto channels = context.inputShape()[0];
    const auto area = op.kernel.product();
    const auto perGroup = op.outChannels / op.groups;
    std::vector<WeightId> weights = {
        context.weight("weight", {channels, perGroup, op.kernel[0], op.kernel[1]},
                       initializerOf(params, activationOf(params)),
                       {channels / op.groups * area, perGroup * area})};
    if (op.bias)
        weights.push_back(context.weight("bias", {op.outChannels}, {"zeros"}));
    return lowerActivation(context, context.op(op, context.inputs(), std::move(weights)));
}

std::string labelConvTranspose2d(const Params& params) {
    const auto& kernel = params.tuple("kernel");
    return fmt::format("ConvT {}×{}×{}", kernel[0], kernel[1], params.integer("filters"));
}

bool isEven(const Padding& padding) {
    return padding.before(0) == padding.after(0) && padding.before(1) == padding.after(1);
}

/// "[:, :, 1:-2, 0:-1]" of the whole result, for padding that differs between the sides.
std::string cut(const Padding& padding) {
    std::string ranges;
    for (std::size_t axis = 0; axis < 2; ++axis)
        ranges +=
            fmt::format("{}{}:{}", axis > 0 ? ", " : "", padding.before(axis),
                        padding.after(axis) > 0 ? fmt::format("{}", -padding.after(axis)) : "");
    return ranges;
}

PyTorchCode pytorchConvTranspose2d(const CodeContext& context) {
    const auto& params = context.params();
    const auto op = opOf(params);
    const bool even = isEven(op.padding);
    const Window window{2, op.kernel, op.stride, op.dilation, op.padding};
    const Extents extra{op.outputPadding.after(0), op.outputPadding.after(1)};
    auto result = fmt::format("self.{}({})", context.name(), context.input());
    if (!even)
        result += fmt::format("[:, :, {}]", cut(op.padding));
    return {
        code::call(
            "nn.ConvTranspose2d",
            {fmt::format("{}", context.shape()[0]), fmt::format("{}", op.outChannels),
             code::extents(op.kernel, 2),
             code::keyword("stride", code::extents(op.stride, 2), op.stride != Extents{}),
             code::keyword("padding", evenPadding(window), even && op.padding != Padding{}),
             code::keyword("output_padding", code::extents(extra, 2),
                           op.outputPadding != Padding{}),
             code::keyword("groups", fmt::format("{}", op.groups), op.groups != 1),
             code::keyword("bias", "False", !op.bias),
             code::keyword("dilation", code::extents(op.dilation, 2), op.dilation != Extents{})}),
        code::torchActivated(activationOf(params), result)};
}

/// What is cut off Keras's result, which holds everything that the kernel reaches and, where it is
/// shorter than the stride, further places up to the input times the stride. Throws Error when the
/// output padding reaches beyond.
Padding kerasCut(const CodeContext& context, const ConvTransposeOp& op) {
    IntTuple sides;
    for (std::size_t axis = 0; axis < 2; ++axis) {
        const auto reach = (op.kernel[axis] - 1) * op.dilation[axis] + 1;
        const auto further = std::max<std::int64_t>(op.stride[axis] - reach, 0);
        const auto after = op.padding.after(axis) + further - op.outputPadding.after(axis);
        if (after < 0)
            throw Error("{} has output padding of {}, beyond everything that Keras's transposed "
                        "convolution computes",
                        context.name(), op.outputPadding.after(axis));
        sides.insert(sides.end(), {op.padding.before(axis), after});
    }
    return Padding(std::span(sides));
}

/// Everything that the kernel reaches, then cut. Keras has no groups there, and no strides together
/// with dilation.
std::string kerasConvTranspose2d(const CodeContext& context) {
    const auto& params = context.params();
    const auto op = opOf(params);
    if (op.groups != 1)
        throw Error("{} has {} groups, which Keras's transposed convolution does not have",
                    context.name(), op.groups);
    if (op.stride != Extents{} && op.dilation != Extents{})
        throw Error("{} has a stride and dilation, which Keras's transposed convolution does not "
                    "have together",
                    context.name());
    const auto sides = kerasCut(context, op);
    auto result = fmt::format(
        "{}({})",
        code::call("layers.Conv2DTranspose",
                   {fmt::format("{}", op.outChannels), code::extents(op.kernel, 2),
                    code::keyword("strides", code::extents(op.stride, 2), op.stride != Extents{}),
                    code::keyword("dilation_rate", code::extents(op.dilation, 2),
                                  op.dilation != Extents{}),
                    code::keyword("use_bias", "False", !op.bias),
                    fmt::format("name=\"{}\"", context.name())}),
        context.input());
    if (sides != Padding{})
        result += fmt::format("[:, {}, :]", cut(sides));
    const auto activation = activationOf(params);
    const auto name = code::kerasActivation(activation);
    if (!name.empty())
        return fmt::format("layers.Activation({})({})", name, result);
    return code::kerasActivated(activation, result);
}

} // namespace

LayerDef convTranspose2d() {
    auto extra = tupleParam("output_padding", "Output padding", {0, 0}, 2, 2, 0, 4096,
                            "Rows below and columns to the right that no kernel reaches.");
    extra.advanced = true;
    extra.visibleWhen = {"padding", {std::string("explicit")}};
    auto padding = paddingParams(2);
    padding[0].choices = {{"valid", "Valid", "Keeps everything that the kernel reaches."},
                          {"same", "Same", "The output is the input times the stride."},
                          {"explicit", "Custom", "A number taken off each side."}};
    padding[0].doc = "What is taken off the output's border.";
    return {.key = "conv-transpose2d",
            .title = "Conv transpose 2D",
            .category = Category::Convolution,
            .doc = "A convolution backwards: every pixel paints the kernel, weighted by its value, "
                   "into a larger image. Learned upsampling for segmentation and decoders.",
            .formula = "y[o, i·s + u·d, j·s + v·d] += w[c, o, u, v] · x[c, i, j], then + b[o]",
            .source = "Zeiler, Krishnan, Taylor, Fergus: Deconvolutional networks, 2010",
            .hasWeights = true,
            .params = joined(
                {{intParam("filters", "Filters", 32, 1, 65536, "Number of output channels.")},
                 windowParams({2, 2}, {2, 2}),
                 std::move(padding),
                 {std::move(extra), dilationParam(2), groupsParam(),
                  boolParam("bias", "Bias", true, "Adds a learned bias per filter.")},
                 activationParams(),
                 initializerParams()}),
            .infer = inferConvTranspose2d,
            .lower = lowerConvTranspose2d,
            .pytorch = pytorchConvTranspose2d,
            .keras = kerasConvTranspose2d,
            .kerasWeights = {.usual = true},
            .label = labelConvTranspose2d};
}

} // namespace gradwright::layers
