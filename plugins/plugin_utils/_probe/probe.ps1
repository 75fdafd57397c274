# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Asks service URLs through WinHTTP, all at once, and prints what came back as one line of JSON.
# For Windows PowerShell 5.1 and PowerShell 7: powershell -File probe.ps1 FILE, where the first lines of FILE say
# what to ask. Nothing is written, no credentials are sent, no redirect is followed. probe.js does the same in the
# Windows Script Host.

$ErrorActionPreference = 'Stop'
$policy = 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\DataCollection'
$headers = 'via', 'server', 'x-squid-error', 'proxy-authenticate', 'content-type', 'location'
# Errors 12045, 12157 and 12175, behind which there may be a certificate of an unknown authority.
$certificateErrors = 2147954445, 2147954557, 2147954575
$ignoreUnknownAuthority = 256
$pause = 20

function Get-Number($caught) {
    $exception = $caught.Exception
    while ($null -ne $exception.InnerException) { $exception = $exception.InnerException }
    if ($exception.HResult -lt 0) { return $exception.HResult + 4294967296 }
    return $exception.HResult
}

function Get-Plain($text, $length) {
    # Without case the Kelvin sign is a k, and a letter of Turkish an i.
    $plain = "$text".Trim() -creplace '[^ -~]', '?'
    if ($plain.Length -gt $length) { return $plain.Substring(0, $length) }
    return $plain
}

function Get-StaticProxy {
    $found = Get-ItemProperty -LiteralPath $policy -Name 'TelemetryProxyServer' -ErrorAction SilentlyContinue
    if ($null -eq $found -or $found.TelemetryProxyServer -isnot [string]) { return '' }
    return Get-Plain $found.TelemetryProxyServer 262
}

# What automatic detection gives for a URL. It may look around in the network for seconds, so it runs beside the rest.
$detection = {
    param($url)
    $ErrorActionPreference = 'Stop'
    $target = [uri]$url
    $proxy = [System.Net.WebRequest]::GetSystemWebProxy().GetProxy($target)
    if ($null -eq $proxy -or $proxy.Authority -eq $target.Authority) { return '' }
    return $proxy.Host + ':' + $proxy.Port
}

function New-Probe($url, $way) {
    $row = @{ url = $url; way = $way; outcome = 'not_tried'; proxy = ''; status = 0; error = 0
        unknown_authority = $false; milliseconds = 0; headers = @{} }
    return @{ row = $row; running = $false; http = $null; direct = $false; first = 0; started = 0
        shell = $null; detected = $null }
}

function Complete-Probe($job, $outcome) {
    $job.row.outcome = $outcome
    $job.row.milliseconds = [int]($clock.ElapsedMilliseconds - $job.first)
    $job.running = $false
    $job.http = $null
}

function Start-Detection($job) {
    $job.shell = [powershell]::Create()
    $job.shell.RunspacePool = $pool
    $null = $job.shell.AddScript("$detection").AddArgument($request.urls[$job.row.url])
    $job.detected = $job.shell.BeginInvoke()
}

function Complete-Detection($job) {
    $job.row.proxy = "$($job.shell.EndInvoke($job.detected))"
    $job.direct = -not $job.row.proxy
    Send-Request $job 0
}

function Send-Request($job, $ignored) {
    $http = New-Object -ComObject WinHttp.WinHttpRequest.5.1
    $job.http = $http
    $job.started = $clock.ElapsedMilliseconds
    # PowerShell 7 reads numbers of 64 bits, and the object takes 32.
    $limit = [int]$request.timeout
    $http.SetTimeouts($limit, $limit, $limit, $limit)
    $http.Open('GET', $request.urls[$job.row.url], $true)
    $http.SetAutoLogonPolicy(2)
    $http.SetRequestHeader('User-Agent', 'mde.connectivity')
    $http.Option(6) = $false
    if ($ignored) { $http.Option(4) = $ignored }
    if ($job.row.proxy) { $http.SetProxy(2, $job.row.proxy, '') }
    elseif ($job.direct) { $http.SetProxy(1) }
    else { $http.SetProxy(0) }
    $http.Send()
}

function Stop-Probe($job, $number) {
    if (-not $job.row.error -and $certificateErrors -contains $number) {
        $job.row.error = $number
        try { Send-Request $job $ignoreUnknownAuthority } catch { Complete-Probe $job 'failed' }
        return
    }
    if (-not $job.row.error) { $job.row.error = $number }
    Complete-Probe $job 'failed'
}

