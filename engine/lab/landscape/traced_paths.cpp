// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/landscape/traced_paths.h"

#include "engine/lab/landscape/landscape_plane.h"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>

namespace gradwright {
namespace {

namespace fs = std::filesystem;

double tracedLoss(const Json& loss) {
    return loss.is_number() ? loss.get<double>() : std::numeric_limits<double>::infinity();
}

PlanePoint placeFrom(const Json& place) {
    return {place.at(0).get<double>(), place.at(1).get<double>(), place.at(2).get<double>()};
}

fs::path epochFile(std::int64_t trial, std::int64_t epoch) {
    return pathFile(fs::path("trials") / fmt::format("{:04}", trial), epoch);
}

TracedPoint pointFrom(const Json& values) {
    TracedPoint point;
    if (const auto loss = values.find("surface_loss"); loss != values.end())
        point.loss = tracedLoss(*loss);
    if (const auto place = values.find("place"); place != values.end())
        point.place = placeFrom(*place);
    if (const auto products = values.find("products"); products != values.end())
        point.products = products->get<std::vector<double>>();
    return point;
}

/// One trial held all epochs of the path.
TracedPath olderPath(const TrialResult& result, std::int64_t epochs) {
    TracedPath path{result.trial.settings.at("optimizer").get<std::string>(), {}, {}, {}};
    path.points.resize(static_cast<std::size_t>(epochs + 1));
    for (std::int64_t epoch = 1; epoch <= epochs; ++epoch)
        path.files.push_back(epochFile(result.trial.number, epoch));
    return path;
}

void addEpoch(std::vector<TracedPath>& paths, const TrialResult& result) {
    const auto& settings = result.trial.settings;
    const auto epoch = settings.at("epoch").get<std::int64_t>();
    const auto& values = result.values;
    if (epoch == 1) {
        TracedPath path{settings.at("optimizer").get<std::string>(), {}, {}, {}};
        path.run = values.at("run").get<std::string>();
        if (const auto start = values.find("start"); start != values.end())
            path.points.push_back(pointFrom(*start));
        else // all paths begin with the same weights
            path.points.push_back(paths.empty() ? TracedPoint() : paths.front().points.front());
        paths.push_back(std::move(path));
    }
    auto& path = paths.back();
    path.points.push_back(pointFrom(values));
    path.files.push_back(epochFile(result.trial.number, epoch));
    if (const auto places = values.find("places"); places != values.end())
        for (std::size_t i = 0; i < std::min(places->size(), path.points.size()); ++i)
            path.points[i].place = placeFrom((*places)[i]);
}

/// The products of all points, first weights included, which are the origin; empty where any is
/// missing.
std::vector<std::vector<double>> productsOf(const std::vector<TracedPath>& paths) {
    std::vector<const TracedPoint*> points; // nullptr: first weights
    std::vector<std::size_t> numbers;       // of a point among those with products, from 1 on
    std::size_t count = 0;
    for (const auto& path : paths)
        for (const auto& point : path.points) {
            const bool isFirst = &point == &path.points.front();
            count += isFirst ? 0 : 1;
            points.push_back(isFirst ? nullptr : &point);
            numbers.push_back(isFirst ? 0 : count);
            if (!isFirst && point.products.size() != count)
                return {};
        }
    std::vector<std::vector<double>> products(points.size(), std::vector<double>(points.size()));
    for (std::size_t i = 0; i < points.size(); ++i)
        for (std::size_t j = 0; j < points.size(); ++j) {
            const auto* const later = numbers[i] > numbers[j] ? points[i] : points[j];
            const auto earlier = std::min(numbers[i], numbers[j]);
            if (earlier > 0)
                products[i][j] = later->products[earlier - 1];
        }
    return products;
}

bool areAllPlaced(const std::vector<TracedPath>& paths) {
    return std::ranges::all_of(paths, [](const TracedPath& path) {
        return std::ranges::all_of(
            path.points, [](const TracedPoint& point) { return point.place.has_value(); });
    });
}

} // namespace

std::vector<TracedPath> tracedPaths(const TrialResults& done, std::int64_t epochs) {
    std::vector<TracedPath> paths;
    for (const auto& result : done) {
        if (result.hasFailed() || result.trial.settings.at("what") != kPathTrial)
            continue;
        if (result.trial.settings.contains("epoch"))
            addEpoch(paths, result);
        else
            paths.push_back(olderPath(result, epochs));
    }
    return paths;
}

std::vector<std::vector<fs::path>> filesOf(const std::vector<TracedPath>& paths,
                                           const fs::path& experiment) {
    std::vector<std::vector<fs::path>> files;
    for (const auto& path : paths) {
        auto& list = files.emplace_back();
        for (const auto& file : path.files)
            list.push_back(experiment / file);
    }
    return files;
}

bool isTurned(const std::vector<double>& coordinates) {
    const auto farthest =
        std::ranges::max_element(coordinates, {}, [](double value) { return std::abs(value); });
    return farthest != coordinates.end() && *farthest > 0;
}

PrincipalPlaces principalPlaces(const std::vector<std::vector<double>>& products,
                                std::size_t center) {
    const auto points = static_cast<Eigen::Index>(products.size());
    const auto c = static_cast<Eigen::Index>(center);
    Eigen::MatrixXd given(points, points);
    for (Eigen::Index i = 0; i < points; ++i)
        for (Eigen::Index j = 0; j < points; ++j)
            given(i, j) = products[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)];
    Eigen::MatrixXd off(points, points); // products of the ways from the center
    for (Eigen::Index i = 0; i < points; ++i)
        for (Eigen::Index j = 0; j < points; ++j)
            off(i, j) = given(i, j) - given(i, c) - given(c, j) + given(c, c);
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(off);
    const auto& values = solver.eigenvalues(); // ascending
    const double whole = values.cwiseMax(0).sum();
    PrincipalPlaces made;
    made.places.resize(products.size());
    if (!(whole > 0))
        return made;
    const auto coordinatesOn = [&](Eigen::Index number, double& share) {
        std::vector<double> coordinates(products.size());
        constexpr double kLeast = 1e-12; // a share below that is rounding
        if (number < 0 || values(number) < kLeast * whole)
            return coordinates;
        share = values(number) / whole;
        for (Eigen::Index i = 0; i < points; ++i)
            coordinates[static_cast<std::size_t>(i)] =
                std::sqrt(values(number)) * solver.eigenvectors()(i, number);
        if (isTurned(coordinates))
            for (auto& coordinate : coordinates)
                coordinate = -coordinate;
        return coordinates;
    };
    const auto x = coordinatesOn(points - 1, made.firstShare);
    const auto y = coordinatesOn(points - 2, made.secondShare);
    for (std::size_t i = 0; i < made.places.size(); ++i) {
        const auto at = static_cast<Eigen::Index>(i);
        const double beside = off(at, at) - x[i] * x[i] - y[i] * y[i];
        made.places[i] = {x[i], y[i], std::sqrt(std::max(0.0, beside))};
    }
    made.places[center] = {};
    return made;
}

