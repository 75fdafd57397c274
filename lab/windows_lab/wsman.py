# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WS-Management envelopes as a server sees them: requests parsed, responses and faults built."""

from __future__ import annotations

import re
import uuid
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

SOAP = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
IDENTITY = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
FAULT = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"

CREATE = f"{TRANSFER}/Create"
DELETE = f"{TRANSFER}/Delete"
COMMAND = f"{SHELL}/Command"
SEND = f"{SHELL}/Send"
RECEIVE = f"{SHELL}/Receive"
SIGNAL = f"{SHELL}/Signal"
RESPONSES = {action: f"{action}Response" for action in (CREATE, DELETE, COMMAND, SEND, RECEIVE, SIGNAL)}

CMD_SHELL = f"{SHELL}/cmd"
POWERSHELL_SHELL = "http://schemas.microsoft.com/powershell/"

_PREFIXES = (
    ("s", SOAP),
    ("a", ADDRESSING),
    ("w", WSMAN),
    ("x", TRANSFER),
    ("rsp", SHELL),
    ("f", FAULT),
)
_DECLARATIONS = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in _PREFIXES)
_DURATION = re.compile(
    r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)
_NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
DEFAULT_TIMEOUT = 60.0


class Fault(Exception):
    """A request that ends in a SOAP fault; the codes are those of Windows' wsmerror.h."""

    def __init__(self, code: int, subcode: str, reason: str, *, sender: bool = True) -> None:
        super().__init__(reason)
        self.code = code
        self.subcode = subcode
        self.reason = reason
        self.sender = sender


def bad_xml() -> Fault:
    """What arrived is no XML document, or none that a WS-Management service takes."""
    return Fault(
        0x80338041, "w:SchemaValidationError", "The SOAP XML in the message does not match the protocol."
    )


def unknown_action(action: str) -> Fault:
    """The action is none of those that the resource knows."""
    return Fault(0x80338001, "a:ActionNotSupported", f"The action {action or '(none)'} is not supported.")


def unknown_resource(uri: str) -> Fault:
    """The resource is none of the shells that this endpoint offers."""
    return Fault(0x80338000, "w:InvalidResourceURI", f"The resource {uri or '(none)'} is not offered.")


def unknown_shell(shell_id: str) -> Fault:
    """No shell has that id, or it has been deleted."""
    return Fault(0x8033805B, "w:InvalidSelectors", f"The shell {shell_id or '(none)'} was not found.")


def unknown_command(command_id: str) -> Fault:
    """The shell has no command of that id."""
    return Fault(0x57, "w:InvalidParameter", f"The shell has no command {command_id or '(none)'}.")


def not_acknowledged(command_id: str) -> Fault:
    """A new command before the Signal that ends the one before it, which [MS-WSMV] 2.2.4.38 asks a client for."""
    return internal_error(f"The end of the command {command_id} has not been acknowledged.")


def operation_timeout() -> Fault:
    """A Receive that found nothing to give back in time; clients simply ask again."""
    return Fault(
        0x80338029, "w:TimedOut", "The operation had no result within OperationTimeout.", sender=False
    )


def internal_error(reason: str) -> Fault:
    """The lab itself failed: its own error number, so that no test takes it for one of Windows."""
    return Fault(0x8033FFFF, "w:InternalError", reason, sender=False)


@dataclass(frozen=True)
class Request:
    """One request: the header's fields by name, and the children of its body."""

    action: str
    resource: str = ""
    message_id: str = ""
    shell_id: str = ""
    timeout: float = DEFAULT_TIMEOUT
    max_envelope: int = 153600
    options: dict[str, str] = field(default_factory=dict)
    body: ET.Element = field(default_factory=lambda: ET.Element("Body"))

    def text(self, name: str) -> str:
        """Text of the first element of that name (Clark notation) in the body; empty when there is none."""
        found = self.body.find(f".//{name}")
        return (found.text or "") if found is not None else ""

    def attribute(self, name: str, attribute: str) -> str:
        """Attribute of the first element of that name in the body; empty when there is none."""
        found = self.body.find(f".//{name}")
        return found.get(attribute, "") if found is not None else ""


def parse(data: bytes) -> Request:
    """Read an envelope; raises Fault when it is none. Identify comes back with an empty action."""
    if b"<!DOCTYPE" in data:
        raise bad_xml()
    try:
        root = ET.fromstring(data)
    except (ET.ParseError, ValueError, LookupError):
        # ValueError and LookupError come from an encoding in the XML declaration that Python lacks.
        raise bad_xml() from None
    body = root.find(f"{{{SOAP}}}Body")
    header = root.find(f"{{{SOAP}}}Header")
    if root.tag != f"{{{SOAP}}}Envelope" or body is None:
        raise bad_xml()
    if header is None:
        header = ET.Element("Header")
    return Request(
        action=_text(header, f"{{{ADDRESSING}}}Action"),
        resource=_text(header, f"{{{WSMAN}}}ResourceURI"),
        message_id=_text(header, f"{{{ADDRESSING}}}MessageID"),
        shell_id=_named(header, f"{{{WSMAN}}}Selector").get("ShellId", ""),
        timeout=seconds(_text(header, f"{{{WSMAN}}}OperationTimeout")),
        max_envelope=_number(_text(header, f"{{{WSMAN}}}MaxEnvelopeSize"), 153600),
        options=_named(header, f"{{{WSMAN}}}Option"),
        body=body,
    )


