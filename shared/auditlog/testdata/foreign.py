"""Reads golden files as a receiver and an auditor would who have the contract, and no code of ours.

The keys are read by joserfc, signatures checked by cryptography, CEF lines read by pycef. What is said of an entry is held
against the entry as its producer sent it. Told is how much was looked at, as JSON; a fault ends it, named.
"""

import base64
import datetime
import json
import pathlib
import re
import sys
import urllib.parse

import pycef
from cryptography.exceptions import InvalidSignature
from joserfc.jwk import KeySet, OKPKey

ORG = "b065b594-6afc-4658-9101-5d9cf3f36b7b"
HEADER = ["event_vendor", "event_product", "event_version", "event_class_id", "name", "severity"]
PYCEF = ["DeviceVendor", "DeviceProduct", "DeviceVersion", "DeviceEventClassID", "Name", "Severity"]

# What pycef 1.11 cannot read, though CEF allows it, is read by the lines below instead:
# - it looks for a header without backslashes and equals signs, so that no escape in one is known;
# - it refuses a header with an empty field;
# - it passes over a key whose value is empty;
# - escapes in values are left to its caller.
ESCAPED = "an escape or an equals sign in the header"
BLANK = "an empty field in the header"

looked = {"entries": 0, "signatures": 0, "fields": 0, "headers pycef cannot read": {}}


def fault(what):
    sys.exit("FAULT: " + what)


def need(right, what):
    if not right:
        fault(what)


def read(text):
    """JSON with every number's literal and every object's order kept."""
    number = lambda literal: ("number", literal)
    return json.loads(text, parse_int=number, parse_float=number, object_pairs_hook=lambda pairs: ("object", pairs))


def text_of(value):
    """What CEF says of a value; None where it is nested."""
    match value:
        case ("number", literal):
            return literal
        case True:
            return "true"
        case False:
            return "false"
        case None:
            return "null"
        case str():
            return value
    return None


def same(where, sent, got):
    """Holds what a line says against the value that was sent."""
    looked["fields"] += 1
    want = text_of(sent)
    if want is not None:
        need(got == want, f"{where} is {got!r}, sent was {want!r}")
        return
    need(read(got) == sent, f"{where} is {got!r}, sent was {sent!r}")
    need(not re.search(r"\s", re.sub(r'"([^"\\]|\\.)*"', '""', got)), f"{where} has spaces between its literals")


def instant(moment):
    return datetime.datetime.fromisoformat(moment.upper())


