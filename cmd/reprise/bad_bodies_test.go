package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

const (
	unread  = "Could not parse request body; body "
	tooLong = "The body is longer than 4194304 bytes"
	tooMany = "More than 10000 entries"
)

// badZips are bodies that say they are gzip.
func badZips(v *victim) []bad {
	one := func() string { return entry("taken", "") + "\n" }
	whole := zipped(one())
	bomb := strings.Repeat(zipped(strings.Repeat("\x00", 10_000_000)), 10) // in members: that is quicker to make
	post := func(body string, coding ...string) io.Reader {
		return sized(head("POST", eventsPath, v.intake, append(coding, "Content-Type: application/x-ndjson")...), body)
	}
	const gz = "Content-Encoding: gzip"
	kinds := "Content-Encoding must be gzip"
	return []bad{
		{"gzip cut off", post(whole[:len(whole)-1], gz), 400, unread, 0, true},
		{"gzip cut in the middle", post(whole[:len(whole)/2], gz), 400, unread, 0, true},
		{"gzip of nothing at all", post("", gz), 400, unread, 0, true},
		{"gzip with something behind it", post(whole+"x", gz), 400, unread, 0, true},
		{"gzip with zeros behind it", post(whole+strings.Repeat("\x00", 512), gz), 400, unread, 0, true},
		{"gzip with another checksum", post(whole[:len(whole)-8]+"xxxx"+whole[len(whole)-4:], gz), 400, unread, 0, true},
		{"gzip whose name has no end", post("\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\xff"+strings.Repeat("a", 4<<20), gz), 400, unread, 0, true},
		{"several members", post(zipped(one(), one()), gz), 202, "", 2, true},
		{"an empty member first", post(zipped("", one(), ""), gz), 202, "", 1, true},
		{"nothing but empty members", post(zipped("", ""), gz), 202, "", 0, true},
		{"empty members up to the limit", post(strings.Repeat(zipped(""), 200_000), gz), 413, "The body is longer than 4259840 bytes", 0, true},
		{"a bomb of 100 MB of zeros", post(bomb, gz), 413, tooLong, 0, true},
		{"a bomb in a bomb", sized(head("POST", eventsPath, v.intake, "Content-Type: application/json", gz), zipped(bomb)), 400, unread, 0, true},
		{"two codings", post(zipped(whole), "Content-Encoding: gzip, gzip"), 415, kinds, 0, true},
		{"two codings in two headers", post(zipped(whole), gz, gz), 415, kinds, 0, true},
		{"another coding", post(whole, "Content-Encoding: br"), 415, kinds, 0, true},
		{"a PUT in gzip", sized(head("PUT", jobPath, v.admin, gz), zipped("{}")), 400, unread, 0, true},
	}
}

// badBodies are bodies of entries whose entries are not the point.
func badBodies(v *victim) []bad {
	post := func(kind, body string) io.Reader {
		return sized(head("POST", eventsPath, v.intake, "Content-Type: "+kind), body)
	}
	const lines, array = "application/x-ndjson", "application/json"
	many := strings.Repeat(entry("bad", "")+"\n", 10_001)
	twenty := "Invalid entry; line 1: entry invalid; line 2: entry invalid; ... 20"
	return []bad{
		{"nothing but newlines", post(lines, strings.Repeat("\n", 4<<20)), 202, "", 0, true},
		{"a newline too many", post(lines, strings.Repeat("\n", 4<<20+1)), 413, tooLong, 0, true},
		{"a line of 5 MB", post(lines, `{"name":"`+strings.Repeat("x", 5_000_000)), 413, tooLong, 0, true},
		{"a line of 4 MB", post(lines, `{"name":"`+strings.Repeat("x", 4_000_000)), 400, "Invalid entry; line 1: entry too_large", 0, true},
		{"10,001 entries", post(lines, many), 413, tooMany, 0, true},
		{"an array of 10,001", post(array, "["+strings.Repeat(`{},`, 10_000)+"{}]"), 413, tooMany, 0, true},
		{"an array of two million", post(array, "["+strings.Repeat(`0,`, 2_000_000)+"0]"), 413, tooMany, 0, true},
		{"200,000 tiny lines that are wrong", post(lines, strings.Repeat("x\n", 200_000)), 413, tooMany, 0, true},
		{"10,000 tiny lines that are wrong", post(lines, strings.Repeat("x\n", 10_000)), 400, twenty, 0, true},
		{"a good entry before a bad one", post(lines, entry("bad", "")+"\nx\n"), 400, "Invalid entry; line 2: entry invalid", 0, true},
		{"an array without an end", post(array, strings.Repeat("[", 4<<20)), 400, unread, 0, true},
		{"an array nested 10,000 deep", post(array, strings.Repeat("[", 10_000)+strings.Repeat("]", 10_000)), 400, unread, 0, true},
		{"an array with a comma too many", post(array, "["+entry("bad", "")+",]"), 400, unread, 0, true},
		{"an array and something more", post(array, "["+entry("bad", "")+"]x"), 400, unread, 0, true},
		{"no type", sized(head("POST", eventsPath, v.intake), entry("bad", "")), 415, "Content-Type must be application/x-ndjson or application/json", 0, true},
	}
}

