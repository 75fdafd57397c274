# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an answer of the probe means: a verdict and one reason out of a closed set."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from .._windows._winhttp_errors import number_of
from ._answer import Row
from ._request import Target

OK, FAILED, UNKNOWN, SKIPPED = "ok", "failed", "unknown", "skipped"
ORIGIN, PROXY = "origin", "proxy"

# Reason: verdict, and what to do; {host}, {port}, {via}, {hop} and {system} are filled in.
REASONS = {
    "ok": (OK, ""),
    "name_not_resolved": (FAILED, "Make the name of {hop} known to DNS where it is asked."),
    "refused": (FAILED, "Nothing takes connections at {hop}: check that it runs and which firewall is between."),
    "reset": (FAILED, "The connection by way of {via} was cut: look for a firewall or filter that does that."),
    "timeout": (FAILED, "No answer in time by way of {via}: look for a firewall that drops packets, or a slow proxy."),
    "proxy_denied": (FAILED, "Allow {host}:{port} in the proxy {via}."),
    "proxy_auth_required": (FAILED, "Exempt {host}:{port} from sign-in in the proxy {via}: the sensor is anonymous."),
    "proxy_failed": (FAILED, "The proxy {via} could not reach {host}:{port}: look into its log."),
    "proxy_tls_failed": (
        FAILED,
        "TLS with the proxy {via} itself failed: check its certificate and TLS versions, or name it without https.",
    ),
    "proxy_certificate_required": (
        FAILED,
        "The proxy {via} asks for a certificate of the client: exempt {host}:{port}, since the sensor has none.",
    ),
    "tls_intercepted": (FAILED, "Exempt {host} from TLS inspection: its certificate is from an unknown authority."),
    "tls_failed": (FAILED, "TLS with {host} failed: check the clock, revocation lists, TLS versions and inspection."),
    "blocked_page": (FAILED, "A page came instead of the service: exempt {host} from block and login pages."),
    "unexpected_status": (FAILED, "Find out who answers for {host}: the service does not document this status."),
    "bad_answer": (FAILED, "What answers for {host} by way of {via} does not speak HTTP."),
    "bad_header": (FAILED, "What answers for {host} by way of {via} sent a header that is none."),
    "protocol_mismatch": (
        FAILED,
        "Another version of HTTP is needed with {host} by way of {via}: see what changes it on the way.",
    ),
    "winhttp_reserved": (FAILED, "WinHTTP reserves this error: look for a filter on the endpoint that gives it."),
    "winhttp_callback": (FAILED, "A hook into WinHTTP on this endpoint failed: look for the filter that set it."),
    "winhttp_disabled": (FAILED, "WinHTTP has this feature disabled on this endpoint: look for the policy behind it."),
    "winhttp_unsupported": (FAILED, "WinHTTP on this endpoint does not support fast forwarding: look who asks for it."),
    "winhttp_error": (FAILED, "Look up the error of WinHTTP."),
    "not_tried": (UNKNOWN, "The deadline came first: raise it, or ask for less."),
    "path_unknown": (UNKNOWN, "What the sensor uses was not found out: see effective{system}."),
    "no_such_proxy": (SKIPPED, "This endpoint has no such proxy."),
}

# Numbers of winhttp.h, and of Windows Sockets, which Wine gives for a reset and for a stalled body.
_ERRORS = {
    12007: "name_not_resolved",
    12029: "refused",
    12002: "timeout",
    10060: "timeout",
    10054: "reset",
    12030: "reset",
    12152: "bad_answer",
    12153: "bad_header",
    12187: "proxy_certificate_required",
    12188: "proxy_tls_failed",
    12189: "winhttp_reserved",
    12190: "protocol_mismatch",
    12191: "winhttp_callback",
    12192: "winhttp_disabled",
    12193: "winhttp_unsupported",
    # These come from automatic detection alone.
    12166: "path_unknown",
    12167: "path_unknown",
    12178: "path_unknown",
    12180: "path_unknown",
}
_TLS_ERRORS = frozenset({12037, 12038, 12045, 12057, 12157, 12169, 12170, 12175, 12179})
_OUTCOMES = {
    "timeout": "timeout",
    "not_tried": "not_tried",
    "no_proxy": "no_such_proxy",
    "not_supported": "path_unknown",
}
# What squid says in X-Squid-Error about its own way to the origin. ERR_READ_ERROR stands for too much: squid 5.7 says
# it of a name that does not resolve as well.
_SQUID_ERRORS = {
    "ERR_DNS_FAIL": "name_not_resolved",
    "ERR_CONNECT_FAIL": "refused",
    "ERR_READ_TIMEOUT": "timeout",
    "ERR_ZERO_SIZE_OBJECT": "reset",
    "ERR_INVALID_RESP": "bad_answer",
}
_DENIALS = (401, 403, 451)


