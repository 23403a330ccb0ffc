// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/evaluation_job.h"
#include "ui/session/trained_model.h"

#include <QList>
#include <QWidget>

#include <cstdint>
#include <memory>

class QAction;
class QMimeData;

namespace gradwright {

/// The Inference page's side for one kind of input: how something new comes in, and what the
/// network makes of it. inputKinds() says which panel a network gets.
class InputPanel : public QWidget {
    Q_OBJECT

public:
    using QWidget::QWidget;

    /// Another model of the panel's kind, newer weights of the one in use (`live`), or none.
    virtual void setModel(const std::shared_ptr<const TrainedModel>& model, bool live) = 0;
    /// What a network will read and answer, while there is none yet.
    virtual void setData(const DataInfo& /*info*/) {}
    /// What was entered goes: another project is open.
    virtual void clear() = 0;
    /// Said where the answer would be: why there is none.
    virtual void showReason(const QString& reason) = 0;
    /// Reads a sample of the model's test set.
    virtual void showSample(std::int64_t sample) = 0;
    /// What the model in use makes of its test set; null while that is not known.
    virtual void setReport(const std::shared_ptr<const TestReport>& /*report*/) {}
    /// Whether what is dragged over the page can be read here.
    [[nodiscard]] virtual bool accepts(const QMimeData& /*mime*/) const { return false; }
    virtual void take(const QMimeData& /*mime*/) {}
    /// From this width on, in pixels, the panel is comfortable beside the test set; with less it
    /// gets the page's width and the test set stands below.
    [[nodiscard]] virtual int comfortableWidth() const { return minimumSizeHint().width(); }
    /// How much of the panel is seen at once.
    virtual void setRoom(QSize /*room*/) {}
    /// For the window's menus.
    [[nodiscard]] virtual QList<QAction*> menuActions() const { return {}; }
};

} // namespace gradwright
