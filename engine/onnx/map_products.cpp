// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/onnx/node_builder.h"
#include "engine/ops/dynamic_quantization.h"

#include <algorithm>
#include <cctype>
#include <map>

namespace gradwright {
namespace {

using B = NodeBuilder;

/// A vector is a row on the left and a column on the right.
ValueId product(B& b, ValueId x, ValueId y) {
    const auto left = b.dimsOf(x);
    const auto right = b.dimsOf(y);
    if (left.rank() == 0 || right.rank() == 0)
        throw Error("it multiplies matrices; received {} and {}", toString(left), toString(right));
    const bool isRow = left.rank() == 1;
    const bool isColumn = right.rank() == 1;
    if (isRow)
        x = b.reshape(x, Dims{1, left[0]});
    if (isColumn)
        y = b.reshape(y, Dims{right[0], 1});
    auto made = b.op(MatMulOp{}, {x, y});
    if (!isRow && !isColumn)
        return made;
    const auto dims = b.dimsOf(made);
    std::vector<Dim> kept(dims.begin(), dims.end() - 2);
    if (!isRow)
        kept.push_back(dims[dims.rank() - 2]);
    if (!isColumn)
        kept.push_back(dims[dims.rank() - 1]);
    return b.reshape(made, Dims(std::move(kept)));
}

void matMul(B& b) {
    const auto type = b.type(0);
    b.give(b.cast(product(b, b.real(0), b.real(1)), type));
}

void gemm(B& b) {
    auto y = b.op(MatMulOp{b.node().integer("transA", 0) != 0, b.node().integer("transB", 0) != 0},
                  {b.real(0), b.real(1)});
    if (const auto alpha = b.node().real("alpha", 1); alpha != 1)
        y = b.unary(UnaryKind::Linear, y, alpha);
    if (b.has(2)) {
        auto c = b.real(2);
        if (const auto beta = b.node().real("beta", 1); beta != 1)
            c = b.unary(UnaryKind::Linear, c, beta);
        y = b.binary(BinaryKind::Add, y, c);
    }
    b.give(y);
}

/// One term of an Einsum: its letters, an axis each.
struct Term {
    std::string letters;
    ValueId value;
};

/// The axes that no other term or output has are summed; the rest stands in the order of `order`,
/// with 1 where the term lacks a letter.
ValueId arranged(B& b, const Term& term, const std::string& order) {
    std::vector<std::int64_t> axes;
    std::vector<Dim> dims;
    const auto from = b.dimsOf(term.value);
    for (const char letter : order) {
        const auto place = term.letters.find(letter);
        if (place == std::string::npos) {
            dims.emplace_back(1);
        } else {
            axes.push_back(static_cast<std::int64_t>(place));
            dims.push_back(from[place]);
        }
    }
    return b.reshape(b.permute(term.value, std::move(axes)), Dims(std::move(dims)));
}

Term summed(B& b, Term term, const std::string& kept) {
    std::vector<std::int64_t> axes;
    std::string left;
    for (std::size_t i = 0; i < term.letters.size(); ++i)
        if (kept.find(term.letters[i]) == std::string::npos)
            axes.push_back(static_cast<std::int64_t>(i));
        else
            left += term.letters[i];
    if (!axes.empty())
        term.value = b.reduce(ReduceKind::Sum, term.value, std::move(axes), false);
    return {left, term.value};
}

/// Two terms as one: letters that both and `kept` have are the batch of a matrix product, those
/// that only both have its depth.
Term multiplied(B& b, const Term& x, const Term& y, const std::string& kept) {
    std::string shared;
    std::string depth;
    std::string rows;
    std::string columns;
    for (const char letter : x.letters)
        if (y.letters.find(letter) == std::string::npos)
            rows += letter;
        else
            (kept.find(letter) == std::string::npos ? depth : shared) += letter;
    for (const char letter : y.letters)
        if (x.letters.find(letter) == std::string::npos)
            columns += letter;
    const auto left = arranged(b, x, shared + rows + depth);
    const auto right = arranged(b, y, shared + depth + columns);
    const auto lengths = [&](ValueId value, std::size_t from, std::size_t count) {
        const auto dims = b.dimsOf(value);
        const auto begin = dims.begin() + static_cast<std::ptrdiff_t>(from);
        return std::vector<Dim>(begin, begin + static_cast<std::ptrdiff_t>(count));
    };
    const auto batch = lengths(left, 0, shared.size());
    const auto outer = lengths(left, shared.size(), rows.size());
    const auto inner = lengths(left, shared.size() + rows.size(), depth.size());
    const auto across = lengths(right, shared.size() + depth.size(), columns.size());
    const auto joined = [&](const std::vector<Dim>& a, const std::vector<Dim>& c) {
        auto dims = batch;
        dims.push_back(Dims(a).product());
        dims.push_back(Dims(c).product());
        return Dims(std::move(dims));
    };
    const auto made = b.op(MatMulOp{}, {b.reshape(left, joined(outer, inner)),
                                        b.reshape(right, joined(inner, across))});
    auto dims = batch;
    dims.insert(dims.end(), outer.begin(), outer.end());
    dims.insert(dims.end(), across.begin(), across.end());
    return {shared + rows + columns, b.reshape(made, Dims(std::move(dims)))};
}

/// Of letters that a term has twice, the places where both are the same.
Term diagonal(B& b, Term term) {
    for (std::size_t first = 0; first < term.letters.size(); ++first) {
        const char letter = term.letters[first];
        const auto second = term.letters.find(letter, first + 1);
        if (second == std::string::npos)
            continue;
        const auto dims = b.dimsOf(term.value);
        constexpr std::int64_t kMostDiagonal = 8192;
        if (!dims[first].isNumber() || dims[first] != dims[second] ||
            dims[first].number() > kMostDiagonal)
            throw Error("it takes a diagonal of {}×{}", toString(dims[first]),
                        toString(dims[second]));
        std::vector<std::int64_t> axes;
        std::vector<Dim> lengths;
        std::string letters;
        for (std::size_t axis = 0; axis < term.letters.size(); ++axis)
            if (axis != first && axis != second) {
                axes.push_back(static_cast<std::int64_t>(axis));
                lengths.push_back(dims[axis]);
                letters += term.letters[axis];
            }
        axes.push_back(static_cast<std::int64_t>(first));
        axes.push_back(static_cast<std::int64_t>(second));
        const auto length = dims[first].number();
        lengths.emplace_back(length * length);
        std::vector<std::int64_t> places;
        for (std::int64_t i = 0; i < length; ++i)
            places.push_back(i * (length + 1));
        const auto flat = b.reshape(b.permute(term.value, std::move(axes)), Dims(lengths));
        term.value = b.op(GatherOp{static_cast<std::int64_t>(letters.size())},
                          {flat, b.constant(Tensor::of<std::int64_t>({length}, places))});
        term.letters = letters + letter;
        first = static_cast<std::size_t>(-1); // another one may be left
    }
    return term;
}

/// "…ij,…jk->…ik" with a letter for each axis that the dots stand for.
void einsum(B& b) {
    std::string text;
    for (const char c : b.node().text("equation", ""))
        if (c != ' ')
            text += c;
    const auto arrow = text.find("->");
    const auto left = text.substr(0, arrow);
    std::vector<Term> terms;
    std::string dots;
    std::size_t from = 0;
    for (std::size_t i = 0; i < b.count(); ++i) {
        const auto comma = std::min(left.find(',', from), left.size());
        auto letters = left.substr(from, comma - from);
        from = comma + 1;
        if (const auto at = letters.find("..."); at != std::string::npos) {
            const auto count = b.rank(i) - (letters.size() - 3);
            std::string own;
            for (std::size_t axis = 0; axis < count; ++axis)
                own += static_cast<char>('0' + (10 - count + axis));
            letters.replace(at, 3, own);
            if (own.size() > dots.size())
                dots = own;
        }
        if (letters.size() != b.rank(i))
            throw Error("its equation \"{}\" is not computed", text);
        terms.push_back(diagonal(b, {std::move(letters), b.real(i)}));
    }
    std::string result;
    if (arrow != std::string::npos) {
        result = text.substr(arrow + 2);
        if (const auto at = result.find("..."); at != std::string::npos)
            result.replace(at, 3, dots);
    } else {
        std::map<char, int> seen;
        for (const auto& term : terms)
            for (const char letter : term.letters)
                ++seen[letter];
        result = dots;
        for (const auto& [letter, times] : seen)
            if (times == 1 && dots.find(letter) == std::string::npos)
                result += letter;
    }
    const auto keptBehind = [&](std::size_t next) {
        auto kept = result;
        for (auto i = next; i < terms.size(); ++i)
            kept += terms[i].letters;
        return kept;
    };
    auto made = terms.front();
    for (std::size_t i = 1; i < terms.size(); ++i) {
        const auto kept = keptBehind(i + 1);
        made = multiplied(b, summed(b, made, kept + terms[i].letters),
                          summed(b, terms[i], kept + made.letters), kept);
    }
    made = summed(b, made, result);
    b.give(arranged(b, made, result));
}

// Quantized values.

void quantize(B& b) {
    auto to = b.has(2) ? b.type(2) : DType::U8;
    if (!b.has(2) && b.node().integer("output_dtype", 0) != 0)
        to = onnxElementType(b.node().integer("output_dtype", 0));
    auto inputs = b.all();
    inputs[0] = b.real(0);
    b.give(b.op(QuantizeOp{to, b.node().integer("axis", 1), b.node().integer("block_size", 0)},
                std::move(inputs)));
}

void dequantize(B& b) {
    b.give(b.op(DequantizeOp{b.node().integer("axis", 1), b.node().integer("block_size", 0)},
                b.all()));
}

void dynamicQuantizeLinear(B& b) {
    const auto made = dynamicQuantize(b.graph(), b.in(0), b.path());
    for (const auto value : {made.integers, made.scale, made.zeroPoint})
        b.give(value);
}

void matMulInteger(B& b) {
    b.give(b.op(MatMulIntegerOp{b.has(2), b.has(3)}, b.all()));
}

/// (a, scale, zero, b, scale, zero, scale of y, zero of y).
void qLinearMatMul(B& b) {
    const auto sums = b.op(MatMulIntegerOp{true, true}, {b.in(0), b.in(3), b.in(2), b.in(5)});
    const auto scale = b.binary(BinaryKind::Multiply, b.real(1), b.real(4));
    const auto y = b.binary(BinaryKind::Multiply, b.cast(sums, DType::F32), scale);
    b.give(b.op(QuantizeOp{b.type(7), -1, 0}, {y, b.in(6), b.in(7)}));
}

} // namespace

const OnnxMappings& onnxProducts() {
    static const OnnxMappings all = {
        {"MatMul", matMul},
        {"Gemm", gemm},
        {"Einsum", einsum},
        {"QuantizeLinear", quantize},
        {"DequantizeLinear", dequantize},
        {"DynamicQuantizeLinear", dynamicQuantizeLinear},
        {"MatMulInteger", matMulInteger},
        {"QLinearMatMul", qLinearMatMul},
    };
    return all;
}

} // namespace gradwright