def is_identify(request: Request) -> bool:
    """Whether the request asks what answers here, which needs no header at all."""
    return request.body.find(f"{{{IDENTITY}}}Identify") is not None


def seconds(duration: str) -> float:
    """An xs:duration up to days, in seconds; the protocol's default when it is empty or unreadable."""
    match = _DURATION.fullmatch(duration)
    if not match or not any(match.groups()):
        return DEFAULT_TIMEOUT
    units = {"days": 86400, "hours": 3600, "minutes": 60, "seconds": 1}
    return sum(float(match[name] or 0) * factor for name, factor in units.items())


def _text(parent: ET.Element, name: str) -> str:
    return (parent.findtext(f".//{name}") or "").strip()


def _number(text: str, default: int) -> int:
    return int(text) if text.isascii() and text.isdigit() else default


def _named(header: ET.Element, name: str) -> dict[str, str]:
    return {element.get("Name", ""): element.text or "" for element in header.iter(name)}


def text(value: str) -> str:
    """`value` as XML text: escaped, and with a question mark for what XML cannot hold."""
    return escape(_NOT_IN_XML.sub("?", value))


def attribute(value: str) -> str:
    """`value` as an XML attribute, quotes included."""
    return quoteattr(_NOT_IN_XML.sub("?", value))


def _envelope(action: str, relates_to: str, body: str) -> bytes:
    relation = f"<a:RelatesTo>{text(relates_to)}</a:RelatesTo>" if relates_to else ""
    return (
        f'<s:Envelope xml:lang="en-US" {_DECLARATIONS}><s:Header><a:Action>{action}</a:Action>'
        f"<a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID>"
        f"<a:To>{ADDRESSING}/role/anonymous</a:To>{relation}</s:Header>"
        f"<s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def response(request: Request, body: str) -> bytes:
    """The answer to `request`; `body` is XML with the prefixes s, a, w, x, rsp and f."""
    return _envelope(RESPONSES[request.action], request.message_id, body)


def fault(request: Request | None, error: Fault) -> bytes:
    """The fault that ends `request`, or that answers what could not be read as one."""
    body = (
        f"<s:Fault><s:Code><s:Value>s:{'Sender' if error.sender else 'Receiver'}</s:Value>"
        f"<s:Subcode><s:Value>{error.subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{text(error.reason)}</s:Text></s:Reason>'
        f'<s:Detail><f:WSManFault Code="{error.code}" Machine="lab">'
        f"<f:Message>{text(error.reason)}</f:Message></f:WSManFault></s:Detail></s:Fault>"
    )
    namespace = WSMAN if error.subcode.startswith("w:") else ADDRESSING
    return _envelope(f"{namespace}/fault", request.message_id if request else "", body)


def identify_response() -> bytes:
    """What answers an Identify: the product of a Windows service stack."""
    return (
        f'<s:Envelope xml:lang="en-US" xmlns:s="{SOAP}"><s:Header/><s:Body>'
        f'<i:IdentifyResponse xmlns:i="{IDENTITY}"><i:ProtocolVersion>{WSMAN}</i:ProtocolVersion>'
        "<i:ProductVendor>Microsoft Corporation</i:ProductVendor>"
        "<i:ProductVersion>OS: 0.0.0 SP: 0.0 Stack: 3.0</i:ProductVersion>"
        "</i:IdentifyResponse></s:Body></s:Envelope>"
    ).encode()


def created(resource: str, shell_id: str) -> str:
    """Body of the answer to Create."""
    return (
        f"<x:ResourceCreated><a:Address>{ADDRESSING}/role/anonymous</a:Address><a:ReferenceParameters>"
        f"<w:ResourceURI>{text(resource)}</w:ResourceURI><w:SelectorSet>"
        f'<w:Selector Name="ShellId">{text(shell_id)}</w:Selector></w:SelectorSet></a:ReferenceParameters>'
        f"</x:ResourceCreated><rsp:Shell><rsp:ShellId>{text(shell_id)}</rsp:ShellId>"
        f"<rsp:ResourceUri>{text(resource)}</rsp:ResourceUri></rsp:Shell>"
    )


def command_started(command_id: str) -> str:
    """Body of the answer to Command."""
    return f"<rsp:CommandResponse><rsp:CommandId>{text(command_id)}</rsp:CommandId></rsp:CommandResponse>"


def stream(name: str, data: str, command_id: str, *, end: bool = False) -> str:
    """One stream of a Receive's answer; `data` is base64."""
    command = f" CommandId={attribute(command_id)}" if command_id else ""
    last = ' End="true"' if end else ""
    return f'<rsp:Stream Name="{name}"{command}{last}>{data}</rsp:Stream>'


def command_state(command_id: str, exit_code: int | None) -> str:
    """State of a command in a Receive's answer: running when there is no exit code yet."""
    state = f"{SHELL}/CommandState/{'Running' if exit_code is None else 'Done'}"
    code = "" if exit_code is None else f"<rsp:ExitCode>{exit_code}</rsp:ExitCode>"
    return f'<rsp:CommandState CommandId={attribute(command_id)} State="{state}">{code}</rsp:CommandState>'


def received(*parts: str) -> str:
    """Body of the answer to Receive."""
    return f"<rsp:ReceiveResponse>{''.join(parts)}</rsp:ReceiveResponse>"