@dataclass(frozen=True)
class Verdict:
    """The reason, and who answered: the origin, the proxy, or (None) nobody or not known."""

    reason: str
    answered_by: str | None = None

    @property
    def verdict(self) -> str:
        return REASONS[self.reason][0]

    def advice(self, target: Target, via: str | None, as_system: bool) -> str:
        """What to do, as one sentence; empty where there is nothing to do. as_system: LocalSystem has asked."""
        origin = f"{target.host}:{target.port}"
        shown = via or "an unknown path"
        # Behind a proxy it is the proxy that the endpoint resolves and connects to, unless the proxy itself answered.
        hop = origin if via in (None, "direct") or self.answered_by == PROXY else f"the proxy {via}"
        system = "" if as_system else ", and ask with run_as: system"
        return REASONS[self.reason][1].format(
            host=target.host, port=target.port, via=shown, hop=hop, system=system
        )


def judge(row: Row, target: Target, via: str | None) -> Verdict:
    """Judge one row; via is the proxy as host:port, "direct", or None where it is not known."""
    if row.outcome == "answered":
        return _judge_response(row, target, via not in (None, "direct"))
    if row.outcome == "failed":
        return Verdict(reason_of(row.error, row.unknown_authority))
    return Verdict(_OUTCOMES[row.outcome])


def reason_of(error: int, unknown_authority: bool, other: str = "winhttp_error") -> str:
    """The reason for an error, as its number or HRESULT; other where it is none that is known."""
    number = number_of(error)
    if number in _TLS_ERRORS:
        return "tls_intercepted" if unknown_authority else "tls_failed"
    return _ERRORS.get(number, other)


def _judge_response(row: Row, target: Target, proxied: bool) -> Verdict:
    if row.status == 407:
        return Verdict("proxy_auth_required", PROXY)
    signed = _signed_by_proxy(row)
    if proxied and signed:
        return Verdict(_proxy_reason(row), PROXY)
    # Also where no proxy is known of: a transparent one answers in the place of the service.
    if row.status in target.statuses and not signed:
        strange = row.status == 200 and _is_html(row) and not target.html
        return Verdict("blocked_page" if strange else "ok", None if strange else ORIGIN)
    if 300 <= row.status < 400 and _leads_away(row, target):
        return Verdict("blocked_page")
    # A denied tunnel need not carry a mark of the proxy, and no service documents these codes for its probes.
    return Verdict("proxy_denied" if proxied and row.status in _DENIALS else "unexpected_status")


def _signed_by_proxy(row: Row) -> bool:
    """Whether the response says itself that it comes from a proxy."""
    return bool(
        row.headers.get("x-squid-error")
        or row.headers.get("proxy-authenticate")
        or row.headers.get("server", "").lower().startswith("squid")
    )


def _proxy_reason(row: Row) -> str:
    code = row.headers.get("x-squid-error", "").partition(" ")[0]
    if code in _SQUID_ERRORS:
        return _SQUID_ERRORS[code]
    return "proxy_denied" if row.status in _DENIALS else "proxy_failed"


def _is_html(row: Row) -> bool:
    return row.headers.get("content-type", "").lower().startswith("text/html")


def _leads_away(row: Row, target: Target) -> bool:
    """Whether a redirect leads to another host, as to a page where somebody is to sign in."""
    try:
        host = urlsplit(row.headers.get("location", "")).hostname
    except ValueError:
        return True
    return bool(host) and host != target.host
