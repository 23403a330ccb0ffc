// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/landscape/sharpness.h"

#include "engine/support/rng.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

namespace gradwright {

// Golub, Van Loan: "Matrix computations", 10.1 and 10.3.
Sharpness
sharpness(const std::function<std::vector<double>(const std::vector<double>&)>& timesMatrix,
          std::size_t size, std::int64_t mostProducts, double tolerance, std::uint64_t seed,
          const Watch& watch) {
    using Eigen::VectorXd;
    const Rng rng(seed, RngStream::Directions, 1000);
    VectorXd start(static_cast<Eigen::Index>(size));
    for (std::size_t i = 0; i < size; ++i)
        start(static_cast<Eigen::Index>(i)) = rng.normal(i);
    std::vector<VectorXd> basis{start.normalized()};
    std::vector<double> diagonal;
    std::vector<double> beside;
    Sharpness made;
    const auto most = std::min(mostProducts, static_cast<std::int64_t>(size));
    while (made.products < most) {
        watch.reach(static_cast<double>(made.products) / static_cast<double>(most));
        const auto& last = basis.back();
        const auto image = timesMatrix({last.data(), last.data() + last.size()});
        VectorXd rest = Eigen::Map<const VectorXd>(image.data(), last.size());
        ++made.products;
        diagonal.push_back(rest.dot(last));
        for (int pass = 0; pass < 2; ++pass) // one would leave rounding
            for (const auto& vector : basis)
                rest -= vector.dot(rest) * vector;
        const auto norm = rest.norm();

        const auto count = static_cast<Eigen::Index>(diagonal.size());
        Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver;
        solver.computeFromTridiagonal(Eigen::Map<const VectorXd>(diagonal.data(), count),
                                      Eigen::Map<const VectorXd>(beside.data(), count - 1));
        made.largest = solver.eigenvalues()(count - 1);
        made.smallest = solver.eigenvalues()(0);
        const auto residual = norm * std::abs(solver.eigenvectors()(count - 1, count - 1));
        made.hasConverged = residual <= tolerance * std::abs(made.largest);
        constexpr Eigen::Index kFewest = 8; // a start that lies badly would seem to converge
        if ((made.hasConverged && count >= kFewest) || norm <= 1e-14 * std::abs(made.largest)) {
            made.hasConverged = true;
            break;
        }
        beside.push_back(norm);
        basis.push_back(rest / norm);
    }
    return made;
}

} // namespace gradwright