Json tracedData(const std::vector<TracedPath>& paths, std::int64_t epochs,
                const std::vector<std::string>& names) {
    if (paths.empty())
        return Json::object();
    Json data = {{"paths", Json::array()}};
    std::vector<PlanePoint> places;
    if (areAllPlaced(paths)) {
        for (const auto& path : paths)
            for (const auto& point : path.points)
                places.push_back(*point.place);
        data["x_name"] = names.at(0);
        data["y_name"] = names.at(1);
    } else {
        const auto products = productsOf(paths);
        if (products.empty())
            return Json::object();
        // The end of the first path is the center; until it is there, what has been reached.
        const auto reached = paths.front().points.size() - 1;
        auto found = principalPlaces(products, std::min(reached, static_cast<std::size_t>(epochs)));
        places = std::move(found.places);
        data["provisional"] = true;
        data["x_name"] =
            fmt::format("component 1 so far, {:.1f} % of the path", 100 * found.firstShare);
        data["y_name"] =
            fmt::format("component 2 so far, {:.1f} % of the path", 100 * found.secondShare);
    }
    std::size_t next = 0;
    for (const auto& path : paths) {
        Json points = Json::array();
        for (const auto& point : path.points) {
            const auto& place = places[next++];
            const bool isFinite = point.loss && std::isfinite(*point.loss);
            points.push_back(
                {place.x, place.y, place.distance, isFinite ? Json(*point.loss) : Json()});
        }
        data["paths"].push_back({{"name", path.name}, {"points", std::move(points)}});
    }
    return data;
}

} // namespace gradwright
