// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/unsaved_networks.h"
#include "tests/support/modal_answers.h"
#include "ui/runs/runs_panel.h"
#include "ui/shell/main_window.h"
#include "ui/shell/recent_card.h"
#include "ui/shell/template_card.h"
#include "ui/training/train_page.h"

#include <QApplication>
#include <QPushButton>
#include <QScrollArea>
#include <QTest>

#include <memory>

namespace gradwright::test {

inline constexpr int kTrainingPatience = 60'000; // ms: the machine may be busy

inline QPushButton* buttonIn(const QWidget& window, const char* name) {
    return window.findChild<QPushButton*>(QLatin1String(name));
}

/// A key for the window, which gets the focus back after a dialog.
inline void pressKey(MainWindow& window, Qt::Key key, Qt::KeyboardModifiers modifiers = {}) {
    window.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&window));
    QTest::keyClick(&window, key, modifiers);
}

/// The gallery's card of a template, pressed with the mouse.
inline void chooseTemplate(MainWindow& window, const char* key) {
    auto* const card = window.findChild<TemplateCard*>(QLatin1String(key));
    QVERIFY2(card != nullptr, key);
    QTest::mouseClick(card, Qt::LeftButton);
}

/// A small template, trained to its end by F5.
inline void trainTemplate(MainWindow& window, const char* key = "exclusive-or") {
    chooseTemplate(window, key);
    pressKey(window, Qt::Key_F5);
    QVERIFY(window.session().isActive());
    QTRY_COMPARE_WITH_TIMEOUT(window.session().state(), TrainingState::Finished, kTrainingPatience);
}

/// The card in Recent of a network that is not saved; nullptr without one.
inline RecentCard* unsavedCard(const MainWindow& window) {
    for (auto* const card : window.findChildren<RecentCard*>())
        if (!card->project().isSaved() && card->isVisible())
            return card;
    return nullptr;
}

/// What a window manager sends when its close button is pressed.
inline void pressCloseButton(MainWindow& window) {
    QCloseEvent event;
    QCoreApplication::sendEvent(window.windowHandle(), &event);
}

} // namespace gradwright::test
