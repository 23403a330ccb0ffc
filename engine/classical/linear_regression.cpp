// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/classical/method.h"
#include "engine/support/byte_text.h"
#include "engine/support/error.h"
#include "engine/support/system_memory.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

namespace gradwright {
namespace {

/// y = mean of y + W (x - mean of x).
class LinearFunction final : public ClassicalModel {
public:
    /// Least squares with `penalty` times the sum of the squared coefficients; the intercept is
    /// free. Without a penalty it is the solution of the smallest norm.
    LinearFunction(const Samples& samples, double penalty) {
        const auto rows = static_cast<Eigen::Index>(samples.count());
        const auto columns = static_cast<Eigen::Index>(samples.features);
        const auto outputs = static_cast<Eigen::Index>(samples.width);
        const auto extra = penalty > 0 ? columns : 0;
        requireMemory(rows + extra, columns);
        Eigen::MatrixXd x = Eigen::MatrixXd::Zero(rows + extra, columns);
        Eigen::MatrixXd y = Eigen::MatrixXd::Zero(rows + extra, outputs);
        for (Eigen::Index n = 0; n < rows; ++n) {
            const auto row = samples.row(static_cast<std::size_t>(n));
            const auto target = samples.target(static_cast<std::size_t>(n));
            for (Eigen::Index i = 0; i < columns; ++i)
                x(n, i) = static_cast<double>(row[static_cast<std::size_t>(i)]);
            for (Eigen::Index i = 0; i < outputs; ++i)
                y(n, i) = static_cast<double>(target[static_cast<std::size_t>(i)]);
        }
        center_ = x.topRows(rows).colwise().mean().transpose();
        mean_ = y.topRows(rows).colwise().mean().transpose();
        x.topRows(rows).rowwise() -= center_.transpose();
        y.topRows(rows).rowwise() -= mean_.transpose();
        // Rows √penalty · I below say the same as the penalty, and need no squared condition.
        if (penalty > 0) {
            x.bottomRows(extra).diagonal().setConstant(std::sqrt(penalty));
            coefficients_ = Eigen::HouseholderQR<Eigen::MatrixXd>(x).solve(y);
        } else {
            coefficients_ = Eigen::CompleteOrthogonalDecomposition<Eigen::MatrixXd>(x).solve(y);
        }
    }

    LinearFunction(const ModelParts& parts, const RowOutline& rows)
        : coefficients_(static_cast<Eigen::Index>(rows.features),
                        static_cast<Eigen::Index>(rows.width))
        , center_(static_cast<Eigen::Index>(rows.features))
        , mean_(static_cast<Eigen::Index>(rows.width)) {
        const auto coefficients = parts.reals("coefficients", rows.features * rows.width);
        std::copy(coefficients.begin(), coefficients.end(), coefficients_.data());
        const auto center = parts.reals("center", rows.features);
        std::copy(center.begin(), center.end(), center_.data());
        const auto mean = parts.reals("mean", rows.width);
        std::copy(mean.begin(), mean.end(), mean_.data());
    }

    /// The coefficients of a target value lie side by side.
    [[nodiscard]] ModelParts parts() const override {
        const auto listed = [](const auto& matrix) {
            return std::vector<double>(matrix.data(), matrix.data() + matrix.size());
        };
        ModelParts parts;
        parts.put("coefficients", listed(coefficients_));
        parts.put("center", listed(center_));
        parts.put("mean", listed(mean_));
        return parts;
    }

    static std::unique_ptr<ClassicalModel> open(const ModelParts& parts, const RowOutline& rows) {
        return std::make_unique<LinearFunction>(parts, rows);
    }

    void answer(std::span<const float> row, std::span<double> out) const override {
        for (Eigen::Index o = 0; o < coefficients_.cols(); ++o) {
            double sum = mean_(o);
            for (Eigen::Index i = 0; i < coefficients_.rows(); ++i)
                sum += coefficients_(i, o) *
                       (static_cast<double>(row[static_cast<std::size_t>(i)]) - center_(i));
            out[static_cast<std::size_t>(o)] = sum;
        }
    }

private:
    static void requireMemory(Eigen::Index rows, Eigen::Index columns) {
        const auto bytes = 2 * rows * columns * static_cast<Eigen::Index>(sizeof(double));
        const auto available = availableMemory();
        if (available && bytes > *available)
            throw Error("least squares over {} samples of {} numbers take {}, and {} of memory are "
                        "free: use fewer samples (--limit)",
                        rows, columns, bytesText(bytes), bytesText(*available));
    }

    Eigen::MatrixXd coefficients_; ///< [features, outputs]
    Eigen::VectorXd center_;       ///< means of the features
    Eigen::VectorXd mean_;         ///< of the targets
};

} // namespace

MethodDef linearRegressionMethod() {
    return {.key = "linear",
            .title = "Linear regression",
            .doc = "The linear function with the smallest sum of squared errors; where several "
                   "have it, that with the smallest coefficients.",
            .forClasses = false,
            .params = {},
            .fit = [](const Samples& samples, const Params&, std::uint64_t,
                      const Watch&) -> std::unique_ptr<ClassicalModel> {
                return std::make_unique<LinearFunction>(samples, 0);
            },
            .open = LinearFunction::open};
}

MethodDef ridgeRegressionMethod() {
    auto penalty =
        realParam("alpha", "Penalty", 1, 0, std::numeric_limits<double>::infinity(),
                  "What the sum of the squared coefficients counts beside the squared errors.");
    penalty.minimumExclusive = true;
    penalty.logarithmic = true;
    return {.key = "ridge",
            .title = "Ridge regression",
            .doc = "Linear regression that keeps its coefficients small (Hoerl, Kennard 1970).",
            .forClasses = false,
            .params = {penalty},
            .fit = [](const Samples& samples, const Params& params, std::uint64_t,
                      const Watch&) -> std::unique_ptr<ClassicalModel> {
                return std::make_unique<LinearFunction>(samples, params.real("alpha"));
            },
            .open = LinearFunction::open};
}

} // namespace gradwright
