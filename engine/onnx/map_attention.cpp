// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/onnx/node_builder.h"

#include <cmath>
#include <limits>

namespace gradwright {
namespace {

using B = NodeBuilder;

constexpr std::int64_t kMostMask = std::int64_t{1} << 24; ///< elements of a causal mask

/// [N, steps, heads·size] → [N, heads, steps, size]; what has heads already stays.
ValueId withHeads(B& b, std::size_t input, const char* attribute) {
    const auto x = b.real(input);
    const auto dims = b.dimsOf(x);
    if (dims.rank() == 4)
        return x;
    const Dim heads(b.node().integer(attribute, 0));
    const auto size =
        dims.rank() == 3 && heads.factor() > 0 ? dims[2].dividedBy(heads) : std::nullopt;
    if (!size)
        throw Error("{} has no {} heads", toString(dims), toString(Dims{heads}));
    return b.permute(b.reshape(x, Dims{dims[0], dims[1], heads, *size}), {0, 2, 1, 3});
}

/// As many heads as the queries have, each of the given ones several times.
ValueId repeatedHeads(B& b, ValueId x, const Dim& heads) {
    const auto dims = b.dimsOf(x);
    if (dims[1] == heads)
        return x;
    const auto times = heads.dividedBy(dims[1]);
    if (!times)
        throw Error("{} heads of queries are no multiple of {}", toString(Dims{heads}),
                    toString(Dims{dims[1]}));
    const auto one = b.reshape(x, Dims{dims[0], dims[1], 1, dims[2], dims[3]});
    const auto all = b.op(ExpandOp{Dims{dims[0], dims[1], *times, dims[2], dims[3]}}, {one});
    return b.reshape(all, Dims{dims[0], heads, dims[2], dims[3]});
}

/// -∞ where a query would see a later key.
Tensor causalMask(std::int64_t queries, std::int64_t keys, std::int64_t before) {
    if (Shape{queries, keys}.elements() > kMostMask)
        throw Error("its mask of {} × {} is larger than 2^24 elements", queries, keys);
    Tensor mask(DType::F32, {queries, keys});
    for (std::int64_t query = 0; query < queries; ++query)
        for (std::int64_t key = query + before + 1; key < keys; ++key)
            mask.span<float>()[static_cast<std::size_t>(query * keys + key)] =
                -std::numeric_limits<float>::infinity();
    return mask;
}

/// Scaled dot-product attention (operator set 23); rows whose keys are all masked give zeros.
void attention(B& b) {
    const auto& node = b.node();
    if (node.real("softcap", 0) != 0 || b.hasOutput(3) || b.has(6) ||
        node.integer("left_window_size", -1) != -1 || node.integer("right_window_size", -1) != -1)
        throw Error("its soft cap, windows, lengths and output of products are not computed");
    const auto q = withHeads(b, 0, "q_num_heads");
    auto k = withHeads(b, 1, "kv_num_heads");
    auto v = withHeads(b, 2, "kv_num_heads");
    std::int64_t before = 0;
    if (b.has(4) && b.has(5)) {
        const auto past = b.dims(4);
        before = past.rank() == 4 ? past[2].number() : 0;
        k = b.op(ConcatOp{2}, {b.real(4), k});
        v = b.op(ConcatOp{2}, {b.real(5), v});
    }
    const auto dims = b.dimsOf(q);
    const auto keys = b.dimsOf(k)[2];
    const auto present = std::pair{k, v};
    k = repeatedHeads(b, k, dims[1]);
    v = repeatedHeads(b, v, dims[1]);
    const auto scale = node.real("scale", 1 / std::sqrt(static_cast<double>(dims[3].number())));
    const auto root = std::sqrt(scale);
    auto products = b.op(MatMulOp{false, true}, {b.unary(UnaryKind::Linear, q, root),
                                                 b.unary(UnaryKind::Linear, k, root)});
    std::optional<ValueId> mask;
    if (b.has(3)) {
        mask = b.in(3);
        if (b.type(3) == DType::Bool)
            mask = b.where(*mask, b.scalar(0), b.scalar(-std::numeric_limits<double>::infinity()));
        mask = b.cast(*mask, DType::F32);
    }
    if (node.integer("is_causal", 0) != 0) {
        const auto causal = b.constant(causalMask(dims[2].number(), keys.number(), before));
        mask = mask ? b.binary(BinaryKind::Add, *mask, causal) : causal;
    }
    if (mask)
        products = b.binary(BinaryKind::Add, products, *mask);
    auto weights = b.op(SoftmaxOp{false, 3}, {products});
    if (mask) {
        const auto most = b.reduce(ReduceKind::Maximum, *mask, {-1}, true);
        const auto isMasked = b.op(CompareOp{Comparison::Equal},
                                   {most, b.scalar(-std::numeric_limits<double>::infinity())});
        weights = b.where(isMasked, b.scalar(0), weights);
    }
    auto y = b.op(MatMulOp{}, {weights, v});
    if (b.rank(0) == 3) {
        const auto made = b.dimsOf(y);
        y = b.reshape(b.permute(y, {0, 2, 1, 3}), Dims{made[0], made[2], made[1] * made[3]});
    }
    b.give(y);
    b.give(present.first);
    b.give(present.second);
}

/// Pairs of features turned by angles of their places (Su et al. 2021).
void rotaryEmbedding(B& b) {
    const auto& node = b.node();
    if (node.integer("rotary_embedding_dim", 0) != 0)
        throw Error("it turns a part of the features, which is not computed");
    const bool isFlat = b.rank(0) == 3;
    const auto x = withHeads(b, 0, "num_heads");
    const auto dims = b.dimsOf(x);
    const auto half = dims[3].dividedBy(Dim(2));
    if (!half)
        throw Error("{} features make no pairs", toString(Dims{dims[3]}));
    // Caches are [places, half], chosen by numbers [N, steps], or [N, steps, half].
    const auto cache = [&](std::size_t input) {
        auto table = b.real(input);
        if (b.has(3))
            table = b.op(GatherOp{0}, {table, b.in(3)});
        return b.reshape(table, Dims{b.dimsOf(table)[0], 1, dims[2], *half});
    };
    const auto cosine = cache(1);
    const auto sine = cache(2);
    const bool isInterleaved = node.integer("interleaved", 0) != 0;
    const std::int64_t axis = isInterleaved ? 4 : 3;
    const auto pairs = isInterleaved ? b.reshape(x, Dims{dims[0], dims[1], dims[2], *half, 2}) : x;
    const auto each = isInterleaved ? std::int64_t{1} : half->number();
    const auto cut = b.ops(SplitOp{axis, {each, each}}, {pairs});
    const Dims one{dims[0], dims[1], dims[2], *half};
    const auto first = b.reshape(cut[0], one);
    const auto second = b.reshape(cut[1], one);
    const auto product = [&](ValueId a, ValueId c) { return b.binary(BinaryKind::Multiply, a, c); };
    auto real = b.binary(BinaryKind::Subtract, product(first, cosine), product(second, sine));
    auto imaginary = b.binary(BinaryKind::Add, product(first, sine), product(second, cosine));
    if (isInterleaved) {
        const Dims longer{dims[0], dims[1], dims[2], *half, 1};
        real = b.reshape(real, longer);
        imaginary = b.reshape(imaginary, longer);
    }
    auto y = b.reshape(b.op(ConcatOp{axis}, {real, imaginary}), dims);
    if (isFlat)
        y = b.reshape(b.permute(y, {0, 2, 1, 3}), b.dims(0));
    b.give(y);
}

} // namespace

const OnnxMappings& onnxAttention() {
    static const OnnxMappings all = {{"Attention", attention},
                                     {"RotaryEmbedding", rotaryEmbedding}};
    return all;
}

} // namespace gradwright
