// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/verify.h"

namespace gradwright {
namespace {

class Verifier {
public:
    Verifier(const OpGraph& graph, std::string_view after)
        : graph_(graph)
        , after_(after) {}

    void run() {
        for (std::size_t i = 0; i < graph_.ops().size(); ++i)
            verifyOp(i);
        for (const auto& output : graph_.outputs())
            requireMade(output.value, graph_.ops().size(), "the output " + output.name);
        for (const auto value : graph_.lossValues())
            requireMade(value, graph_.ops().size(), "a loss");
        for (const auto& gradient : graph_.gradients())
            requireMade(gradient.value, graph_.ops().size(),
                        "the gradient of " + graph_.weight(gradient.weight).key);
    }

private:
    void verifyOp(std::size_t place) {
        const auto& op = graph_.ops()[place];
        const auto where = fmt::format("{} at {}", nameOf(op.attributes), op.path);
        for (const auto input : op.inputs)
            requireMade(input, place, where);
        const auto types = graph_.inputTypes(op);
        const auto made = inferTypes(op.attributes, types);
        if (made.size() != op.outputs.size())
            fail("{} has {} outputs instead of {}", where, op.outputs.size(), made.size());
        for (std::size_t i = 0; i < made.size(); ++i) {
            const auto& value = graph_.value(op.outputs[i]);
            if (value.type != made[i])
                fail("output {} of {} has another type than its inputs give", i, where);
            // A value that became a constant has no source any more.
            if (value.source && *value.source != Source{op.id, i})
                fail("output {} of {} is said to come from elsewhere", i, where);
        }
        const auto shapes = weightShapes(op.attributes, types);
        if (shapes.size() != op.weights.size())
            fail("{} has {} weights instead of {}", where, op.weights.size(), shapes.size());
        for (std::size_t i = 0; i < shapes.size(); ++i)
            if (graph_.weight(op.weights[i]).shape != shapes[i])
                fail("{} of {} has the shape {} instead of {}", graph_.weight(op.weights[i]).key,
                     where, toString(graph_.weight(op.weights[i]).shape), toString(shapes[i]));
    }

    void requireMade(ValueId id, std::size_t place, const std::string& reader) {
        const auto& source = graph_.value(id).source;
        if (!source)
            return;
        const auto made = graph_.placeOf(source->op);
        if (!made || *made >= place)
            fail("{} reads value {} of {}, which is not made before it", reader, id.value,
                 graph_.value(id).path);
    }

    template <class... Args>
    [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
        throw Error("after {}: {}", after_, fmt::format(format, std::forward<Args>(args)...));
    }

    const OpGraph& graph_;
    std::string_view after_;
};

} // namespace

void verify(const OpGraph& graph, std::string_view after) {
    Verifier(graph, after).run();
}

} // namespace gradwright
