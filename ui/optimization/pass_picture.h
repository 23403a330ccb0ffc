// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/optimization/pass_examples.h"
#include "ui/theme/spoken.h"

#include <QWidget>

namespace gradwright {

/// What a pass for inference does, on a small example: its ops before and, below, after. What the
/// pass changes is tinted.
class PassPicture final : public QWidget, public Spoken {
    Q_OBJECT
public:
    explicit PassPicture(QWidget* parent = nullptr);

    /// A key of inferencePasses().
    void showPass(std::string_view key);
    [[nodiscard]] const PassExample& example() const { return example_; }

    [[nodiscard]] QSize minimumSizeHint() const override;
    [[nodiscard]] QSize sizeHint() const override { return minimumSizeHint(); }
    [[nodiscard]] QAccessible::Role spokenRole() const override { return QAccessible::Graphic; }
    [[nodiscard]] QString spokenText() const override;

protected:
    void paintEvent(QPaintEvent*) override;

private:
    PassExample example_;
};

} // namespace gradwright
