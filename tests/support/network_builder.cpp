// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/network_builder.h"

namespace gradwright::test {

NetworkBuilder& NetworkBuilder::in(const std::string& graph) {
    graph_ = graph;
    if (!network.findGraph(graph))
        apply(network, {AddBlock{graph, {}}});
    return *this;
}

NodeId NetworkBuilder::add(std::variant<LayerUse, BlockUse> use, ParamValues params,
                           std::string name) {
    const auto id = network.graph(graph_).freshNodeId();
    apply(network, {AddNode{graph_, {id, std::move(name), std::move(use), std::move(params)}}});
    return id;
}

NodeId NetworkBuilder::layer(const std::string& key, ParamValues params, const std::string& name) {
    return add(LayerUse{key}, std::move(params),
               name.empty() ? network.graph(graph_).freshName(key) : name);
}

NodeId NetworkBuilder::block(const std::string& definition, const std::string& name,
                             std::int64_t repeat, ParamValues params) {
    return add(BlockUse{definition, repeat}, std::move(params), name);
}

LinkId NetworkBuilder::link(NodeId from, NodeId to, std::uint32_t input, std::uint32_t output) {
    const auto id = network.graph(graph_).freshLinkId();
    apply(network, {AddLink{graph_, {id, {from, {output}}, {to, {input}}}}});
    return id;
}

NodeId NetworkBuilder::after(NodeId from, const std::string& key, ParamValues params,
                             const std::string& name) {
    const auto id = layer(key, std::move(params), name);
    link(from, id);
    return id;
}

void NetworkBuilder::promote(std::vector<PromotedParam> promoted) {
    apply(network, {SetPromoted{graph_, std::move(promoted)}});
}

Network lenet() {
    NetworkBuilder b;
    const std::string relu = "relu";
    auto x = b.layer("input", {}, "image");
    x = b.after(x, "conv2d",
                {{"filters", std::int64_t{6}},
                 {"kernel", IntTuple{5, 5}},
                 {"padding", std::string("same")},
                 {"activation", relu}},
                "conv1");
    x = b.after(x, "max-pool2d", {}, "pool1");
    x = b.after(x, "conv2d",
                {{"filters", std::int64_t{16}}, {"kernel", IntTuple{5, 5}}, {"activation", relu}},
                "conv2");
    x = b.after(x, "max-pool2d", {}, "pool2");
    x = b.after(x, "flatten", {}, "flatten");
    x = b.after(x, "dense", {{"units", std::int64_t{120}}, {"activation", relu}}, "dense1");
    x = b.after(x, "dense", {{"units", std::int64_t{84}}, {"activation", relu}}, "dense2");
    x = b.after(x, "dense", {{"units", std::int64_t{10}}}, "dense3");
    b.after(x, "output", {}, "digit");
    return std::move(b.network);
}

Network residualNetwork() {
    NetworkBuilder b;
    const ParamValues conv = {
        {"filters", std::int64_t{8}}, {"padding", std::string("same")}, {"bias", false}};
    b.in("unit");
    const auto in = b.layer("block-input", {}, "in");
    const auto conv1 = b.after(in, "conv2d", conv, "conv1");
    const auto norm1 = b.after(conv1, "batch-norm", {}, "norm1");
    const auto relu1 = b.after(norm1, "relu", {}, "relu1");
    const auto conv2 = b.after(relu1, "conv2d", conv, "conv2");
    const auto norm2 = b.after(conv2, "batch-norm", {}, "norm2");
    const auto sum = b.after(norm2, "add", {}, "sum");
    b.link(in, sum, 1);
    b.after(b.after(sum, "relu", {}, "relu2"), "block-output", {}, "out");
    b.promote({{"filters", conv1, "filters"}, {"filters", conv2, "filters"}});

    b.in("");
    const std::int64_t wide = 12;
    auto x = b.layer("input", {{"shape", IntTuple{3, 12, 12}}}, "image");
    x = b.after(x, "conv2d", {{"filters", std::int64_t{8}}, {"padding", std::string("same")}},
                "stem");
    const auto stage1 = b.block("unit", "stage1", 2);
    b.link(x, stage1);
    x = b.after(stage1, "conv2d",
                {{"filters", wide}, {"stride", IntTuple{2, 2}}, {"padding", std::string("same")}},
                "down");
    const auto stage2 = b.block("unit", "stage2", 2, {{"filters", wide}});
    b.link(x, stage2);
    x = b.after(stage2, "global-average-pool", {}, "pool");
    x = b.after(x, "dense", {{"units", std::int64_t{10}}}, "classifier");
    b.after(x, "output", {}, "class");
    return std::move(b.network);
}

} // namespace gradwright::test
