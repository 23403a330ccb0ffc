// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/images/image.h"
#include "engine/inference/inference_session.h"
#include "ui/session/trained_model.h"

#include <QObject>
#include <QString>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace gradwright {

/// A drawing as the network gets it.
struct PreparedDigit {
    Tensor digit; ///< F32 1×28×28 in [0, 1], white on black
    Tensor input; ///< after the data's own preparation (normalised)
};

/// Reads drawings with a trained model. A thread of its own prepares them, another computes; of
/// drawings that come meanwhile only the latest is read. Answers are signals on the GUI thread.
class DigitSession : public QObject {
    Q_OBJECT

public:
    explicit DigitSession(QObject* parent = nullptr);
    ~DigitSession() override;

    /// Without a model drawings are only prepared.
    void setModel(std::shared_ptr<const TrainedModel> model);
    [[nodiscard]] const std::shared_ptr<const TrainedModel>& model() const { return model_; }

    void read(GrayImage drawing);

Q_SIGNALS:
    void prepared(const gradwright::PreparedDigit& digit);
    void answered(const gradwright::InferenceAnswer& answer);
    /// The drawing or the model was no good: the reason.
    void failed(const QString& reason);

private:
    void work(const std::stop_token& stop);
    void prepare(const GrayImage& drawing);
    void retire(std::shared_ptr<InferenceSession> session);

    std::shared_ptr<const TrainedModel> model_; ///< of the GUI thread
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::optional<GrayImage> waiting_;
    DataInfo info_;
    std::shared_ptr<InferenceSession> session_;
    std::thread retiring_; ///< ends an old session, which may still compute
    std::jthread thread_;  ///< last: it uses all of the above
};

} // namespace gradwright