// badEntries are single entries that no reader should take in the way another would not.
func badEntries(v *victim) []bad {
	var rows []bad
	add := func(name, line, want string) {
		request := sized(head("POST", eventsPath, v.intake, "Content-Type: application/x-ndjson"), line)
		rows = append(rows, bad{name, request, 400, "Invalid entry; line 1: " + want, 0, true})
	}
	deep := func(open, end string, n int) string {
		return entry("bad", `,"x":`+strings.Repeat(open, n)+"0"+strings.Repeat(end, n))
	}
	add("arrays nested 10,000 deep", deep("[", "]", 10_000), "entry invalid")
	add("objects nested 10,000 deep", deep(`{"a":`, "}", 10_000), "entry invalid")
	add("both nested 10,000 deep", deep(`[{"a":`, "}]", 10_000), "entry invalid")
	add("arrays opened and never closed", entry("bad", `,"x":`+strings.Repeat("[", 100_000)), "entry invalid")
	add("a NUL", entry("bad", ",\x00"), "entry invalid")
	add("a NUL in a string", entry("bad", ",\"x\":\"\x00\""), "entry invalid")
	add("a byte order mark", "\ufeff"+entry("bad", ""), "entry invalid")
	add("UTF-16", "{\x00\"\x00", "entry invalid")
	add("no UTF-8 in a string", entry("bad", ",\"x\":\"\xff\""), "entry invalid")
	add("no UTF-8 in a key", entry("bad", ",\"\xc0\xaf\":1"), "entry invalid")
	add("a surrogate in UTF-8", entry("bad", ",\"x\":\"\xed\xa0\x80\""), "entry invalid")
	add("half a surrogate pair", entry("bad", `,"x":"\ud800"`), "entry invalid")
	add("the wrong half", entry("bad", `,"x":"\udc00\ud800"`), "entry invalid")
	add("half a surrogate pair in a key", entry("bad", `,"\ud800":1`), "entry invalid")
	add("a key twice", entry("bad", `,"a":1,"a":2`), "a duplicate")
	add("a key twice, once in escapes", entry("bad", `,"a":1,"\u0061":2`), "a duplicate")
	add("a key of its own twice, once in escapes", entry("bad", `,"n\u0061me":"worse"`), "name duplicate")
	add("a long key twice", entry("bad", strings.Repeat(`,"`+strings.Repeat("k", 60_000)+`":1`, 2)), strings.Repeat("k", 100)+"… duplicate")
	add("a signature of its own", entry("bad", `,"sig":"x"`), "sig invalid")
	add("another organization", entry("bad", `,"org_id":"evil"`), "org_id invalid")
	add("another organization in escapes", entry("bad", `,"org\u005fid":"evil"`), "org_id invalid")
	add("a byte more than 128 KiB", entry("bad", `,"x":"`+strings.Repeat("x", 128<<10)+`"`), "entry too_large")
	add("NaN", entry("bad", `,"x":NaN`), "entry invalid")
	add("a comma too many", entry("bad", `,`), "entry invalid")
	add("a comment", entry("bad", `/**/`), "entry invalid")
	now := fmt.Sprint(time.Now().UnixMilli())
	for _, rt := range []string{
		"1e400", "1e-400", "-0", "-1", "0.1e1", "1e12", now + ".0", "0" + now, `"` + now + ` "`, "null", "[]", strings.Repeat("1", 30), `"1e400"`, "9223372036854775808",
	} {
		field := "rt invalid"
		switch {
		case rt == "null":
			field = "rt required"
		case rt == "0"+now:
			field = "entry invalid"
		}
		add("an rt of "+rt, `{"event_class_id":"x","name":"bad","rt":`+rt+`}`, field)
	}
	return rows
}

