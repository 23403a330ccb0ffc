// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/classical/method.h"
#include "engine/classical/work_apart.h"
#include "engine/support/byte_text.h"
#include "engine/support/error.h"
#include "engine/support/system_memory.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

namespace gradwright {
namespace {

/// Turns min ‖x w - y‖² into one of a triangle with the same solutions, by Householder's
/// reflections, panel by panel, so that it can be stopped: in the upper triangle of x's first rows
/// is R, in those of y Qᵀy; what lies below is of no more use.
void triangularize(Eigen::MatrixXd& x, Eigen::MatrixXd& y, const Watch& watch) {
    constexpr Eigen::Index kPanel = 64;
    constexpr double kPanelWork = 5e7; // rows times columns squared
    const auto steps = std::min(x.rows(), x.cols());
    for (Eigen::Index first = 0, width = 0; first < steps; first += width) {
        watch.reach(static_cast<double>(first) / static_cast<double>(steps));
        const auto below = x.rows() - first;
        const auto wide =
            static_cast<Eigen::Index>(std::sqrt(kPanelWork / static_cast<double>(below)));
        width = std::min(std::clamp(wide, Eigen::Index{1}, kPanel), steps - first);
        Eigen::Ref<Eigen::MatrixXd> panel = x.block(first, first, below, width);
        const Eigen::HouseholderQR<Eigen::Ref<Eigen::MatrixXd>> reflections(panel);
        const auto turn = reflections.householderQ().adjoint();
        for (auto column = first + width; column < x.cols(); column += kPanel) {
            watch.check();
            x.block(first, column, below, std::min(kPanel, x.cols() - column)).applyOnTheLeft(turn);
        }
        for (Eigen::Index column = 0; column < y.cols(); column += kPanel) {
            watch.check();
            y.block(first, column, below, std::min(kPanel, y.cols() - column)).applyOnTheLeft(turn);
        }
    }
}

/// The w with the smallest ‖r w - y‖ and, where several have it, the smallest norm.
Eigen::MatrixXd leastNorm(Eigen::MatrixXd r, Eigen::MatrixXd y, const Watch& watch) {
    const auto shared =
        std::make_shared<std::pair<Eigen::MatrixXd, Eigen::MatrixXd>>(std::move(r), std::move(y));
    return workApart<Eigen::MatrixXd>(watch, [shared]() -> Eigen::MatrixXd {
        return Eigen::CompleteOrthogonalDecomposition<Eigen::MatrixXd>(shared->first)
            .solve(shared->second);
    });
}

/// y = mean of y + W (x - mean of x).
class LinearFunction final : public ClassicalModel {
public:
    /// Least squares with `penalty` times the sum of the squared coefficients; the intercept is
    /// free. Without a penalty it is the solution of the smallest norm.
    LinearFunction(const Samples& samples, double penalty, const Watch& watch) {
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
        if (penalty > 0)
            x.bottomRows(extra).diagonal().setConstant(std::sqrt(penalty));
        triangularize(x, y, watch);
        const auto known = std::min(x.rows(), columns);
        if (penalty > 0)
            coefficients_ = x.topRows(known).triangularView<Eigen::Upper>().solve(y.topRows(known));
        else
            coefficients_ =
                leastNorm(x.topRows(known).triangularView<Eigen::Upper>(), y.topRows(known), watch);
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
                      const Watch& watch) -> std::unique_ptr<ClassicalModel> {
                return std::make_unique<LinearFunction>(samples, 0, watch);
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
                      const Watch& watch) -> std::unique_ptr<ClassicalModel> {
                return std::make_unique<LinearFunction>(samples, params.real("alpha"), watch);
            },
            .open = LinearFunction::open};
}

} // namespace gradwright
