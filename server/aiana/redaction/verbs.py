"""Secrets that commands and protocols take without an option, told by the words before them.

`mc alias set … …`, `poetry config http-basic.private bob …`, `bundle config gems.example.org
bob:…`, `snyk auth …`, `bw unlock …`, `net user bob …`, `a1 LOGIN bob …`.
"""

from __future__ import annotations

from aiana.redaction.directives import Form

_S = r"\s{1,3}"
_OPTIONS = rf"(?:--?[\w-]{{1,30}}(?:=\S{{1,60}})?{_S}){{0,3}}"
_WORD = r"[^\s\"'`\\<>;,(){}|\[\]$&]"
_VALUE = (
    rf"\\?[\"']?(?P<value>(?![-/]){_WORD}(?:{_WORD}|\$(?![\w{{(])){{2,199}})(?=[\s\"'\\&;|)]|\Z)"
)
_HOST = r"[\"']?(?:https?://)?[\w.:/-]{3,120}[\"']?"
_USER = r"[\"']?[\w.@+-]{1,60}"
_ACCOUNT = rf"{_OPTIONS}[\w.-]{{1,60}}/[\w.$-]{{1,40}}:[\"']?(?P<value>[^\s\"'@]{{3,100}})[\"']?@"
_ENDS = r"(?=[\"']?[ \t]*(?:\n|\\n|\Z))"
_VARIABLE = rf"{_S}\w{{0,40}}(?:key|secret|token|pass|pwd|auth)\w{{0,20}}{_S}{_VALUE}"
VERBS = (
    Form("auth", ("snyk auth ", "ngrok authtoken ", "add-authtoken "), rf"[\w-]{{4,20}}(?: auth\w{{0,5}})?{_S}{_VALUE}"),
    Form("auth", ("basic_authorization ",), rf"basic_authorization{_S}{_VALUE}"),
    Form("bw unlock", ("bw unlock ",), rf"bw unlock{_S}{_OPTIONS}{_VALUE}"),
    Form("bw login", ("bw login ",), rf"bw login{_S}{_USER}{_S}{_VALUE}"),
    Form("unseal", ("operator unseal ",), rf"operator unseal{_S}{_OPTIONS}{_VALUE}"),
    Form("unseal", ("unseal key ",), rf"unseal key \d{{1,2}}:\s{{1,3}}{_VALUE}"),
    *(Form(word, (word,),
           rf"mc(?:li)? (?:alias set|config host add){_S}{_OPTIONS}\S{{1,60}}{_S}{_HOST}{_S}\S{{1,100}}{_S}{_VALUE}")
      for word in ("mc alias ", "mcli alias ", "mc config ")),
    Form("mc admin ", ("mc admin user ",), rf"mc admin user (?:svcacct )?add{_S}{_OPTIONS}\S{{1,60}}{_S}\S{{1,60}}{_S}{_VALUE}"),
    Form("rclone", ("rclone obscure ",), rf"rclone obscure{_S}{_VALUE}"),
    Form("http-basic", ("http-basic.",), rf"http-basic\.\S{{1,80}}{_S}{_USER}[\"']?{_S}{_VALUE}"),
    Form("token", ("pypi-token.", "lab-token."), rf"\w{{3,5}}-token\.\S{{1,80}}{_S}{_VALUE}"),
    Form("auth", ("-oauth.",), rf"-oauth\.[\w.-]{{3,80}}{_S}{_VALUE}"),
    Form("bundle config", ("bundle config ",), rf"bundle config{_S}(?:set{_S})?{_OPTIONS}{_HOST}{_S}{_USER}:{_VALUE}"),
    Form("etcdctl", ("etcdctl ",), rf"etcdctl\s(?:[^\n|;&]{{0,120}}?\s)?(?:--user[ =]|user add ){_USER}:{_VALUE}"),
    Form("cloudflared service", ("cloudflared service ",), rf"cloudflared service install{_S}{_VALUE}"),
    Form("hmac ", ("-hmac ",), rf"-hmac{_S}{_VALUE}"),
    Form("pw", ("input_pw ", "user_pw ", "owner_pw "), rf"\w{{4,5}}_pw{_S}{_VALUE}"),
    Form("pdftotext", ("-upw ",), rf"-upw{_S}{_VALUE}"),
    Form("pdftotext", ("-opw ",), rf"-opw{_S}{_VALUE}"),
    Form("qpdf", ("qpdf ",), rf"qpdf\s[^\n|;]{{0,120}}?--encrypt{_S}{_VALUE}(?:[\"']?{_S}[\"']?(?P<second>(?!-){_WORD}{{3,100}}))?"),
    Form("schtask", ("/rp ",), rf"/rp{_S}{_VALUE}"),
    Form("net us", ("net user ",), rf"net user{_S}[\w.$-]{{1,40}}{_S}(?=[\"']){_VALUE}"),
    Form("impacket", ("impacket-",), rf"impacket-\w{{3,20}}{_S}{_ACCOUNT}"),
    Form("exec.py ", ("exec.py ",), rf"exec\.py{_S}{_ACCOUNT}"),
    Form("secret", ("secretsdump",), rf"secretsdump(?:\.py)?{_S}{_ACCOUNT}"),
    Form("airportnetwork", ("airportnetwork ",), rf"airportnetwork{_S}\w{{2,8}}{_S}(?:\"[^\"\n]{{1,40}}\"|'[^'\n]{{1,40}}'|[\w-]{{1,40}}){_S}{_VALUE}"),
    Form("encrypt_string", ("encrypt_string ",), rf"encrypt_string{_S}(?:--[\w-]{{1,30}}[ =]\S{{1,60}}{_S}){{0,3}}(?P<q>[\"']){_VALUE}"),
    Form("pass", ("initial-password ", "hash-password "), rf"(?:initial|hash)-password{_S}{_OPTIONS}{_VALUE}"),
    Form("pass", ("passcmd",), rf"passcmd[\"']?[\s=:]{{1,3}}[\"']echo{_S}{_VALUE}"),
    Form("wifi:", ("wifi:",), r"wifi:[^\s\"']{0,120}?;p:(?P<value>[^\s;\"']{5,63});"),  # of a wireless network, as an image
    Form("pass", ("passwordeval", "passwordcommand", "passcommand", "password-command", "password-eval"), rf"pass[\w-]{{3,16}}[\"']?[\s=:]{{1,3}}[\"']echo{_S}(?:-n{_S})?{_VALUE}"),
    Form("pass", ("password for the ",), rf"password for the \[?\w{{1,30}}\]? user\b[^\n]{{0,120}}\n[ \t]{{0,10}}(?:new value:\s{{0,3}})?{_VALUE}{_ENDS}"),
    Form("pass", ("temporary password is generated",), r"temporary password is generated for \S{1,60}:\s{1,3}(?P<value>[^\s\"']{4,100})"),
    Form("login", ("login ",), rf"(?<=\s)(?-i:LOGIN|login){_S}{_USER}[\"']?{_S}(?P<value>(?=[^\s\"']{{0,60}}\d){_WORD}{{6,100}}){_ENDS}"),
    Form("pass", ("\npass ",),
         r"\n(?-i:PASS)\s{1,3}(?P<value>\S{4,100})(?=\r?\n[<>S: ]{0,4}(?:[2-5]\d\d |\+OK|-ERR))"),
    Form("pass", ("\npass ", "\n> pass ", "\nc: pass "),
         r"\n(?:> |C: )?(?-i:PASS (?P<value>(?=\S*\d)(?=\S*[A-Z])(?=\S*[a-z])[^\s/_.:]{8,100}))(?=\r?\n|\Z)"),
    Form("env:set", ("env:set ",), rf"env:set{_VARIABLE}"),
    Form("variable set", ("variable set ",), rf"variable set{_VARIABLE}"),
)  # fmt: skip