function Start-Probe($job) {
    $way = $request.ways[$job.row.way]
    if ($request.direct -contains $job.row.url) { $way = @{ way = 'direct'; proxy = '' } }
    $job.first = $clock.ElapsedMilliseconds
    $job.running = $true
    $job.direct = $way.way -eq 'direct'
    $job.row.proxy = $way.proxy
    if ($way.way -eq 'static' -or $way.way -eq 'sensor') { $job.row.proxy = $static }
    if ($way.way -eq 'static' -and -not $static) { Complete-Probe $job 'no_proxy'; return }
    try {
        if ($way.way -eq 'detect') { Start-Detection $job } else { Send-Request $job 0 }
    }
    catch { Stop-Probe $job (Get-Number $_) }
}

# WaitForResponse alone is not asked: it need not be true for a response that came before the call.
function Test-Arrived($http) {
    if ($http.WaitForResponse(0)) { return $true }
    try { return $http.Status -gt 0 } catch { return $false }
}

function Get-Header($http, $name) {
    try { $value = $http.GetResponseHeader($name) } catch { return '' }
    return Get-Plain $value 200
}

function Save-Response($job) {
    if ($job.row.error) {
        $job.row.unknown_authority = $true
        Complete-Probe $job 'failed'
        return
    }
    $job.row.status = $job.http.Status
    foreach ($name in $headers) { $job.row.headers[$name] = Get-Header $job.http $name }
    Complete-Probe $job 'answered'
}

function Step-Probe($job, $end) {
    try {
        $sent = $null -ne $job.http
        if (-not $sent -and $job.detected.IsCompleted) { Complete-Detection $job; return }
        if ($sent -and (Test-Arrived $job.http)) { Save-Response $job; return }
        $now = $clock.ElapsedMilliseconds
        # Detection has no time of its own but the deadline, as it goes on behind the script's back anyway.
        if ($now -gt $end -or ($sent -and $now - $job.started -gt $request.timeout)) {
            if ($sent) { $job.http.Abort() }
            if ($job.row.error) { Complete-Probe $job 'failed' } else { Complete-Probe $job 'timeout' }
        }
    }
    catch { Stop-Probe $job (Get-Number $_) }
}

function Invoke-Probe($jobs) {
    $end = $clock.ElapsedMilliseconds + $request.deadline
    $next = 0
    $running = @()
    while ($running.Count -or ($next -lt $jobs.Count -and $clock.ElapsedMilliseconds -le $end)) {
        while ($next -lt $jobs.Count -and $running.Count -lt $request.parallel -and
            $clock.ElapsedMilliseconds -le $end) {
            Start-Probe $jobs[$next]
            $running += $jobs[$next]
            $next++
        }
        foreach ($job in $running) { if ($job.running) { Step-Probe $job $end } }
        $running = @($running | Where-Object { $_.running })
        if ($running.Count) { Start-Sleep -Milliseconds $pause }
    }
}

# The request stands in the first lines of the file, in pieces behind this mark; the rest of the file is a program.
$mark = 'request' + ':'
$text = ''
foreach ($line in Get-Content -LiteralPath $args[0] -Encoding Ascii) {
    if (-not $line.StartsWith($mark)) { break }
    $text += $line.Substring($mark.Length)
}
$request = ConvertFrom-Json -InputObject $text
$static = Get-StaticProxy
$answer = @{ format = 1; token = $request.token; engine = 'powershell'; error = ''; static = $static; rows = @() }
if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
    $answer.error = 'constrained language'
}
else {
    try {
        $null = New-Object -ComObject WinHttp.WinHttpRequest.5.1
        # No change of the endpoint's time moves this clock.
        $clock = [System.Diagnostics.Stopwatch]::StartNew()
        $pool = [runspacefactory]::CreateRunspacePool(1, [int]$request.parallel)
        if (@($request.ways | Where-Object { $_.way -eq 'detect' }).Count) { $pool.Open() }
        $jobs = @()
        for ($url = 0; $url -lt $request.urls.Count; $url++) {
            for ($way = 0; $way -lt $request.ways.Count; $way++) { $jobs += New-Probe $url $way }
        }
        Invoke-Probe $jobs
        $answer.rows = @($jobs | ForEach-Object { $_.row })
    }
    catch { $answer.error = Get-Plain "WinHttp.WinHttpRequest.5.1 can not be used: $_" 300 }
}
ConvertTo-Json -InputObject $answer -Depth 5 -Compress