// oddValues are good entries that hurt only those who read them into types of their own: their literals are kept.
func oddValues(v *victim) []bad {
	var rows []bad
	for _, n := range []string{"1e400", "-1e400", "1e-400", "-0", "-0.0e-0", "0.1e1", strings.Repeat("9", 30), "0." + strings.Repeat("3", 1000), "1" + strings.Repeat("0", 50_000)} {
		request := sized(head("POST", eventsPath, v.intake, "Content-Type: application/x-ndjson"), entry("taken", `,"x":`+n+`,"trace_id":`+n))
		rows = append(rows, bad{"a number " + n[:min(len(n), 20)], request, 202, "", 1, true})
	}
	for name, x := range map[string]string{"100 deep": strings.Repeat("[", 99) + strings.Repeat("]", 99), "a pair of surrogates": `"\ud83d\ude00"`, "a NUL in escapes": `"\u0000"`} {
		request := sized(head("POST", eventsPath, v.intake, "Content-Type: application/x-ndjson"), entry("taken", `,"x":`+x))
		rows = append(rows, bad{name, request, 202, "", 1, true})
	}
	return rows
}

// badObjects are bodies of PUT and PATCH.
func badObjects(v *victim) []bad {
	var rows []bad
	for name, body := range map[string]string{
		"nothing": "", "newlines": "\n\n", "an array": "[]", "null": "null", "two objects": "{}{}", "half an object": `{"start_at":`,
		"a NUL": "{\x00}", "a byte order mark": "\ufeff{}", "no UTF-8": "{\"x\":\"\xff\"}", "no UTF-8 in a key": "{\"\xff\":1}",
		"arrays 10,000 deep": `{"x":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + "}",
		"objects 6,000 deep": strings.Repeat(`{"x":`, 6000) + "1" + strings.Repeat("}", 6000) + "x",
		"a key twice":        `{"enabled":true,"enabled":false}`, "a key twice, once in escapes": `{"enabled":true,"\u0065nabled":false}`,
		"a key of a job twice, once in escapes": `{"start_at":"x","start\u005fat":"y"}`,
	} {
		rows = append(rows, bad{"PUT of " + name, sized(head("PUT", jobPath, v.admin), body), 400, unread, 0, true},
			bad{"PATCH of " + name, sized(head("PATCH", hookPath, v.admin), body), 400, unread, 0, true})
	}
	var unknown strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&unknown, `,"%06d":0`, i)
	}
	put := func(body string) io.Reader { return sized(head("PUT", jobPath, v.admin), body) }
	patch := func(body string) io.Reader { return sized(head("PATCH", hookPath, v.admin), body) }
	return append(rows,
		bad{"PUT of 64 KiB and a byte", put(strings.Repeat(" ", 64<<10+1)), 413, "The body is longer than 65536 bytes", 0, true},
		bad{"PATCH of 4 MiB", patch(strings.Repeat(" ", 4<<20)), 413, "The body is longer than 65536 bytes", 0, true},
		bad{"PATCH of 5,000 unknown properties", patch("{" + unknown.String()[1:] + "}"), 400, "Unknown property; 000000 unknown_property; 000001 unknown_property; ... 20", 0, true},
		bad{"PATCH of an infinite yes", patch(`{"enabled":1e400}`), 400, unread, 0, true},
		bad{"PUT from 1e400", put(`{"start_at":1e400,"end_at":1e400}`), 400, unread, 0, true},
		bad{"PUT of half a surrogate pair", put(`{"start_at":"\ud800","end_at":"\ud800"}`), 400, "Invalid date-time; start_at is_date_time; end_at is_date_time", 0, true},
		bad{"PUT as an intake token", sized(head("PUT", jobPath, v.intake), strings.Repeat("[", 60_000)), 403, "You do not have permission to perform this action", 0, true})
}
