package demo

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"strconv"
	"time"

	"reprise/shared/replay"
)

// A source is entries in the order in which they are sent, all of them within Window, with one on either end of it.
type source struct {
	Window  replay.Window
	Entries int64
	// Lines yields each entry as one JSON object without a newline, valid until the next.
	Lines iter.Seq2[[]byte, error]
}

// seed makes every run send the same entries, but for their times.
const seed = 20230401

// generated is n entries (at least 2) spread evenly over the window: the first at its first millisecond, the last at its last.
func generated(n int64, w replay.Window) source {
	return source{Window: w, Entries: n, Lines: func(yield func([]byte, error) bool) {
		g := newGenerator()
		span := w.To.Sub(w.From).Milliseconds()
		step, rest := span/(n-1), span%(n-1)
		var line []byte
		for i := range n {
			at := w.From.Add(time.Duration(step*i+rest*i/(n-1)) * time.Millisecond)
			line = g.entry(line[:0], i, at)
			if !yield(line, nil) {
				return
			}
		}
	}}
}

// Generated yields n entries (at least 2), spread over the window as the demo's are, each valid until the next.
func Generated(n int64, w replay.Window) iter.Seq2[[]byte, error] { return generated(n, w).Lines }

// outsiders are two entries that a replay of w must not bring: one a millisecond before it, one a millisecond after.
func outsiders(w replay.Window) [][]byte {
	g := newGenerator()
	return [][]byte{
		g.entry(nil, 0, w.From.Add(-time.Millisecond)),
		g.entry(nil, 0, w.To.Add(time.Millisecond)),
	}
}

// A generator writes entries of CONTRACT.md §5's three kinds with the oddities that break careless software: integers
// above 2^53, numbers such as 1.50 and 1e3, escapes that have several spellings, characters of four bytes, line separators;
// and with those that break a CEF writer: equals signs, bars, line ends, backslashes at the end, what looks like another key.
type generator struct{ random *rand.Rand }

func newGenerator() *generator { return &generator{rand.New(rand.NewPCG(seed, seed))} }

// entry appends the i-th entry, which happened at at (whole milliseconds). Of every three, one gives both rt and event_ts,
// one rt alone, one event_ts alone.
func (g *generator) entry(dst []byte, i int64, at time.Time) []byte {
	dst = append(dst, '{')
	if i%3 != 2 {
		dst = append(dst, `"rt":`...)
		dst = strconv.AppendInt(dst, at.UnixMilli(), 10)
		dst = append(dst, ',')
	}
	if i%3 != 1 {
		dst = append(dst, `"event_ts":"`...)
		dst = at.UTC().AppendFormat(dst, "2006-01-02T15:04:05.000Z07:00")
		dst = append(dst, `",`...)
	}
	dst = append(dst, `"event_vendor":"Reprise","event_product":"Demo","event_version":"1.0","cef_version":0,"src":"`...)
	dst = fmt.Appendf(dst, `%d.%d.%d.%d","principal_id":"%s","trace_id":`,
		1+g.random.IntN(223), g.random.IntN(256), g.random.IntN(256), g.random.IntN(256), g.uuid())
	if i%5 == 0 {
		dst = fmt.Appendf(dst, `"%016x%016x"`, g.random.Uint64(), g.random.Uint64())
	} else {
		dst = strconv.AppendUint(dst, g.random.Uint64()|1<<60, 10)
	}
	dst = fmt.Appendf(dst, `,"user_agent":"%s",`, g.agent())
	switch g.random.IntN(10) {
	case 0:
		dst = g.authentication(dst)
	case 1, 2, 3:
		dst = g.authorization(dst)
	default:
		dst = g.access(dst)
	}
	return append(g.extra(dst), '}')
}

func (g *generator) authentication(dst []byte) []byte {
	outcome, severity, success := "SUCCESS", 0, true
	switch g.random.IntN(8) {
	case 0:
		outcome, severity, success = "NOT_FOUND", 1, false
	case 1:
		outcome, severity, success = "LOCKED", 6, false
	}
	return fmt.Appendf(dst, `"event_class_id":"AUTHENTICATION_TYPE_BASIC","name":"AUTHENTICATION_OUTCOME_%s","severity":%d,`+
		`"request":"/api/v2/developer/authenticate","success":%t,"portal_id":"%s"`, outcome, severity, success, g.uuid())
}

func (g *generator) authorization(dst []byte) []byte {
	granted, severity := true, 1
	if g.random.IntN(12) == 0 {
		granted, severity = false, 6
	}
	thing := pick(g, "control-planes", "identity-provider", "teams", "portals", "runtime-groups", `te|ams\\\\sig=x`)
	return fmt.Appendf(dst, `"event_class_id":"konnect","name":"Authz.%s","severity":%d,"action":"%s","granted":%t,"actor_id":"%s"`,
		thing, severity, pick(g, "list", "read", "create", "update", "delete"), granted, g.uuid())
}

func (g *generator) access(dst []byte) []byte {
	status, severity := 200, 1
	switch g.random.IntN(20) {
	case 0:
		status, severity = 401, 6
	case 1:
		status, severity = 500, 10
	case 2, 3, 4:
		status = 201
	}
	return fmt.Appendf(dst, `"event_class_id":"KongGateway","name":"Ingress","severity":%d,"request":"/konnect-api/api/runtime_groups/%s/%s",`+
		`"act":"%s","status":%d,"query":"%s"`, severity, g.uuid(), pick(g, "services", "routes", `caf\u00e9s`, `a\/b`, "größe"),
		pick(g, "GET", "POST", "PUT", "DELETE"), status, pick(g, "{}", `{\"q\":\"a=b|c\\\\d\"}`, `{\"page\":2}`))
}

// extra is keys that nobody knows: they must come back as they went, values to the digit and to the escape.
func (g *generator) extra(dst []byte) []byte {
	dst = fmt.Appendf(dst, `,"latency_ms":%d.%02d`, g.random.IntN(900), g.random.IntN(100))
	switch g.random.IntN(8) {
	case 0:
		dst = fmt.Appendf(dst, `,"context":{"z":%d,"a":[1.50,1e3,-0.0,%d],"note":"%s"}`, g.random.IntN(10), g.random.Uint64()|1<<63,
			pick(g, `tab\there`, "naïve – “quoted”", `\ud83d\ude00 and 😀`, "line\u2028separator", `sig=\"not mine\"`))
	case 1:
		dst = append(dst, `,"größe \"x\"":null,"":"an empty key","Ω":[]`...)
	case 2:
		dst = fmt.Appendf(dst, `,"note":"%s","cosig":"","a=b|c%%\\":true,"order":%d`,
			pick(g, `two\nlines\r\n`, `ends in \\`, ` sig=none`, `a act=PUT b\\=c`, ` `, `\\\n=|`), g.random.Uint64()|1<<63)
	}
	return dst
}

func (g *generator) agent() string {
	return pick(g,
		"grpc-node-js/1.12.4", "Terraform/1.9.5 (+https://www.terraform.io) kong-konnect/2.1.0", "",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/113.0.0.0 Safari/537.36",
		"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", `Ünïcode\\Agent\t=|\u0001`)
}

func (g *generator) uuid() string {
	a, b := g.random.Uint64(), g.random.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", uint32(a>>32), uint16(a>>16), a&0xfff, b>>48&0x3fff|0x8000, b&0xffffffffffff)
}

func pick(g *generator, from ...string) string { return from[g.random.IntN(len(from))] }