def expected(sent):
    """The members that an entry must have, as its producer sent it."""
    members = dict(sent)
    need(len(members) == len(sent), "the producer sent a key twice")
    members["org_id"] = ORG
    if "rt" not in members:
        since = instant(members["event_ts"]) - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
        members["rt"] = str(since // datetime.timedelta(milliseconds=1))
    return members


def same_instant(name, members, got):
    """An event_ts is the sender's, in UTC, or made from rt."""
    need(got.endswith("Z"), f"{name}: its time is not in UTC")
    if "event_ts" in members:
        need(instant(got) == instant(members["event_ts"]), f"{name}: its time is {got}, sent was {members['event_ts']}")
    else:
        at = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(milliseconds=int(text_of(members["rt"])))
        need(instant(got) == at, f"{name}: its time is {got}, its rt {text_of(members['rt'])}")


def verify(name, keys, signed, signature):
    """Ed25519 by cryptography; the signature must be one in base64url without padding, and none of another text."""
    need(re.fullmatch(r"[A-Za-z0-9_-]{86}", signature), f"{name}: its sig is {signature!r}")
    raw = base64.urlsafe_b64decode(signature + "==")
    for changed in (False, True):
        text = signed + b" " if changed else signed
        for key in keys:
            try:
                key.public_key.verify(raw, text)
                need(not changed, f"{name}: its signature is one of another text, too")
                break
            except InvalidSignature:
                pass
        else:
            need(changed, f"{name}: its signature does not verify")
    looked["signatures"] += 1


def check_json(name, keys, line, members):
    found = re.fullmatch(rb'(.*),"sig":"([^"]*)"\}', line)
    need(found, f"{name}: sig is not its last member")
    verify(name, keys, found[1] + b"}", found[2].decode())
    said = read(line)[1]
    names = [key for key, _ in said]
    need(names[-1] == "sig" and names.count("sig") == 1, f"{name}: sig is not its last member, once")
    need([n.encode() for n in names[:-1]] == sorted(n.encode() for n in names[:-1]), f"{name}: its keys are out of order")
    need(set(names) == set(members) | {"sig", "event_ts"}, f"{name}: its keys are {names}")
    for key, value in said:
        if key == "event_ts":
            same_instant(name, members, value)
        elif key != "sig":
            text = text_of(value)
            if text is not None:
                same(f"{name}: {key}", members[key], text)
            else:
                need(value == members[key], f"{name}: {key} is {value!r}")
                looked["fields"] += 1


def unescape(text):
    known = {"\\": "\\", "=": "=", "|": "|", "n": "\n", "r": "\r"}
    return re.sub(r"\\(.)", lambda found: known[found[1]], text)


def key_of(word):
    return "" if word == "%" else urllib.parse.unquote(word, errors="strict")


def check_cef(name, keys, line, members):
    # As a known verifier does it: the first "sig=" of the line is the signature.
    signed, signature = line.split(b"sig=", 1)
    need(signed.endswith(b" "), f"{name}: no sig stands alone")
    verify(name, keys, signed[:-1], signature.decode())
    line = line.decode()
    head = re.match(r"((?:[^|\\]|\\.)*\|){7}", line)
    need(head, f"{name}: its header has no seven bars")
    front, *fields = re.findall(r"((?:[^|\\]|\\.)*)\|", head[0])
    at, _, version = front.split(" ")
    same_instant(name, members, at)
    need(version == "CEF:0", f"{name}: its version is {version}")
    fields = [unescape(field) for field in fields]
    for key, field in zip(HEADER, fields, strict=True):
        same(f"{name}: {key}", members.get(key, "Unknown"), field)

    extension = line[head.end():]
    try:
        said = pycef.parse(line)
    except (IndexError, ValueError):
        said = None
    if not said or [said[n] for n in PYCEF] != fields:
        why = ESCAPED if re.search(r"[\\=]", head[0]) else BLANK if "" in fields else None
        need(why, f"{name}: pycef reads its header otherwise: {said}")
        looked["headers pycef cannot read"][name] = why
        said = pycef.parse("CEF:0|v|p|1|c|n|1|" + extension)
    said = {key_of(key): value for key, value in said.items() if key not in PYCEF + ["DeviceName", "DeviceSeverity", "CEFVersion"]}
    want = {key: value for key, value in members.items() if key not in HEADER + ["event_ts", "cef_version"]}
    lost = {key for key, value in want.items() if value == ""}
    need(set(said) == (set(want) | {"sig"}) - lost, f"{name}: its keys are {sorted(said)}, sent were {sorted(want)}")
    for key in lost:
        said[key] = ""
    for key, value in want.items():
        same(f"{name}: {key}", value, unescape(said[key]))


def main(folder):
    document = json.loads((folder / "jwks.json").read_text())
    keys = KeySet.import_key_set(document).keys
    need(len(keys) == len(document["keys"]) > 0, "jwks.json has keys that joserfc does not know")
    for key, said in zip(keys, document["keys"], strict=True):
        need(isinstance(key, OKPKey) and key.curve_name == "Ed25519", f"a key is {key}")
        need(key.thumbprint() == said["kid"], f"the kid {said['kid']} is not the thumbprint of its key (RFC 7638)")
    for file in sorted(folder.glob("*.in")):
        looked["entries"] += 1
        members = expected(read(file.read_text())[1])
        line = {form: file.with_suffix("." + form).read_bytes().removesuffix(b"\n") for form in ("json", "cps", "cef")}
        check_json(file.stem + ".json", keys, line["json"], members)
        need(line["cps"].startswith(b'{"event":') and line["cps"].endswith(b"}"), f"{file.stem}.cps: is not wrapped")
        check_json(file.stem + ".cps", keys, line["cps"][len(b'{"event":'):-1], members)
        check_cef(file.stem + ".cef", keys, line["cef"], members)
    print(json.dumps(looked))


main(pathlib.Path(sys.argv[1]))
