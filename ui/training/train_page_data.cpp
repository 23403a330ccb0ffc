// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/class_balance.h"
#include "engine/support/error.h"
#include "ui/forms/data_text.h"
#include "ui/session/data_change.h"
#include "ui/theme/text.h"
#include "ui/training/train_page.h"
#include "ui/training/training_form.h"

#include <QStringList>

#include <exception>
#include <utility>

// What the Train page says of the data, and the columns that are chosen there.
namespace gradwright {

/// What the chosen data set holds, once it has been read.
void TrainPage::showData() {
    const auto& info = document_->dataInfo();
    const Network& network =
        session_->isActive() ? session_->job()->network : document_->project().network;
    form_->setInputs(namesOfLayer(network, "input"), dataColumns(info));
    QStringList notes;
    for (const std::string& note : document_->dataNotes())
        notes << qstr(note);
    form_->setDataNotes(notes);
    if (const std::string& problem = document_->dataProblem(); !problem.empty()) {
        form_->setDataStatus(qstr(problem), true);
        form_->setDataUnreadable();
        return;
    }
    if (!info) {
        form_->setDataStatus(tr("Reading…"), false);
        return;
    }
    form_->setDataStatus(dataText(*info), false);
    form_->setData(*info);
}

void TrainPage::balance(const QString& what, const TrainingSettings& settings) {
    jobs_.cancel(counting_);
    counting_ = jobs_.start([this, what, settings, choice = document_->project().data](
                                const std::stop_token&) -> BackgroundJobs::Delivery {
        try {
            const auto opened = openDataset(choice);
            auto balanced = settings;
            balanceClasses(balanced, countParts(opened, splitOf(opened, choice)));
            return [this, what, choice, balanced = std::move(balanced)] {
                // Other data have other classes.
                if (session_->isActive())
                    return;
                if (opensAlike(choice, document_->project().data))
                    perform(tr("Change %1").arg(what.toLower()), {SetTraining{balanced}});
                showProject();
            };
        } catch (const std::exception& error) {
            return [this, reason = QString::fromUtf8(error.what())] {
                if (session_->isActive())
                    return;
                showMessage(reason);
                showProject(); // as it was
            };
        }
    });
}

/// A project from elsewhere may say "balanced": the classes are counted before it is trained, and
/// the project stays as it is.
void TrainPage::startBalanced() {
    Q_EMIT hint(tr("Counting the classes…"));
    jobs_.cancel(counting_);
    counting_ = jobs_.start([this, folder = document_->runsFolder(), asked = document_->project()](
                                const std::stop_token&) -> BackgroundJobs::Delivery {
        try {
            const auto opened = openDataset(asked.data);
            auto balanced = asked;
            balanceClasses(balanced.training, countParts(opened, splitOf(opened, asked.data)));
            return [this, asked, job = trainingJob(balanced, folder)] {
                Q_EMIT hint({});
                if (session_->isActive())
                    return;
                // What has been edited meanwhile is what is to be trained.
                if (asked == document_->project())
                    begin(job);
                else
                    start();
            };
        } catch (const std::exception& error) {
            return [this, reason = QString::fromUtf8(error.what())] {
                Q_EMIT hint({});
                if (!session_->isActive())
                    showMessage(reason);
            };
        }
    });
}

void TrainPage::chooseColumns(const QString& what, const DataChoice& choice) {
    try {
        dataChange_->make(tr("Change %1").arg(what.toLower()), choice);
    } catch (const Error& error) {
        showMessage(QString::fromUtf8(error.what()));
        showProject();
    }
}

} // namespace gradwright
