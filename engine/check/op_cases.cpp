// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/check/op_cases.h"

#include "engine/check/case_builder.h"

namespace gradwright::check {
namespace {

using Cases = std::vector<OpCase>;

void addConvolutions(Cases& cases) {
    const auto conv = [&](std::string name, std::int64_t batch, const Shape& shape, ConvOp op) {
        cases.push_back(singleOp("conv/" + std::move(name), batch, shape, op));
    };
    conv("1x1 on one pixel", 1, {1, 1, 1}, {.outChannels = 1});
    conv("3x3 on one pixel", 3, {3, 1, 1},
         {.outChannels = 6, .kernel = {3, 3}, .padding = {1, 1, 1, 1}});
    conv("3x3", 1, {1, 5, 7}, {.outChannels = 6, .kernel = {3, 3}});
    conv("3x3 three samples", 3, {5, 7, 11}, {.outChannels = 3, .kernel = {3, 3}});
    conv("5x5 same, one channel", 3, {1, 7, 11},
         {.outChannels = 6, .kernel = {5, 5}, .padding = {2, 2, 2, 2}});
    conv("5x5 six to seventeen", 1, {6, 7, 11}, {.outChannels = 17, .kernel = {5, 5}});
    conv("1x1 seventeen to three", 3, {17, 5, 7}, {.outChannels = 3});
    conv("kernel as large as the image", 3, {3, 5, 7}, {.outChannels = 6, .kernel = {5, 7}});
    conv("stride 2", 3, {3, 7, 11},
         {.outChannels = 6, .kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1, 1, 1}});
    conv("stride above kernel", 3, {6, 7, 11}, {.outChannels = 3, .stride = {2, 3}});
    conv("stride 2x3, kernel 3x2, asymmetric padding", 3, {3, 7, 11},
         {.outChannels = 6, .kernel = {3, 2}, .stride = {2, 3}, .padding = {1, 0, 2, 1}});
    conv("asymmetric padding", 1, {1, 5, 7},
         {.outChannels = 1, .kernel = {3, 3}, .padding = {0, 2, 1, 0}});
    conv("dilation 2", 3, {3, 7, 11},
         {.outChannels = 6, .kernel = {3, 3}, .dilation = {2, 2}, .padding = {2, 2, 2, 2}});
    conv("dilation 1x3, kernel 2x3, stride 2x1", 1, {6, 7, 11},
         {.outChannels = 17,
          .kernel = {2, 3},
          .stride = {2, 1},
          .dilation = {1, 3},
          .padding = {0, 1, 3, 0}});
    conv("three groups", 3, {6, 5, 7},
         {.outChannels = 9, .kernel = {3, 3}, .padding = {1, 1, 1, 1}, .groups = 3});
    conv("depthwise", 3, {17, 5, 7},
         {.outChannels = 17, .kernel = {3, 3}, .padding = {1, 1, 1, 1}, .groups = 17});
    conv("depthwise, two for each", 1, {3, 5, 7},
         {.outChannels = 6, .kernel = {3, 3}, .stride = {2, 2}, .groups = 3});
    conv("without bias", 3, {3, 5, 7},
         {.outChannels = 6, .kernel = {3, 3}, .padding = {1, 1, 1, 1}, .bias = false});
    conv("groups without bias, dilated", 3, {6, 7, 11},
         {.outChannels = 6, .kernel = {3, 3}, .dilation = {2, 1}, .groups = 2, .bias = false});
    conv("sixteen to thirty-two", 3, {16, 6, 6},
         {.outChannels = 32, .kernel = {3, 3}, .padding = {1, 1, 1, 1}});
}

void addDense(Cases& cases) {
    const auto dense = [&](std::string name, std::int64_t batch, std::int64_t features,
                           DenseOp op) {
        cases.push_back(singleOp("dense/" + std::move(name), batch, {features}, op));
    };
    dense("one to one", 1, 1, {.units = 1});
    dense("one to seventeen", 3, 1, {.units = 17});
    dense("seventeen to one", 3, 17, {.units = 1});
    dense("without bias", 3, 11, {.units = 7, .bias = false});
    dense("one sample", 1, 33, {.units = 10});
    cases.push_back(singleOp("dense/of a sequence", 3, {5, 7}, DenseOp{.units = 4}));
    cases.push_back(singleOp("dense/of one step", 1, {1, 7}, DenseOp{.units = 3, .bias = false}));
    dense("aligned", 16, 64, {.units = 32});

    CaseBuilder image("dense/of a flattened image", 3);
    const auto flat =
        image.chain(image.source({5, 7, 11}), {ReshapeOp::ofSample(Shape{5 * 7 * 11})});
    cases.push_back(image.regressed(image.apply(DenseOp{.units = 3}, {flat})));
}

void addPools(Cases& cases) {
    for (const auto kind : {PoolKind::Max, PoolKind::Average}) {
        const std::string prefix = kind == PoolKind::Max ? "max pool/" : "average pool/";
        const auto pool = [&](std::string name, std::int64_t batch, const Shape& shape, PoolOp op) {
            op.kind = kind;
            cases.push_back(singleOp(prefix + std::move(name), batch, shape, op));
        };
        pool("one pixel", 1, {1, 1, 1}, {.kernel = {1, 1}, .stride = {1, 1}});
        pool("2x2", 3, {6, 5, 7}, {});
        pool("2x2, seventeen channels", 1, {17, 6, 8}, {});
        pool("kernel above stride", 3, {3, 7, 11}, {.kernel = {3, 3}, .stride = {2, 2}});
        pool("3x2 stride 1x2", 1, {5, 7, 11}, {.kernel = {3, 2}, .stride = {1, 2}});
        pool("stride above kernel", 3, {1, 7, 11}, {.kernel = {2, 2}, .stride = {3, 3}});
        pool("whole image", 3, {3, 5, 7}, {.kernel = {5, 7}, .stride = {1, 1}});
        for (const bool countPadding : {false, true}) {
            if (kind == PoolKind::Max && countPadding)
                continue;
            const std::string suffix = countPadding ? ", padding counted" : "";
            pool("padded" + suffix, 3, {3, 7, 11},
                 {.kernel = {3, 3},
                  .stride = {2, 2},
                  .padding = {1, 1, 1, 1},
                  .countPadding = countPadding});
            pool("asymmetric padding" + suffix, 1, {17, 5, 7},
                 {.kernel = {3, 4},
                  .stride = {1, 3},
                  .padding = {2, 0, 1, 3},
                  .countPadding = countPadding});
        }
    }
    for (const auto& shape : {Shape{1, 1, 1}, Shape{5, 7, 11}, Shape{17, 3, 2}})
        cases.push_back(singleOp("global average pool/" + toString(shape), shape[0] == 5 ? 3 : 1,
                                 shape, GlobalAveragePoolOp{}));
}

// Fewer than three values per channel make the gradient of a normalization vanish: nothing to
// compare.
void addBatchNorms(Cases& cases) {
    const auto norm = [&](std::string name, std::int64_t batch, const Shape& shape,
                          BatchNormOp op = {}) {
        cases.push_back(singleOp("batch norm/" + std::move(name), batch, shape, op));
    };
    norm("image, one sample", 1, {5, 7, 11});
    norm("image, three samples", 3, {6, 5, 7}, {.epsilon = 1e-3, .momentum = 0.3});
    norm("one channel", 3, {1, 5, 7});
    norm("one pixel", 8, {3, 1, 1});
    norm("seventeen channels", 3, {17, 3, 5});
    norm("vector", 8, {17}, {.epsilon = 1e-2, .momentum = 1.0});
    norm("vector of one", 8, {1});

    CaseBuilder conv("batch norm/after a convolution", 3);
    const auto value = conv.chain(conv.source({3, 7, 11}),
                                  {ConvOp{.outChannels = 6, .kernel = {3, 3}, .bias = false},
                                   BatchNormOp{}, ActivationOp{{ActivationKind::Relu}}});
    cases.push_back(conv.regressed(value));

    CaseBuilder dense("batch norm/after a dense layer", 8);
    cases.push_back(dense.regressed(
        dense.chain(dense.source({11}), {DenseOp{.units = 6, .bias = false}, BatchNormOp{},
                                         ActivationOp{{ActivationKind::Tanh}}})));
}

void addElementwise(Cases& cases) {
    for (const auto& activation : activations()) {
        auto function = defaultActivation(activation.kind);
        if (activation.kind == ActivationKind::Step) {
            // Nothing flows back through it: a way around it has the gradient.
            CaseBuilder around("activation/around a step", 3);
            const auto x = around.source({5, 7, 11});
            cases.push_back(around.regressed(
                around.apply(AddOp{}, {x, around.apply(ActivationOp{function}, {x})})));
            continue;
        }
        if (activation.kind == ActivationKind::LeakyRelu)
            function.alpha = 0.1;
        const auto name = "activation/" + activation.key;
        cases.push_back(singleOp(name + " on an image", 3, {5, 7, 11}, ActivationOp{function}));
        cases.push_back(singleOp(name + " on one number", 3, {1}, ActivationOp{function}));

        CaseBuilder conv(name + " after a convolution", 3);
        cases.push_back(conv.regressed(
            conv.chain(conv.source({3, 5, 7}),
                       {ConvOp{.outChannels = 17, .kernel = {3, 3}}, ActivationOp{function}})));
        CaseBuilder dense(name + " after a dense layer", 3);
        cases.push_back(dense.regressed(
            dense.chain(dense.source({17}), {DenseOp{.units = 6}, ActivationOp{function}})));
    }
    // Beyond the corners of the bounded ones, at 3 and 6.
    for (const auto kind : {ActivationKind::Relu6, ActivationKind::HardSigmoid,
                            ActivationKind::HardTanh, ActivationKind::HardSwish,
                            ActivationKind::Gelu, ActivationKind::Softplus, ActivationKind::Mish}) {
        CaseBuilder wide("activation/" + info(kind).key + " on a wide range", 3);
        cases.push_back(wide.regressed(
            wide.apply(ActivationOp{defaultActivation(kind)}, {wide.source({6, 5, 7}, 4.0)})));
    }
    for (const double alpha : {0.3, 2.0})
        for (const auto kind : {ActivationKind::Elu, ActivationKind::Celu})
            cases.push_back(
                singleOp(fmt::format("activation/{} with alpha {}", info(kind).key, alpha), 3,
                         {5, 7}, ActivationOp{{kind, alpha}}));
    for (const auto& shape : {Shape{7}, Shape{2}, Shape{17, 5, 7}, Shape{3, 1, 1}, Shape{6, 5}})
        for (const bool logarithm : {false, true})
            cases.push_back(singleOp((logarithm ? "log-softmax/" : "softmax/") + toString(shape),
                                     shape.rank() == 1 ? 3 : 1, shape, SoftmaxOp{logarithm}));
    for (const auto& shape : {Shape{1}, Shape{17}, Shape{5, 7}, Shape{17, 3, 5}, Shape{3, 2, 5, 4}})
        for (const bool perChannel : {true, false})
            cases.push_back(singleOp(
                fmt::format("prelu/{}{}", toString(shape), perChannel ? "" : ", one slope"),
                shape.rank() == 3 ? 1 : 3, shape, PreluOp{perChannel}));
    CaseBuilder slopes("prelu/after a convolution", 3);
    cases.push_back(slopes.regressed(
        slopes.chain(slopes.source({3, 5, 7}), {ConvOp{.outChannels = 17, .kernel = {3, 3}},
                                                PreluOp{}, ConvOp{.outChannels = 3}})));

    cases.push_back(singleOp("dropout/image", 3, {5, 7, 11}, DropoutOp{.rate = 0.5, .stream = 1}));
    cases.push_back(singleOp("dropout/vector", 3, {17}, DropoutOp{.rate = 0.3, .stream = 2}));
    cases.push_back(singleOp("dropout/rate 0", 1, {17}, DropoutOp{.rate = 0.0, .stream = 3}));
    CaseBuilder two("dropout/two in a chain", 3);
    cases.push_back(two.regressed(
        two.chain(two.source({33}), {DropoutOp{.rate = 0.25, .stream = 0}, DenseOp{.units = 17},
                                     ActivationOp{{ActivationKind::Relu}},
                                     DropoutOp{.rate = 0.5, .stream = 1}, DenseOp{.units = 3}})));
}

void addJoins(Cases& cases) {
    const auto join = [&](std::string name, std::int64_t batch, const std::vector<Shape>& shapes,
                          OpAttributes op) {
        cases.push_back(joiningOp(std::move(name), batch, shapes, std::move(op)));
    };
    join("add/two images", 3, {{5, 7, 11}, {5, 7, 11}}, AddOp{});
    join("add/three vectors", 3, {{17}, {17}, {17}}, AddOp{});
    join("add/two numbers", 1, {{1}, {1}}, AddOp{});
    join("concatenate/channels of two", 3, {{3, 5, 7}, {6, 5, 7}}, ConcatOp::ofSample(0));
    join("concatenate/channels of three", 1, {{1, 5, 7}, {17, 5, 7}, {3, 5, 7}},
         ConcatOp::ofSample(0));
    join("concatenate/aligned channels", 3, {{16, 3, 5}, {32, 3, 5}}, ConcatOp::ofSample(0));
    join("concatenate/rows", 3, {{3, 5, 7}, {3, 1, 7}}, ConcatOp::ofSample(1));
    join("concatenate/columns of three", 3, {{6, 5, 7}, {6, 5, 1}, {6, 5, 4}},
         ConcatOp::ofSample(2));
    join("concatenate/vectors", 3, {{1}, {17}, {5}}, ConcatOp::ofSample(0));
    join("concatenate/one input", 1, {{7}}, ConcatOp::ofSample(0));

    const auto split = [&](std::string name, std::int64_t batch, const Shape& shape, SplitOp op) {
        CaseBuilder builder("split/" + std::move(name), batch);
        const auto pieces = builder.applyAll(std::move(op), {builder.source(shape)});
        for (std::size_t i = 0; i < pieces.size(); ++i) {
            builder.regress(pieces[i], 1.0 + 0.25 * static_cast<double>(i));
            builder.output(pieces[i], fmt::format("piece{}", i));
        }
        cases.push_back(builder.finish());
    };
    split("channels", 3, {9, 5, 7}, {1, {3, 5, 1}});
    split("aligned channels", 1, {48, 3, 5}, {1, {16, 32}});
    split("rows", 3, {3, 6, 5}, {2, {1, 5}});
    split("the last axis of a sequence", 3, {5, 8}, {-1, {4, 4}});
    split("one piece", 1, {7}, {1, {7}});

    CaseBuilder blocked("split/between convolutions", 3);
    const ConvOp conv{.outChannels = 32, .kernel = {3, 3}};
    const auto parts =
        blocked.applyAll(SplitOp{1, {16, 16}}, {blocked.apply(conv, {blocked.source({3, 7, 6})})});
    const auto product = blocked.apply(CombineOp{CombineKind::Multiply}, {parts[0], parts[1]});
    cases.push_back(blocked.regressed(blocked.apply(conv, {product})));

    CaseBuilder twice("add/a value to itself", 3);
    const auto x = twice.source({3, 5, 7});
    cases.push_back(twice.regressed(twice.apply(AddOp{}, {x, x})));

    CaseBuilder fan("fan-out/three readers", 3);
    const auto y = fan.apply(ConvOp{.outChannels = 6, .kernel = {3, 3}, .padding = {1, 1, 1, 1}},
                             {fan.source({3, 5, 7})});
    const auto relu = fan.apply(ActivationOp{{ActivationKind::Relu}}, {y});
    const auto tanh = fan.apply(ActivationOp{{ActivationKind::Tanh}}, {y});
    cases.push_back(
        fan.regressed(fan.apply(ConcatOp::ofSample(0), {relu, fan.apply(AddOp{}, {y, tanh}), y})));

    CaseBuilder itself("concatenate/a value with itself", 3);
    const auto z = itself.source({3, 5, 7});
    cases.push_back(itself.regressed(itself.apply(ConcatOp::ofSample(0), {z, z})));

    const auto permute = [&](const Shape& shape, std::vector<std::int64_t> axes) {
        cases.push_back(
            singleOp(fmt::format("permute/{} of {}", toString(Shape(axes)), toString(shape)),
                     shape.rank() == 2 ? 1 : 3, shape, PermuteOp::ofSample(axes)));
    };
    permute({5, 7}, {1, 0});
    permute({3, 5, 7}, {2, 0, 1});
    permute({3, 5, 7}, {1, 2, 0});
    permute({3, 5, 7}, {0, 2, 1});
    permute({2, 3, 4, 5}, {3, 1, 0, 2});
    permute({2, 3, 2, 3, 5}, {0, 2, 1, 3, 4});
    permute({3, 2, 2, 3, 2, 3}, {2, 5, 0, 3, 1, 4});
    permute({1}, {0});
    CaseBuilder turned("permute/around a norm and a convolution", 3);
    cases.push_back(turned.regressed(
        turned.chain(turned.source({7, 5}),
                     {PermuteOp::ofSample({1, 0}), BatchNormOp{}, PermuteOp::ofSample({1, 0})})));
    CaseBuilder columns("permute/a convolution's channels to the end", 3);
    cases.push_back(columns.regressed(
        columns.chain(columns.source({3, 6, 5}),
                      {ConvOp{.outChannels = 17, .kernel = {3, 3}}, PermuteOp::ofSample({1, 2, 0}),
                       ActivationOp{{ActivationKind::Tanh}}})));

    cases.push_back(
        singleOp("reshape/image to vector", 3, {5, 7, 11}, ReshapeOp::ofSample(Shape{385})));
    cases.push_back(
        singleOp("reshape/vector to image", 3, {34}, ReshapeOp::ofSample(Shape{17, 1, 2})));
    CaseBuilder between("reshape/between two convolutions", 3);
    cases.push_back(between.regressed(
        between.chain(between.source({3, 6, 6}), {ConvOp{.outChannels = 6, .kernel = {3, 3}},
                                                  ReshapeOp::ofSample(Shape{3, 4, 8}),
                                                  ConvOp{.outChannels = 3, .kernel = {3, 3}}})));
}

void addLosses(Cases& cases) {
    const auto crossEntropy = [&](std::string name, std::int64_t batch, std::int64_t classes,
                                  double scale) {
        CaseBuilder builder("cross-entropy/" + std::move(name), batch);
        const auto logits = builder.source({classes}, scale);
        builder.classify(logits);
        cases.push_back(builder.output(logits).finish());
    };
    crossEntropy("ten classes", 3, 10, 1.0);
    crossEntropy("one sample", 1, 17, 1.0);
    crossEntropy("two classes", 3, 2, 1.0);
    crossEntropy("logits of 50", 3, 10, 25.0);
    crossEntropy("logits of 50, one sample", 1, 3, 25.0);

    cases.push_back(singleOp("mean squared error/image", 3, {5, 7, 11}, ActivationOp{}));

    CaseBuilder oneHot("mean squared error/one-hot target", 3);
    const auto scores = oneHot.apply(SoftmaxOp{}, {oneHot.source({6})});
    const auto target = oneHot.apply(OneHotOp{.classes = 6}, {oneHot.classIndex(6)});
    const auto error = oneHot.apply(MeanSquaredErrorOp{}, {scores, target});
    auto oneHotCase = oneHot.output(scores).finish();
    oneHotCase.graph.addLoss(error, 1.0);
    cases.push_back(std::move(oneHotCase));

    // Both arguments learn.
    CaseBuilder both("mean squared error/between two branches", 3);
    const auto left = both.source({7});
    auto bothLoss = both.apply(MeanSquaredErrorOp{}, {left, both.source({7})});
    auto bothCase = both.output(left).finish();
    bothCase.graph.addLoss(bothLoss, 0.5);
    cases.push_back(std::move(bothCase));

    CaseBuilder sum("losses/two heads, weighted", 3);
    const auto trunk = sum.chain(sum.source({11}),
                                 {DenseOp{.units = 17}, ActivationOp{{ActivationKind::Sigmoid}}});
    const auto logits = sum.apply(DenseOp{.units = 10}, {trunk});
    const auto values = sum.apply(DenseOp{.units = 3}, {trunk});
    sum.classify(logits, 0.7).regress(values, 2.5);
    cases.push_back(sum.output(logits).output(values, "values").finish());

    CaseBuilder shared("losses/one value, two losses", 3);
    const auto common = shared.apply(DenseOp{.units = 6}, {shared.source({5})});
    shared.classify(common, 0.25).regress(common, 1.5);
    cases.push_back(shared.output(common).finish());

    // Computed for an output, but no loss depends on it: its weights have no gradient.
    CaseBuilder side("losses/an output beside the loss", 3);
    const auto stem = side.apply(DenseOp{.units = 6}, {side.source({5})});
    side.classify(stem);
    cases.push_back(side.output(side.apply(DenseOp{.units = 3}, {stem})).finish());
}

void addChains(Cases& cases) {
    const OpAttributes relu = ActivationOp{{ActivationKind::Relu}};

    CaseBuilder lenet("chain/small LeNet", 3);
    const auto scores =
        lenet.chain(lenet.source({1, 12, 12}),
                    {ConvOp{.outChannels = 6, .kernel = {5, 5}, .padding = {2, 2, 2, 2}}, relu,
                     PoolOp{.kind = PoolKind::Average}, ConvOp{.outChannels = 16, .kernel = {3, 3}},
                     relu, PoolOp{}, ReshapeOp::ofSample(Shape{64}), DenseOp{.units = 20},
                     ActivationOp{{ActivationKind::Tanh}}, DenseOp{.units = 10}});
    lenet.classify(scores);
    cases.push_back(lenet.output(scores).finish());

    CaseBuilder norm("chain/convolution, norm, relu, pool, dense", 3);
    const auto classes = norm.chain(
        norm.source({3, 8, 8}),
        {ConvOp{.outChannels = 6, .kernel = {3, 3}, .padding = {1, 1, 1, 1}, .bias = false},
         BatchNormOp{}, relu, PoolOp{}, ReshapeOp::ofSample(Shape{96}), DenseOp{.units = 10}});
    norm.classify(classes);
    cases.push_back(norm.output(classes).finish());

    CaseBuilder residual("chain/residual block", 3);
    const ConvOp same{.outChannels = 6, .kernel = {3, 3}, .padding = {1, 1, 1, 1}, .bias = false};
    const auto stem = residual.chain(residual.source({3, 6, 6}), {same, BatchNormOp{}, relu});
    const auto body = residual.chain(stem, {same, BatchNormOp{}, relu, same, BatchNormOp{}});
    const auto joined = residual.apply(relu, {residual.apply(AddOp{}, {body, stem})});
    const ConvOp down{.outChannels = 17, .kernel = {1, 1}, .stride = {2, 2}, .bias = false};
    const auto logits = residual.chain(
        joined, {down, BatchNormOp{}, relu, GlobalAveragePoolOp{}, DenseOp{.units = 10}});
    residual.classify(logits);
    cases.push_back(residual.output(logits).finish());

    CaseBuilder inception("chain/branches of different kernels", 3);
    const auto image = inception.source({6, 6, 6});
    const auto narrow = inception.chain(image, {ConvOp{.outChannels = 3}, relu});
    const auto wide = inception.chain(
        image, {ConvOp{.outChannels = 17, .kernel = {3, 3}, .padding = {1, 1, 1, 1}}, relu});
    const auto pooled = inception.apply(
        PoolOp{.kernel = {3, 3}, .stride = {1, 1}, .padding = {1, 1, 1, 1}}, {image});
    const auto merged = inception.apply(ConcatOp::ofSample(0), {narrow, wide, pooled});
    cases.push_back(inception.regressed(inception.chain(
        merged, {ConvOp{.outChannels = 6, .kernel = {3, 3}}, DropoutOp{.rate = 0.2, .stream = 4},
                 ReshapeOp::ofSample(Shape{96}), DenseOp{.units = 3}})));
}

} // namespace

std::vector<OpCase> opCases() {
    Cases cases;
    addConvolutions(cases);
    addDense(cases);
    addPools(cases);
    addBatchNorms(cases);
    addElementwise(cases);
    addJoins(cases);
    addLosses(cases);
    addChains(cases);
    addWindowCases(cases);
    addNormalizationCases(cases);
    addShapeCases(cases);
    addSequenceCases(cases);
    addComparisonCases(cases);
    addGeneralCases(cases);
    addFusedCases(cases);
    return cases;
}

} // namespace gradwright::check
