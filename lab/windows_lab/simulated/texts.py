# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sentences of Windows that programs print, by language."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Texts:
    """One language; braces are filled in by the program that prints."""

    # cmd.exe
    unknown_program: tuple[str, ...]
    unexpected: str
    blocked: str
    directory_exists: str
    duplicate: str
    not_there: str
    # reg.exe
    default_value: str
    value_not_set: str
    error: str
    success: str
    not_found: str
    access_denied: str
    tools_disabled: str
    bad_syntax: str
    usage: str
    bad_key: str
    bad_number: str
    bad_binary: str
    bad_type: str
    search_end: str
    overwrite: str
    really_delete: str
    yes: str
    # The system's own, by number
    windows_errors: dict[int, str]
    # netsh.exe
    winhttp_header: str
    direct: str
    proxy_label: str
    bypass_label: str
    none: str
    write_failed: str
    netsh_unknown: str


_EN = Texts(
    unknown_program=(
        "'{}' is not recognized as an internal or external command,",
        "operable program or batch file.",
    ),
    unexpected="{} was unexpected at this time.",
    blocked="This program is blocked by group policy. "
    "For more information, contact your system administrator.",
    directory_exists="A subdirectory or file {} already exists.",
    duplicate="A duplicate file name exists, or the file cannot be found.",
    not_there="Could Not Find {}",
    default_value="(Default)",
    value_not_set="(value not set)",
    error="ERROR: ",
    success="The operation completed successfully.",
    not_found="The system was unable to find the specified registry key or value.",
    access_denied="Access is denied.",
    tools_disabled="Registry editing has been disabled by your administrator.",
    bad_syntax="Invalid syntax.",
    usage='Type "REG {} /?" for usage.',
    bad_key="Invalid key name.",
    bad_number="Invalid syntax. Specify valid numeric value for '/d'.",
    bad_binary="Invalid syntax. Specify valid hexadecimal value for '/d'.",
    bad_type="Invalid syntax. Specify valid type for '/t'.",
    search_end="End of search: {} match(es) found.",
    overwrite="Value {} exists, overwrite(Yes/No)? ",
    really_delete="Permanently delete {} (Yes/No)? ",
    yes="y",
    winhttp_header="Current WinHTTP proxy settings:",
    direct="Direct access (no proxy server).",
    proxy_label="Proxy Server(s) :  ",
    bypass_label="Bypass List     :  ",
    none="(none)",
    write_failed="Error writing proxy settings. ({}) {}",
    windows_errors={
        2: "The system cannot find the file specified.",
        3: "The system cannot find the path specified.",
        5: "Access is denied.",
        87: "The parameter is incorrect.",
        145: "The directory is not empty.",
        267: "The directory name is invalid.",
    },
    netsh_unknown="The following command was not found: {}.",
)

