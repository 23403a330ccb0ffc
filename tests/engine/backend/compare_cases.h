// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/engine/backend/compare_programs.h"
#include "tests/engine/backend/op_cases.h"

namespace gradwright::test {

/// A case on the CPU engine and on the reference in double, from the same weights.
struct ComparedCase {
    std::unique_ptr<Program> program, exact;
    Difference difference; ///< of outputs and losses, until more is added
    bool ran = false;
};

/// Compiles and runs both forward. `write(opCase, store)` sets the weights.
template <class Write>
ComparedCase compareForward(const OpCase& opCase, const CompileOptions& options,
                            const Write& write) {
    auto exactOptions = options;
    exactOptions.precision = Precision::F64;
    ComparedCase compared{makeOneDnnBackend()->compile(opCase.graph, options),
                          makeReferenceBackend()->compile(opCase.graph, exactOptions),
                          {},
                          true};
    for (auto* each : {compared.exact.get(), compared.program.get()}) {
        write(opCase, *each->weights());
        compared.ran = each->forward(bindings(opCase), kCaseSeed) && compared.ran;
    }
    const auto add = [&](const std::string& name, ValueId value) {
        compared.difference.add(name, compared.program->read(value), compared.exact->read(value));
    };
    for (const auto& [name, value] : opCase.graph.outputs())
        add(name, value);
    for (const auto& loss : opCase.graph.losses())
        add("loss", loss.perSample);
    return compared;
}

} // namespace gradwright::test
