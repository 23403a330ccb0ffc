// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/io/atomic_file.h"
#include "engine/io/npy.h"
#include "tests/engine/exchange/imported_model.h"
#include "tests/support/own_home.h"
#include "tests/ui/shell/trained_window.h"
#include "ui/onnx/node_details.h"
#include "ui/onnx/node_list.h"
#include "ui/onnx/onnx_window.h"
#include "ui/onnx/port_table.h"
#include "ui/theme/spoken.h"

#include <QLineEdit>
#include <QMenu>
#include <QMenuBar>
#include <QPointer>
#include <QProcess>
#include <QSettings>
#include <QTableView>
#include <QTemporaryDir>
#include <QTreeWidget>

namespace gradwright::test {

/// A window that edits a small ONNX model, with mouse and keys, and the terminal beside it.
class OnnxBench : public QObject {
protected:
    std::unique_ptr<QTemporaryDir> folder_;
    std::unique_ptr<ThemeManager> themes_;
    QPointer<OnnxWindow> window_;
    std::string kernel_; ///< the convolution's weights

    [[nodiscard]] std::filesystem::path path(const char* name) const {
        return std::filesystem::path(folder_->path().toStdString()) / name;
    }
    [[nodiscard]] QString text(const char* name) const {
        return QString::fromStdString(path(name).string());
    }
    [[nodiscard]] const OnnxOutline& outline() const { return window_->document().outline(); }

    static void describe(onnx_format::ValueInfoProto& info, const std::string& name,
                         std::initializer_list<int> lengths) {
        info.set_name(name);
        auto& type = *info.mutable_type()->mutable_tensor_type();
        type.set_elem_type(1);
        type.mutable_shape()->add_dim()->set_dim_param("N");
        for (const int length : lengths)
            type.mutable_shape()->add_dim()->set_dim_value(length);
    }
    /// x → conv → relu → flat → dense → y
    void writeModel(const char* name) {
        ModelBuilder b(17);
        kernel_ = b.random({2, 1, 3, 3});
        const auto conv = b.node("Conv", {b.input("x", {1, 4, 4}), kernel_}, "conv");
        b.set("strides", std::vector<std::int64_t>{1, 1});
        const auto relu = b.node("Relu", {conv}, "relu");
        const auto flat = b.node("Flatten", {relu}, "flat");
        b.set("axis", std::int64_t{1});
        const auto y = b.node("Gemm", {flat, b.random({8, 3})}, "dense");
        auto& graph = *b.proto().mutable_graph();
        describe(*graph.add_output(), y, {3});
        describe(*graph.add_value_info(), conv, {2, 2, 2});
        describe(*graph.add_value_info(), relu, {2, 2, 2});
        describe(*graph.add_value_info(), flat, {8});
        writeFileAtomically(path(name), std::string_view(b.bytes()));
    }
    void open(const char* name) {
        QWidget asker;
        window_ = OnnxWindow::openFile(*themes_, text(name), asker);
        QVERIFY(window_ != nullptr);
        QVERIFY(QTest::qWaitForWindowActive(window_));
    }
    static void clickIn(QAbstractItemView& view, const QModelIndex& index,
                        Qt::KeyboardModifiers modifiers = {}) {
        view.scrollTo(index);
        QTest::mouseClick(view.viewport(), Qt::LeftButton, modifiers,
                          view.visualRect(index).center());
    }
    void clickNode(const char* title, Qt::KeyboardModifiers modifiers = {}) const {
        auto& view = window_->nodes().view();
        for (int row = 0; row < view.model()->rowCount(); ++row)
            if (view.model()->index(row, 0).data().toString() == QLatin1String(title))
                return clickIn(view, view.model()->index(row, 0), modifiers);
        QFAIL(title);
    }
    static void clickItem(QTreeWidget& tree, int column, const QString& name) {
        const auto found = tree.findItems(name, Qt::MatchExactly, column);
        QVERIFY2(!found.isEmpty(), qPrintable(name));
        QTest::mouseClick(tree.viewport(), Qt::LeftButton, {},
                          tree.visualItemRect(found.first()).center());
    }
    /// A key for the nodes.
    void key(Qt::Key which, Qt::KeyboardModifiers modifiers = {}) const {
        window_->activateWindow(); // which a dialog may have had before
        QVERIFY(QTest::qWaitForWindowActive(window_));
        QTest::keyClick(&window_->nodes().view(), which, modifiers);
    }
    /// A double click on a cell, the text and Return.
    static void typeInto(QAbstractItemView& view, const QModelIndex& index, const QString& typed) {
        clickIn(view, index);
        QTest::mouseDClick(view.viewport(), Qt::LeftButton, {}, view.visualRect(index).center());
        auto* const field = view.findChild<QLineEdit*>();
        QVERIFY(field != nullptr);
        field->selectAll();
        QTest::keyClicks(field, typed);
        QTest::keyClick(field, Qt::Key_Return);
        QCoreApplication::processEvents();
    }
    void typePort(PortTable& table, int column, const QString& typed) const {
        typeInto(table, table.model()->index(0, column), typed);
    }
    /// Answers the next dialog that asks for texts.
    static void answer(ModalAnswers& answers, const QStringList& typed) {
        answers
            .see([typed](QWidget& dialog) {
                for (qsizetype i = 0; i < typed.size(); ++i) {
                    auto* const field =
                        dialog.findChild<QLineEdit*>(QStringLiteral("answer%1").arg(i));
                    QVERIFY(field != nullptr);
                    field->selectAll();
                    QTest::keyClicks(field, typed[i]);
                }
            })
            .key(Qt::Key_Return);
    }
    void pressMenu(const char* menu, const char* entry) const {
        QMenuBar& bar = *window_->menuBar();
        for (QAction* const each : bar.actions())
            if (each->text().remove(u'&') == QLatin1String(menu)) {
                QTest::mouseClick(&bar, Qt::LeftButton, {}, bar.actionGeometry(each).center());
                QTRY_VERIFY(each->menu()->isVisible());
                auto* const action = window_->findChild<QAction*>(QLatin1String(entry));
                QVERIFY(action != nullptr);
                QTest::mouseClick(each->menu(), Qt::LeftButton, {},
                                  each->menu()->actionGeometry(action).center());
                return;
            }
        QFAIL(menu);
    }
    void saveAs(const char* name) const {
        ModalAnswers answers;
        answers.file(text(name));
        key(Qt::Key_S, Qt::ControlModifier | Qt::ShiftModifier);
        QTRY_VERIFY(answers.isDone() && std::filesystem::exists(path(name)));
        QVERIFY2(window_->said().startsWith(QStringLiteral("Saved ")), qPrintable(window_->said()));
    }
    [[nodiscard]] std::string edited(const char* from, QStringList arguments) const {
        QProcess cli;
        cli.start(QStringLiteral(GRADWRIGHT_CLI),
                  QStringList{QStringLiteral("edit"), text(from), QStringLiteral("-o"),
                              text("terminal.onnx"), QStringLiteral("--force")} +
                      arguments);
        if (!cli.waitForFinished() || cli.exitCode() != 0)
            qFatal("%s", cli.readAllStandardError().constData());
        return readTextFile(path("terminal.onnx"));
    }

    void prepare() {
        if (!themes_) {
            QCoreApplication::setAttribute(Qt::AA_DontUseNativeDialogs);
            makeWidgetsSpeak();
            themes_ = std::make_unique<ThemeManager>(*qApp);
        }
        folder_ = std::make_unique<QTemporaryDir>();
        liveIn(folder_->path());
        QSettings().clear();
        writeModel("small.onnx");
    }
};

} // namespace gradwright::test
