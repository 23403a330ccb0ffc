// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/curve.h"

#include <cmath>

namespace gradwright {

void Curve::preview(double x, double y) {
    endPreview();
    if (stride_ > 1 || x_.size() == kMostPoints)
        return;
    averageBefore_ = average_;
    weightBefore_ = weight_;
    store(x, y);
    previewed_ = true;
}

void Curve::endPreview() {
    if (!previewed_)
        return;
    previewed_ = false;
    for (auto* values : {&x_, &raw_, &smooth_})
        values->pop_back();
    average_ = averageBefore_;
    weight_ = weightBefore_;
}

void Curve::add(double x, double y) {
    endPreview();
    pendingSum_ += y;
    if (++pending_ < stride_)
        return;
    if (x_.size() == kMostPoints) {
        halve(); // what is pending is half a point now
        return;
    }
    store(x, pendingSum_ / static_cast<double>(pending_));
    pending_ = 0;
    pendingSum_ = 0;
}

void Curve::store(double x, double y) {
    x_.push_back(x);
    raw_.push_back(y);
    smooth_.push_back(y);
    smoothLast(x_.size() - 1);
}

void Curve::clear() {
    const double factor = factor_;
    *this = Curve();
    factor_ = factor;
}

void Curve::setSmoothing(double factor) {
    factor_ = factor;
    smoothAll();
}

void Curve::smoothLast(std::size_t index) {
    const double value = raw_[index];
    if (std::isfinite(value)) {
        const double keep = std::pow(factor_, static_cast<double>(stride_));
        average_ = keep * average_ + (1 - keep) * value;
        weight_ = keep * weight_ + (1 - keep);
    }
    smooth_[index] = weight_ > 0 ? average_ / weight_ : value;
}

void Curve::halve() {
    const std::size_t half = x_.size() / 2;
    for (std::size_t i = 0; i < half; ++i) {
        x_[i] = x_[2 * i + 1];
        raw_[i] = (raw_[2 * i] + raw_[2 * i + 1]) / 2;
    }
    x_.resize(half);
    raw_.resize(half);
    smooth_.resize(half);
    stride_ *= 2;
    smoothAll();
}

void Curve::smoothAll() {
    average_ = 0;
    weight_ = 0;
    for (std::size_t i = 0; i < raw_.size(); ++i) {
        averageBefore_ = average_;
        weightBefore_ = weight_;
        smoothLast(i);
    }
}

} // namespace gradwright
