// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/check/check.h"

#include "engine/backend/device_fault.h"
#include "engine/check/op_cases.h"
#include "engine/passes/program_graph.h"
#include "engine/support/error.h"
#include "engine/training/recipes/optimizers.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace gradwright {
namespace {

using check::OpCase;

/// |a - b| / |b|; infinity where shapes differ or a number is not finite.
double differenceOf(const Tensor& actual, const Tensor& expected) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    constexpr double kTiny = 1e-30;
    if (actual.shape() != expected.shape())
        return kInfinity;
    const auto a = actual.to(DType::F64);
    const auto b = expected.to(DType::F64);
    const auto left = a.span<double>();
    const auto right = b.span<double>();
    double difference = 0;
    double norm = 0;
    for (std::size_t i = 0; i < left.size(); ++i) {
        difference += (left[i] - right[i]) * (left[i] - right[i]);
        norm += right[i] * right[i];
    }
    if (!std::isfinite(difference) || !std::isfinite(norm))
        return kInfinity;
    return std::sqrt(difference) / std::max(std::sqrt(norm), kTiny);
}

/// Rounding around an exact zero is no difference.
bool isAboutZero(const Tensor& tensor) {
    constexpr double kNoise = 1e-6;
    const auto values = tensor.to(DType::F64);
    return std::ranges::all_of(values.span<double>(),
                               [](double value) { return std::abs(value) < kNoise; });
}

class CaseComparison {
public:
    CaseComparison(const Backend& backend, const OpCase& opCase, Mode mode, Precision precision,
                   CheckedCase& result)
        : case_(opCase)
        , result_(result) {
        const auto& momentum = optimizer("sgd");
        CompileOptions options{.batch = opCase.batch, .precision = precision, .mode = mode};
        options.update = momentum.make(Params(momentum.params, {{"momentum", 0.9}}));
        program_ = backend.compile(opCase.graph, options);
        options.precision = Precision::F64;
        exact_ = makeReferenceBackend()->compile(opCase.graph, options);
        for (auto* each : {program_.get(), exact_.get()})
            writeWeights(opCase, *each->weights());
    }

    void forward() {
        for (auto* each : {program_.get(), exact_.get()})
            each->forward(bindings(case_), check::kCaseSeed);
        for (const auto& [name, value] : case_.graph.outputs())
            add(name, program_->read(value), exact_->read(value));
        for (const auto& loss : case_.graph.losses())
            add("loss", program_->read(loss.perSample), exact_->read(loss.perSample));
    }
    void backward() {
        for (auto* each : {program_.get(), exact_.get()})
            each->backward();
        addWeights("gradient of ", [](const WeightStore& store, WeightId id) {
            return store.specs()[id.index()].trainable ? std::optional(store.readGradient(id))
                                                       : std::nullopt;
        });
    }
    void update() {
        constexpr double kRate = 0.1;
        for (auto* each : {program_.get(), exact_.get()})
            each->update(kRate, 1);
        addWeights("updated ", [](const WeightStore& store, WeightId id) {
            return std::optional(store.read(id));
        });
    }

private:
    template <class Read>
    void addWeights(const char* what, const Read& read) {
        const auto& specs = case_.graph.weights();
        for (std::uint32_t i = 0; i < specs.size(); ++i) {
            const auto have = read(*program_->weights(), WeightId{i});
            const auto want = read(*exact_->weights(), WeightId{i});
            if (have && want)
                add(what + specs[i].key, *have, *want);
        }
    }
    void add(const std::string& what, const Tensor& have, const Tensor& want) {
        if (isAboutZero(have) && isAboutZero(want))
            return;
        if (const double difference = differenceOf(have, want); difference > result_.difference) {
            result_.difference = difference;
            result_.detail = what;
        }
    }

    const OpCase& case_;
    CheckedCase& result_;
    std::unique_ptr<Program> program_, exact_;
};

/// An op of the case that the engine does not compute; empty: none.
std::string missingOp(const Backend& backend, const OpCase& opCase, Precision precision) {
    for (const auto mode : {Mode::Training, Mode::Inference}) {
        const auto graph = programGraph(opCase.graph, mode);
        for (const auto& op : graph.ops())
            if (!backend.supports(op.attributes, precision))
                return std::string(nameOf(op.attributes));
    }
    return {};
}

void checkCase(const Backend& backend, const OpCase& opCase, const CheckOptions& options,
               CheckedCase& result) {
    for (const auto mode : {Mode::Training, Mode::Inference}) {
        CaseComparison comparison(backend, opCase, mode, options.precision, result);
        comparison.forward();
        if (mode == Mode::Inference)
            continue;
        comparison.backward();
        comparison.update();
    }
    if (!(result.difference <= options.tolerance))
        result.outcome = CheckedCase::Outcome::Failed;
}

} // namespace

void checkBackend(const Backend& backend, const CheckSink& sink, const CheckOptions& options) {
    const auto cases = check::opCases();
    for (std::size_t i = 0; i < cases.size(); ++i) {
        CheckedCase result{.number = i + 1, .count = cases.size(), .name = cases[i].name};
        if (const auto op = missingOp(backend, cases[i], options.precision); !op.empty()) {
            result.outcome = CheckedCase::Outcome::LeftOut;
            result.detail = fmt::format("the engine does not compute {}", op);
        } else {
            try {
                checkCase(backend, cases[i], options, result);
            } catch (const DeviceFault& fault) {
                if (fault.kind() == DeviceFault::Kind::Lasting)
                    throw;
                result.outcome = CheckedCase::Outcome::Failed;
                result.detail = fault.what();
            } catch (const std::exception& error) {
                result.outcome = CheckedCase::Outcome::Failed;
                result.detail = error.what();
            }
        }
        if (!sink(result))
            return;
    }
}

} // namespace gradwright
