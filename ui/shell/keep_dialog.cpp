// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/keep_dialog.h"

#include "ui/shell/network_texts.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace gradwright {

namespace {

constexpr int kTextWidth = 500;

QLabel* makeText(const QString& text, const char* role) {
    auto* const label = new QLabel(text);
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setProperty("textRole", QLatin1String(role));
    return label;
}

} // namespace

KeepDialog::KeepDialog(const Subject& subject, QWidget* parent)
    : QDialog(parent)
    , facts_(makeText(tr("Reading its runs…"), "section")) {
    setWindowTitle(tr("Keep the trained network?"));
    facts_->setObjectName(QStringLiteral("facts"));
    auto* const title =
        makeText(tr("%1 is trained, but not saved as a project").arg(subject.name), "title");
    auto* const text = makeText(tr("Save it as a project file, or keep it unsaved: it stays in "
                                   "Recent with its runs and weights."),
                                "body");
    auto* const row = new QHBoxLayout;
    row->setSpacing(8);
    delete_ = addButton(*row, tr("Delete…"), "deleteNetwork", Answer::Delete);
    delete_->setEnabled(false);
    row->addStretch();
    addButton(*row, tr("Cancel"), "cancelLeaving", Answer::Cancel);
    addButton(*row, tr("Keep unsaved"), "keepUnsaved", Answer::Keep);
    auto* const save = addButton(*row, tr("Save as project…"), "saveNetwork", Answer::Save);
    save->setProperty("kind", QStringLiteral("primary"));
    save->setDefault(true);
    save->setFocus();
    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, 16, 16, 16);
    layout->setSpacing(10);
    layout->addWidget(title);
    layout->addWidget(facts_);
    layout->addWidget(text);
    if (!subject.training.isEmpty()) {
        auto* const training = makeText(subject.training, "body");
        training->setObjectName(QStringLiteral("trainingNote"));
        layout->addWidget(training);
    }
    layout->addSpacing(6);
    layout->addLayout(row);
    for (QLabel* const each : findChildren<QLabel*>())
        each->setFixedWidth(kTextWidth);
    layout->setSizeConstraint(QLayout::SetFixedSize);
    setAccessibleDescription(title->text());
    jobs_.start(
        [this, folders = subject.folders](const std::stop_token& stop) -> BackgroundJobs::Delivery {
            return [this, network = readNetwork(folders, stop)] {
                network_ = network;
                facts_->setText(network_ ? facts(*network_) : tr("Its training has just begun."));
                delete_->setEnabled(network_.has_value());
            };
        });
}

QPushButton* KeepDialog::addButton(QHBoxLayout& row, const QString& text, const char* name,
                                   Answer answer) {
    auto* const button = new QPushButton(text);
    button->setObjectName(QLatin1String(name));
    button->setAutoDefault(false);
    connect(button, &QPushButton::clicked, this, [this, answer] {
        answer_ = answer;
        answer == Answer::Cancel ? reject() : accept();
    });
    row.addWidget(button);
    return button;
}

} // namespace gradwright

#include "moc_keep_dialog.cpp"
