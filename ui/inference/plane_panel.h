// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/inference/input_panel.h"

class QLabel;

namespace gradwright {

class PlaneJob;
class PlaneView;
class ThemeManager;

/// For networks of two numbers: what they answer all over the plane.
class PlanePanel final : public InputPanel {
    Q_OBJECT

public:
    explicit PlanePanel(ThemeManager& theme, QWidget* parent = nullptr);

    [[nodiscard]] PlaneView& view() { return *view_; }

    void setModel(const std::shared_ptr<const TrainedModel>& model, bool live) override;
    void clear() override;
    void showReason(const QString& reason) override;
    void setRoom(QSize room) override;
    /// The test points are on the map already.
    void showSample(std::int64_t /*sample*/) override {}

private:
    std::shared_ptr<const TrainedModel> model_;
    PlaneView* view_;
    PlaneJob* job_;
    QLabel* title_ = nullptr;
};

} // namespace gradwright
