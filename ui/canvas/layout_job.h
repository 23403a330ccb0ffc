// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/canvas/auto_layout.h"

#include <QObject>

#include <memory>

namespace gradwright {

/// One automatic layout on a thread of its own. Deleting it cancels it: the thread stops soon, and
/// its answer is not heard any more.
class LayoutJob final : public QObject {
    Q_OBJECT
public:
    LayoutJob(LayoutRequest request, QObject* parent);
    ~LayoutJob() override;

Q_SIGNALS:
    void done(const std::map<gradwright::NodeId, gradwright::Point>& positions);
    void failed(const QString& reason);

private:
    struct Shared;
    std::shared_ptr<Shared> shared_;
};

} // namespace gradwright
