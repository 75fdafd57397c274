// Copyright: (c) 2026, The mde.connectivity authors
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Asks service URLs through WinHTTP, all at once, and prints what came back as one line of JSON.
// For the Windows Script Host: cscript //nologo probe.js FILE, where the first lines of FILE say what to ask.
// Nothing is written, no credentials are sent, no redirect is followed. probe.ps1 does the same in PowerShell.

var STATIC_PROXY = 'HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\DataCollection\\TelemetryProxyServer';
var HEADERS = ['via', 'server', 'x-squid-error', 'proxy-authenticate', 'content-type', 'location'];
// Errors 12045, 12157 and 12175, behind which there may be a certificate of an unknown authority.
var CERTIFICATE_ERRORS = { 2147954445: true, 2147954557: true, 2147954575: true };
var IGNORE_UNKNOWN_AUTHORITY = 256;
var PAUSE = 20;

// The request stands in the first lines of a file, in pieces behind this mark; the rest of the file is a program.
function requestText(path) {
  var mark = 'request' + ':', text = '', line;
  var file = new ActiveXObject('Scripting.FileSystemObject').OpenTextFile(path, 1);
  while (!file.AtEndOfStream) {
    line = file.ReadLine();
    if (line.indexOf(mark) !== 0) { break; }
    text += line.slice(mark.length);
  }
  file.Close();
  return text;
}

// The engine has no JSON of its own, and data must not be evaluated as code.
function parse(text) {
  var tokens = text.match(/"(?:[^"\\]|\\u[0-9a-f]{4})*"|\d+|[\[\]{}:,]/g);
  var at = 0;
  function value() {
    var token = tokens[at++];
    if (token === '{') { return members({}, '}'); }
    if (token === '[') { return members([], ']'); }
    if (token.charAt(0) !== '"') { return parseInt(token, 10); }
    return token.slice(1, -1).replace(/\\u([0-9a-f]{4})/g, function (all, digits) {
      return String.fromCharCode(parseInt(digits, 16));
    });
  }
  function members(into, end) {
    var name;
    while (tokens[at] !== end) {
      if (tokens[at] === ',') { at++; }
      name = into.length;
      if (end === '}') { name = value(); at++; }
      into[name] = value();
    }
    at++;
    return into;
  }
  return value();
}