_DE = Texts(
    unknown_program=('Der Befehl "{}" ist entweder falsch geschrieben oder', "konnte nicht gefunden werden."),
    unexpected='"{}" kann syntaktisch an dieser Stelle nicht verarbeitet werden.',
    blocked="Dieses Programm wurde durch eine Gruppenrichtlinie geblockt. "
    "Wenden Sie sich an den Systemadministrator.",
    directory_exists="Ein Unterverzeichnis oder eine Datei mit dem Namen {} existiert bereits.",
    duplicate="Die Datei ist schon vorhanden oder konnte nicht gefunden werden.",
    not_there="{} konnte nicht gefunden werden",
    default_value="(Standard)",
    value_not_set="(Wert nicht gesetzt)",
    error="FEHLER: ",
    success="Der Vorgang wurde erfolgreich beendet.",
    not_found="Der angegebene Registrierungsschlüssel bzw. Wert wurde nicht gefunden.",
    access_denied="Zugriff verweigert",
    tools_disabled="Das Bearbeiten der Registrierung wurde durch den Administrator deaktiviert.",
    bad_syntax="Ungültige Syntax.",
    usage='Geben Sie "REG {} /?" ein, um die Syntax anzuzeigen.',
    bad_key="Ungültiger Schlüsselname.",
    bad_number="Ungültige Syntax. Geben Sie einen gültigen numerischen Wert für '/d' an.",
    bad_binary="Ungültige Syntax. Geben Sie einen gültigen Hexadezimalwert für '/d' an.",
    bad_type="Ungültige Syntax. Geben Sie einen gültigen Typ für '/t' an.",
    search_end="Ende der Suche: {} Übereinstimmung(en) gefunden.",
    overwrite="Der Wert {} ist bereits vorhanden, überschreiben (Ja/Nein)? ",
    really_delete="{} endgültig löschen (Ja/Nein)? ",
    yes="j",
    winhttp_header="Aktuelle WinHTTP-Proxyeinstellungen:",
    direct="Direkter Zugriff (kein Proxyserver).",
    proxy_label="Proxyserver:  ",
    bypass_label="Umgehungsliste:  ",
    none="(keine)",
    write_failed="Fehler beim Schreiben der Proxyeinstellungen. ({}) {}",
    windows_errors={
        2: "Das System kann die angegebene Datei nicht finden.",
        3: "Das System kann den angegebenen Pfad nicht finden.",
        5: "Zugriff verweigert",
        87: "Falscher Parameter.",
        145: "Das Verzeichnis ist nicht leer.",
        267: "Der Verzeichnisname ist ungültig.",
    },
    netsh_unknown="Der folgende Befehl wurde nicht gefunden: {}.",
)

_JA = Texts(
    unknown_program=(
        "'{}' は、内部コマンドまたは外部コマンド、",
        "操作可能なプログラムまたはバッチ ファイルとして認識されていません。",
    ),
    unexpected="{} の使い方が誤っています。",
    blocked="このプログラムはグループ ポリシーによってブロックされています。",
    directory_exists="サブディレクトリまたはファイル {} は既に存在します。",
    duplicate="ファイル名が重複しているか、またはファイルが見つかりません。",
    not_there="{} が見つかりませんでした。",
    default_value="(既定)",
    value_not_set="(値の設定なし)",
    error="エラー: ",
    success="この操作を正しく終了しました。",
    not_found="指定されたレジストリ キーまたは値が見つかりませんでした。",
    access_denied="アクセスが拒否されました。",
    tools_disabled="レジストリ編集は、管理者によって使用不可にされています。",
    bad_syntax="無効な構文です。",
    usage='"REG {} /?" と入力すると使用法が表示されます。',
    bad_key="無効なキー名です。",
    bad_number="無効な構文です。'/d' には有効な数値を指定してください。",
    bad_binary="無効な構文です。'/d' には有効な 16 進値を指定してください。",
    bad_type="無効な構文です。'/t' には有効な種類を指定してください。",
    search_end="検索の完了: {} 件見つかりました。",
    overwrite="値 {} は既に存在します。上書きしますか? (Yes/No) ",
    really_delete="{} を完全に削除しますか? (Yes/No) ",
    yes="y",
    winhttp_header="現在の WinHTTP プロキシ設定:",
    direct="直接アクセス (プロキシ サーバーなし)。",
    proxy_label="プロキシ サーバー:  ",
    bypass_label="バイパス一覧     :  ",
    none="(なし)",
    write_failed="プロキシ設定の書き込み中にエラーが発生しました。({}) {}",
    windows_errors={
        2: "指定されたファイルが見つかりません。",
        3: "指定されたパスが見つかりません。",
        5: "アクセスが拒否されました。",
        87: "パラメーターが間違っています。",
        145: "ディレクトリが空ではありません。",
        267: "ディレクトリ名が無効です。",
    },
    netsh_unknown="次のコマンドは見つかりませんでした: {}。",
)

_LANGUAGES = {"en": _EN, "de": _DE, "ja": _JA}


def texts(locale: str) -> Texts:
    """The sentences in that language; an unknown one is a mistake in a profile, and fails as such."""
    return _LANGUAGES[locale]
