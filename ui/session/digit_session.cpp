// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/digit_session.h"

#include "engine/data/images/picture_input.h"
#include "engine/support/error.h"
#include "engine/support/scheduling.h"

#include <QMetaObject>

#include <exception>
#include <utility>

namespace gradwright {

DigitSession::DigitSession(QObject* parent)
    : QObject(parent)
    , thread_([this](const std::stop_token& stop) { work(stop); }) {}

DigitSession::~DigitSession() {
    thread_.request_stop();
    thread_.join();
    if (retiring_.joinable())
        retiring_.join();
}

void DigitSession::setModel(std::shared_ptr<const TrainedModel> model) {
    const bool sameNetwork =
        model && model_ && session_ && model->run == model_->run && model->choice == model_->choice;
    model_ = std::move(model);
    if (sameNetwork) {
        session_->setWeights(model_->weights);
        return;
    }
    std::shared_ptr<InferenceSession> session;
    if (model_)
        session = std::make_shared<InferenceSession>(
            model_->graph, model_->weights,
            [this](const InferenceAnswer& answer) {
                QMetaObject::invokeMethod(
                    this,
                    [this, answer] {
                        if (answer.error.empty())
                            Q_EMIT answered(answer);
                        else
                            Q_EMIT failed(QString::fromStdString(answer.error));
                    },
                    Qt::QueuedConnection);
            },
            model_->target);
    {
        const std::lock_guard lock(mutex_);
        std::swap(session_, session);
        info_ = model_ ? model_->data->info : DataInfo{};
    }
    retire(std::move(session));
}

void DigitSession::retire(std::shared_ptr<InferenceSession> session) {
    if (!session)
        return;
    if (retiring_.joinable())
        retiring_.join();
    retiring_ = std::thread([old = std::move(session)]() mutable { old.reset(); });
}

void DigitSession::read(GrayImage drawing) {
    {
        const std::lock_guard lock(mutex_);
        waiting_ = std::move(drawing);
    }
    changed_.notify_one();
}

void DigitSession::work(const std::stop_token& stop) {
    setScheduling(Scheduling::Responsive);
    for (;;) {
        GrayImage drawing;
        {
            std::unique_lock lock(mutex_);
            if (!changed_.wait(lock, stop, [this] { return waiting_.has_value(); }))
                return;
            drawing = std::move(*waiting_);
            waiting_.reset();
        }
        prepare(drawing);
    }
}

void DigitSession::prepare(const GrayImage& drawing) {
    std::shared_ptr<InferenceSession> session;
    DataInfo info;
    {
        const std::lock_guard lock(mutex_);
        session = session_;
        info = info_;
    }
    try {
        auto picture = prepareDrawing(drawing, info);
        PreparedDigit digit{std::move(picture.shown), std::move(picture.input)};
        if (session)
            session->request(digit.input);
        QMetaObject::invokeMethod(
            this, [this, digit = std::move(digit)] { Q_EMIT prepared(digit); },
            Qt::QueuedConnection);
    } catch (const std::exception& error) {
        QMetaObject::invokeMethod(
            this, [this, reason = QString::fromUtf8(error.what())] { Q_EMIT failed(reason); },
            Qt::QueuedConnection);
    }
}

} // namespace gradwright

#include "moc_digit_session.cpp"