function quoted(text) {
  return '"' + String(text).replace(/[^ -~]/g, '?').replace(/["\\]/g, '\\$&') + '"';
}

function json(value) {
  var parts = [], name;
  if (typeof value === 'string') { return quoted(value); }
  if (typeof value !== 'object') { return String(value); }
  if (value instanceof Array) {
    for (name = 0; name < value.length; name++) { parts.push(json(value[name])); }
    return '[' + parts.join(',') + ']';
  }
  for (name in value) { parts.push(quoted(name) + ':' + json(value[name])); }
  return '{' + parts.join(',') + '}';
}

function now() { return new Date().getTime(); }

function trimmed(text) { return text.replace(/^[\s\0]+|[\s\0]+$/g, ''); }

function staticProxy() {
  try {
    var found = new ActiveXObject('WScript.Shell').RegRead(STATIC_PROXY);
    return typeof found === 'string' ? trimmed(found).slice(0, 262) : '';
  } catch (error) {
    return '';
  }
}

function newRow(url, way) {
  return { url: url, way: way, outcome: 'not_tried', proxy: '', status: 0, error: 0, unknown_authority: false,
           milliseconds: 0, headers: {} };
}

// A request whose body is still on its way is kept until the program ends: Wine's crashes where it is released.
function finish(job, outcome) {
  job.row.outcome = outcome;
  job.row.milliseconds = now() - job.first;
  job.open = false;
  if (complete(job.http)) { job.http = null; }
}

function complete(http) {
  try { return !http || http.WaitForResponse(0); } catch (error) { return true; }
}

function send(job, ignored) {
  var http = new ActiveXObject('WinHttp.WinHttpRequest.5.1'), limit = request.timeout;
  job.http = http;
  job.started = now();
  http.SetTimeouts(limit, limit, limit, limit);
  http.Open('GET', request.urls[job.row.url], true);
  http.SetAutoLogonPolicy(2);
  http.SetRequestHeader('User-Agent', 'mde.connectivity');
  http.Option(6) = false;
  if (ignored) { http.Option(4) = ignored; }
  if (job.row.proxy) { http.SetProxy(2, job.row.proxy, ''); } else { http.SetProxy(job.direct ? 1 : 0); }
  http.Send();
}

function fail(job, number) {
  var error = number >>> 0;
  if (!job.row.error && CERTIFICATE_ERRORS[error]) {
    job.row.error = error;
    attempt(job, function () { send(job, IGNORE_UNKNOWN_AUTHORITY); });
    return;
  }
  job.row.error = job.row.error || error;
  finish(job, 'failed');
}

function attempt(job, step) {
  try { step(); } catch (error) { fail(job, error.number); }
}

function goesDirect(url) {
  for (var i = 0; i < request.direct.length; i++) {
    if (request.direct[i] === url) { return true; }
  }
  return false;
}

function start(job) {
  var way = goesDirect(job.row.url) ? { way: 'direct', proxy: '' } : request.ways[job.row.way];
  job.first = now();
  job.open = true;
  job.direct = way.way === 'direct';
  job.row.proxy = way.way === 'static' || way.way === 'sensor' ? answer['static'] : way.proxy;
  if (way.way === 'detect') { finish(job, 'not_supported'); return; }
  if (way.way === 'static' && !job.row.proxy) { finish(job, 'no_proxy'); return; }
  attempt(job, function () { send(job, 0); });
}

// WaitForResponse alone is not asked: it need not be true for a response that came before the call.
function arrived(http) {
  if (http.WaitForResponse(0)) { return true; }
  try { return http.Status > 0; } catch (error) { return false; }
}

function header(http, name) {
  try { return trimmed(http.GetResponseHeader(name)).slice(0, 200); } catch (error) { return ''; }
}

function take(job) {
  var i;
  if (job.row.error) {
    job.row.unknown_authority = true;
    finish(job, 'failed');
    return;
  }
  job.row.status = job.http.Status;
  for (i = 0; i < HEADERS.length; i++) {
    job.row.headers[HEADERS[i]] = header(job.http, HEADERS[i]);
  }
  finish(job, 'answered');
}

function look(job, end) {
  if (arrived(job.http)) { take(job); return; }
  if (now() > end || now() - job.started > request.timeout) {
    job.http.Abort();
    finish(job, job.row.error ? 'failed' : 'timeout');
  }
}

function run(jobs) {
  var end = now() + request.deadline, next = 0, running = [], open, i;
  while (running.length || (next < jobs.length && now() <= end)) {
    while (next < jobs.length && running.length < request.parallel && now() <= end) {
      start(jobs[next]);
      running.push(jobs[next++]);
    }
    for (i = 0, open = []; i < running.length; i++) {
      if (running[i].open) { attempt(running[i], function () { look(running[i], end); }); }
      if (running[i].open) { open.push(running[i]); }
    }
    running = open;
    if (running.length) { pause(running[0]); }
  }
}

// An implementation of the script host that has no Sleep waits for a response instead.
function pause(job) {
  try { WScript.Sleep(PAUSE); } catch (error) {
    attempt(job, function () { if (job.http.WaitForResponse(1)) { take(job); } });
  }
}

var request = parse(requestText(WScript.Arguments(0)));
var answer = { format: 1, token: request.token, engine: 'wsh', error: '', 'static': staticProxy(), rows: [] };
var jobs = [], u, w;
for (u = 0; u < request.urls.length; u++) {
  for (w = 0; w < request.ways.length; w++) {
    answer.rows.push(newRow(u, w));
    jobs.push({ row: answer.rows[answer.rows.length - 1], http: null, open: false });
  }
}
try {
  new ActiveXObject('WinHttp.WinHttpRequest.5.1');
  run(jobs);
} catch (error) {
  answer.error = 'WinHttp.WinHttpRequest.5.1 can not be used: error ' + (error.number >>> 0) + ' ' + error.message;
}
WScript.Echo(json(answer));
